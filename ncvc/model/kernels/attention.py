"""Core attention: softmax(q kᵀ / √head size) v under a causal mask, with dropout on the softmax's weights."""

import contextlib
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from megatron.core.packed_seq_params import PackedSeqParams
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
        packed_seq_params: PackedSeqParams | None = None,
        **_: Any,
    ) -> torch.Tensor:
        """Attends causally; shapes as in the class, `attention_mask` must be None.

        With `packed_seq_params`, of `ncvc.model.documents`, within each document.
        """
        assert attention_mask is None
        dropout = self.config.attention_dropout if self.training else 0.0
        # Tensor-parallel ranks hold different heads, so each draws from its own generator. Under sequence parallelism
        # the layer has switched to it already.
        own = dropout > 0 and not self.config.sequence_parallel
        with get_cuda_rng_tracker().fork() if own else contextlib.nullcontext():
            if packed_seq_params is None:
                return self.attend(query, key, value, dropout)
            length, samples = query.shape[:2]
            q, k, v = (tensor.transpose(0, 1).flatten(0, 1) for tensor in (query, key, value))
            out = self.attend_documents(q, k, v, packed_seq_params, dropout)
            return out.reshape(samples, length, -1).transpose(0, 1)

    def attend(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, dropout: float) -> torch.Tensor:
        """Computes the attention; shapes as in the class."""
        raise NotImplementedError

    def attend_documents(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, documents: PackedSeqParams, dropout: float
    ) -> torch.Tensor:
        """Computes the attention within each document; query, key, value and result [b × s, heads, head size]."""
        raise NotImplementedError


class SdpaAttention(_Attention):
    """Core attention by torch's scaled_dot_product_attention."""

    def attend(self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, dropout: float) -> torch.Tensor:
        """Computes the attention; shapes as in the base class."""
        q, k, v = (tensor.permute(1, 2, 0, 3) for tensor in (query, key, value))
        return sdpa(q, k, v, dropout).permute(2, 0, 1, 3).flatten(2)

    def attend_documents(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, documents: PackedSeqParams, dropout: float
    ) -> torch.Tensor:
        """Computes the attention one document after the other; shapes as in the base class."""
        parts = []
        for first, end in pairwise(documents.cu_seqlens_q.tolist()):
            q, k, v = (tensor[first:end].transpose(0, 1).unsqueeze(0) for tensor in (query, key, value))
            parts.append(sdpa(q, k, v, dropout).squeeze(0).transpose(0, 1))
        return torch.cat(parts)


def sdpa(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, dropout: float) -> torch.Tensor:
    """Calls torch's causal attention with the allowed kernels: query and result [b, heads, s, head size]."""
    backends = sdpa_backends(query.dtype, dropout)
    with sdpa_kernel(backends, set_priority=True) if query.is_cuda else contextlib.nullcontext():
        return F.scaled_dot_product_attention(
            query, key, value, dropout_p=dropout, is_causal=True, enable_gqa=key.size(1) != query.size(1)
        )


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

    def attend_documents(
        self, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, documents: PackedSeqParams, dropout: float
    ) -> torch.Tensor:
        """Computes the attention of all documents at once; shapes as in the base class."""
        from flash_attn import flash_attn_varlen_func

        bounds = documents.cu_seqlens_q.to(query.device, non_blocking=True)
        out: torch.Tensor = flash_attn_varlen_func(
            query,
            key,
            value,
            cu_seqlens_q=bounds,
            cu_seqlens_k=bounds,
            max_seqlen_q=documents.max_seqlen_q,
            max_seqlen_k=documents.max_seqlen_kv,
            dropout_p=dropout,
            causal=True,
            deterministic=torch.are_deterministic_algorithms_enabled(),
        )
        return out
