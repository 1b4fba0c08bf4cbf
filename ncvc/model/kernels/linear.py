"""Weight gradients of linear layers, accumulated into the float32 buffer by the matrix product itself.

megatron-core's linear layers do so with `gradient_accumulation_fusion`, by an extension of NVIDIA's apex that they look
up by name. `use_torch()` puts torch's product there. The plain form rounds each micro-batch's gradient to bfloat16,
writes it, reads it again and adds it.
"""

import torch
from megatron.core.tensor_parallel import layers


class TorchProducts:
    """Stand-in for apex's `fused_weight_gradient_mlp_cuda`, with the function that megatron-core's layers call."""

    @staticmethod
    def wgrad_gemm_accum_fp32(inputs: torch.Tensor, d_out: torch.Tensor, main_grad: torch.Tensor) -> None:
        """`main_grad` [out, in] in float32 += `d_out`ᵀ [tokens, out] × `inputs` [tokens, in]."""
        if d_out.is_cuda and d_out.dtype != torch.float32:
            torch.addmm(main_grad, d_out.t(), inputs, out_dtype=torch.float32, out=main_grad)
        else:  # a CPU has no product of bfloat16 with a float32 result
            main_grad.addmm_(d_out.t().float(), inputs.float())


def works(device: torch.device) -> bool:
    """Tries the product on small numbers whose sums are exact; returns False if this torch or GPU lacks it."""
    inputs, d_out = (torch.ones(16, 16, device=device, dtype=torch.bfloat16) for _ in range(2))
    main_grad = torch.ones(16, 16, device=device)
    try:
        TorchProducts.wgrad_gemm_accum_fp32(inputs, d_out, main_grad)
    except (NotImplementedError, RuntimeError, TypeError):
        return False
    return bool((main_grad == 17).all())


def use_torch() -> None:
    """Makes megatron-core's `gradient_accumulation_fusion` use torch, in this process."""
    layers.fused_weight_gradient_mlp_cuda = TorchProducts
    layers._grad_accum_fusion_available = True
