"""Core attention: softmax(q kᵀ / √head size) v under a causal mask, with dropout on the softmax's weights."""

import contextlib
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from megatron.core.tensor_parallel.random import get_cuda_rng_tracker
from megatron.core.transformer.enums import AttnMaskType
from megatron.core.transformer.module import MegatronModule
from megatron.core.transformer.transformer_config import TransformerConfig
from torch.nn.attention import SDPBackend, sdpa_kernel


class _Attention(MegatronModule):  # type: ignore[misc]
    """Interface of megatron-core, dropout and its generator, shared by both forms.

    Query [s, b, heads, head size]; key and value [s, b, groups, head size]; result [s, b, heads × head size].
    Keys and values are not repeated for grouped queries.
    """

    def __init__(self, config: TransformerConfig, attn_mask_type: AttnMaskType, **_: Any) -> None:
        super().__init__(config=config)
        assert attn_mask_type == AttnMaskType.causal

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: torch.Tensor | None,
        **_: Any,
    ) -> torch.Tensor:
        """Attends causally; shapes as in the class, `attention_mask` must be None."""
        assert attention_mask is None
        dropout = self.config.attention_dropout if self.training else 0.0
        # Tensor-parallel ranks hold different heads, so each draws from its own generator. Under sequence parallelism
        # the layer has switched to it already.
        own = dropout > 0 and not self.config.sequence_parallel
        with get_cuda_rng_tracker().fork() if own else contextlib.nullcontext():
            return self.attend(query, key, value, dropout)

    def attend(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, dropout: float) -> torch.Tensor:
        """Computes the attention; shapes as in the class."""
        raise NotImplementedError


class SdpaAttention(_Attention):
    """Core attention by torch's scaled_dot_product_attention."""

    def attend(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, dropout: float) -> torch.Tensor:
        """Computes the attention; shapes as in the base class."""
        q, k, v = (tensor.permute(1, 2, 0, 3) for tensor in (query, key, value))
        backends = sdpa_backends(query.dtype, dropout)
        with sdpa_kernel(backends, set_priority=True) if query.is_cuda else contextlib.nullcontext():
            out = F.scaled_dot_product_attention(
                q, k, v, dropout_p=dropout, is_causal=True, enable_gqa=k.size(1) != q.size(1)
            )
        return out.permute(2, 0, 1, 3).flatten(2)


def sdpa_backends(dtype: torch.dtype, dropout: float) -> list[SDPBackend]:
    """Lists torch's kernels that are allowed on a GPU, best first.

    With dropout never cuDNN's, which may round the probability to sixteenths. In bfloat16 none that materialises the
    [s, s] weights: torch then raises instead of taking ten times as long. In float32 only such a kernel has a
    deterministic backward pass.
    """
    if dtype == torch.float32:
        math = [SDPBackend.MATH]
        return math if torch.are_deterministic_algorithms_enabled() else [SDPBackend.EFFICIENT_ATTENTION, *math]
    if dropout > 0:
        return [SDPBackend.FLASH_ATTENTION]
    return [SDPBackend.CUDNN_ATTENTION, SDPBackend.FLASH_ATTENTION]


class FlashAttention(_Attention):
    """Core attention by the package flash-attn, which takes [b, s, heads, head size]; on a GPU, in bfloat16."""

    def attend(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, dropout: float) -> torch.Tensor:
        """Computes the attention; shapes as in the base class."""
        from flash_attn import flash_attn_func

        q, k, v = (tensor.transpose(0, 1) for tensor in (query, key, value))
        in_order = torch.are_deterministic_algorithms_enabled()
        out: torch.Tensor = flash_attn_func(q, k, v, dropout_p=dropout, causal=True, deterministic=in_order)
        return out.transpose(0, 1).flatten(2)
