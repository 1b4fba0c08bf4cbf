"""SwiGLU (arXiv 2002.05202): an MLP whose inner features are the product of two projections, one of them after SiLU."""

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from megatron.core.transformer.mlp import MLP, MLPSubmodules
from megatron.core.transformer.transformer_config import TransformerConfig


class GatedMLP(MLP):  # type: ignore[misc]
    """megatron-core's MLP with a gate.

    Row 2i of `linear_fc1` is the gate of feature i, row 2i + 1 its value. megatron-core's own gated MLP has all gates
    first, on each tensor-parallel rank: its rows then lie differently on other numbers of ranks.
    """

    def __init__(self, config: TransformerConfig, submodules: MLPSubmodules, **options: Any) -> None:
        """See megatron-core's MLP."""
        super().__init__(config, submodules, **(options | {"ffn_hidden_size": 2 * config.ffn_hidden_size}))
        self.activation_func = swiglu


def swiglu(inner: torch.Tensor) -> torch.Tensor:
    """Multiplies SiLU of each gate with its value: [..., 2f], in pairs, to [..., f]."""
    gate, value = inner.view(*inner.shape[:-1], -1, 2).unbind(-1)
    return F.silu(gate) * value
