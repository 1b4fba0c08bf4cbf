"""Layer and part that a weight's name tells, over the architectures of transformers."""

from __future__ import annotations

import re

_LAYER = re.compile(r"(?:^|\.)(?:layers|h|blocks)\.(\d+)\.(.+)$")
MLP_IN = ("up_proj", "gate_proj", "dense_h_to_4h", "fc_in", "fc1", "c_fc")
MLP_OUT = ("down_proj", "dense_4h_to_h", "fc_out", "fc2", "mlp.c_proj")
"""Ends of the parts whose rows, or columns, are the units of an MLP."""
TURNED = ("c_fc", "mlp.c_proj")
"""Those of GPT-2, which stores matrices as [in, out]."""


def layer_and_part(name: str) -> tuple[int | None, str]:
    """Splits a weight's name: model.layers.3.mlp.up_proj.weight is 3 and mlp.up_proj; None outside of the layers."""
    found = _LAYER.search(name)
    layer, part = (int(found[1]), found[2]) if found else (None, name)
    return layer, part.removesuffix(".weight")
