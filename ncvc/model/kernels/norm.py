"""RMSNorm: x / √(mean(x²) + ε) · weight, over the last dimension."""

from typing import Any

import torch
from megatron.core.transformer.transformer_config import TransformerConfig


class RMSNorm(torch.nn.RMSNorm):
    """RMSNorm by torch; megatron-core's wrapper of it refuses sequence parallelism."""

    def __init__(self, config: TransformerConfig, hidden_size: int, eps: float = 1e-5, **_: Any) -> None:
        super().__init__(hidden_size, eps=eps)
        self.weight.sequence_parallel = config.sequence_parallel  # type: ignore[attr-defined]


class LigerRMSNorm(RMSNorm):
    """RMSNorm by liger-kernel."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalises [batch dimensions, hidden size]."""
        return _norm_and_residual(x, self.weight, self.eps)[0]


class LigerResidualRMSNorm(RMSNorm):
    """RMSNorm by liger-kernel that returns its input too, for the residual connection.

    TransformerLayer takes such a pair. The backward kernel adds both gradients, which saves reading and writing the
    residual stream once more.
    """

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:  # type: ignore[override]
        """Returns [batch dimensions, hidden size] normalised, and unchanged."""
        return _norm_and_residual(x, self.weight, self.eps)


def _norm_and_residual(x: torch.Tensor, weight: torch.Tensor, eps: float | None) -> tuple[torch.Tensor, torch.Tensor]:
    both: tuple[torch.Tensor, torch.Tensor] = _NormAndResidual.apply(x, weight, eps)  # type: ignore[no-untyped-call]
    return both


class _NormAndResidual(torch.autograd.Function):
    """liger-kernel's RMSNorm forward, and its backward with the residual's gradient added."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, eps: float) -> tuple[torch.Tensor, torch.Tensor]:
        from liger_kernel.ops.rms_norm import rms_norm_forward

        x = x.contiguous()
        out, _, ctx.rstd, ctx.block_size, ctx.num_warps, ctx.casting = rms_norm_forward(
            x, weight, eps, 0.0, "llama", None
        )
        ctx.save_for_backward(x, weight)
        return out, x.view_as(x)

    @staticmethod
    def backward(ctx: Any, d_out: torch.Tensor, d_residual: torch.Tensor) -> tuple[Any, ...]:
        from liger_kernel.ops.fused_add_rms_norm import _fused_add_rms_norm_backward_kernel
        from liger_kernel.ops.utils import torch_to_triton_dtype

        x, weight = ctx.saved_tensors
        size = weight.numel()
        rows = x.numel() // size
        programs = _programs(x.device)
        dx = torch.empty_like(x)
        parts_of_dw = torch.empty(programs, size, dtype=torch.float32, device=x.device)
        _fused_add_rms_norm_backward_kernel[(programs,)](
            *(d_out.contiguous(), size),
            *(d_residual.contiguous(), size),
            *(dx, size),
            *(x, size),
            torch_to_triton_dtype[x.dtype],
            *(weight, 1),
            *(ctx.rstd, 1),
            *(parts_of_dw, size),
            rows,
            size,
            0.0,  # offset of the weight
            -(-rows // programs),
            ctx.casting,
            BLOCK_SIZE=ctx.block_size,
            num_warps=ctx.num_warps,
            num_stages=2,  # liger-kernel's own setting
            has_dS_out=True,
            COMPUTE_DW=True,
        )
        return dx, parts_of_dw.sum(0).to(weight.dtype), None


def _programs(device: torch.device) -> int:
    """Number of programs that share the rows of a backward pass, one row at a time each.

    liger-kernel starts one per multiprocessor. At hidden size 2,048 that one has 8 kB in flight from memory and then,
    after a sum, the residual's 4 kB, while an H200 needs about 25 kB in flight to be busy. Four fit at once: 256
    threads of 64 registers each (Triton 3.6 for sm_90).
    """
    return 4 * torch.cuda.get_device_properties(device).multi_processor_count if device.type == "cuda" else 3
