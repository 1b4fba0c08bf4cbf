"""RoPE by liger-kernel: queries and keys turned in one pass, the sines in float32."""

from typing import Any

import torch
from megatron.core.transformer.attention import SelfAttention


class LigerRopeSelfAttention(SelfAttention):  # type: ignore[misc]
    """megatron-core's SelfAttention, which turns queries and keys as soon as it has made them.

    The angles are taken away from the base class, which would otherwise turn both in bfloat16 and several
    passes each.
    """

    def forward(self, *args: Any, rotary_pos_emb: torch.Tensor, **kwargs: Any) -> Any:
        """See SelfAttention."""
        self._angles = rotary_pos_emb
        return super().forward(*args, rotary_pos_emb=None, **kwargs)

    def get_query_key_value_tensors(self, *args: Any, **kwargs: Any) -> Any:
        """See SelfAttention."""
        query, key, value = super().get_query_key_value_tensors(*args, **kwargs)
        return (*turn(query, key, self._angles), value)


def turn(query: torch.Tensor, key: torch.Tensor, angles: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Turns feature i with feature i + half by angle i.

    Query [s, b, heads, head size] and key [s, b, groups, head size], overwritten where they are contiguous;
    angles [s, 1, 1, head size], of which the second half repeats the first.
    """
    from liger_kernel.ops import LigerRopeFunction

    # liger-kernel's order is [batch, heads, sequence, …]; its kernel goes row by row over [batch, sequence] and
    # takes cosines per row, so with the two exchanged it works on Megatron's order without a copy.
    rows = (query.size(0), query.size(1), query.size(3))
    cos, sin = (function(angles)[:, 0].expand(rows).contiguous() for function in (torch.cos, torch.sin))
    query, key = LigerRopeFunction.apply(query.transpose(1, 2), key.transpose(1, 2), cos, sin)
    return query.transpose(1, 2), key.transpose(1, 2)
