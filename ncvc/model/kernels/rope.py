"""RoPE by liger-kernel: rotates queries and keys in one pass, with sines in float32."""

from typing import Any

import torch
from megatron.core.transformer.attention import SelfAttention


class LigerRopeSelfAttention(SelfAttention):  # type: ignore[misc]
    """megatron-core's SelfAttention with liger-kernel's RoPE right after the projection.

    The base class gets no angles; it would rotate both in bfloat16, in several passes each.
    """

    def forward(self, *args: Any, rotary_pos_emb: torch.Tensor, **kwargs: Any) -> Any:
        """See megatron-core's SelfAttention."""
        self._angles = rotary_pos_emb
        return super().forward(*args, rotary_pos_emb=None, **kwargs)

    def get_query_key_value_tensors(self, *args: Any, **kwargs: Any) -> Any:
        """See megatron-core's SelfAttention."""
        query, key, value = super().get_query_key_value_tensors(*args, **kwargs)
        return (*turn(query, key, self._angles), value)


def turn(query: torch.Tensor, key: torch.Tensor, angles: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Rotates feature i with feature i + half by angle i.

    Query [s, b, heads, head size] and key [s, b, groups, head size], overwritten where they are contiguous;
    angles [s, 1, 1, head size], of which the second half repeats the first.
    """
    from liger_kernel.ops import LigerRopeFunction

    # liger-kernel's order is [batch, heads, sequence, …]; its kernel works row by row over [batch, sequence] with
    # cosines per row, so with the two exchanged it takes Megatron's order without a copy.
    rows = (query.size(0), query.size(1), query.size(3))
    cos, sin = (function(angles)[:, 0].expand(rows).contiguous() for function in (torch.cos, torch.sin))
    query, key = LigerRopeFunction.apply(query.transpose(1, 2), key.transpose(1, 2), cos, sin)
    return query.transpose(1, 2), key.transpose(1, 2)
