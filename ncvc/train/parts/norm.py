"""RMSNorm: x / √(mean(x²) + ε) · weight, over the last dimension."""

from typing import Any

import torch
from megatron.core.transformer.transformer_config import TransformerConfig


class RMSNorm(torch.nn.RMSNorm):
    """torch's RMSNorm; megatron-core's wrapper of it refuses sequence parallelism."""

    def __init__(self, config: TransformerConfig, hidden_size: int, eps: float = 1e-5, **_: Any) -> None:
        super().__init__(hidden_size, eps=eps)
        self.weight.sequence_parallel = config.sequence_parallel  # type: ignore[attr-defined]


class LigerRMSNorm(RMSNorm):
    """The same by liger-kernel."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[…, hidden size] → the same shape."""
        return _norm_and_residual(x, self.weight, self.eps)[0]


class LigerResidualRMSNorm(RMSNorm):
    """The same, and the input again, for the residual connection.

    TransformerLayer takes such a pair. The gradients of both meet in the norm's backward kernel, which saves
    reading and writing the residual stream once more to add them.
    """

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:  # type: ignore[override]
        """[…, hidden size] → normalised, as it was."""
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
        from liger_kernel.ops.fused_add_rms_norm import fused_add_rms_norm_backward

        x, weight = ctx.saved_tensors
        dx, _, dw = fused_add_rms_norm_backward(
            d_out.contiguous(),
            d_residual.contiguous(),
            x,
            weight,
            ctx.rstd,
            0.0,
            ctx.casting,
            ctx.block_size,
            ctx.num_warps,
            2,  # stages of its loop, as liger-kernel sets them
            False,  # not in the place of d_out
        )
        return dx, dw, None
