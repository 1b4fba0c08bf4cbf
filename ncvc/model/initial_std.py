"""Deviations of the weights at initialization, without torch."""

import math

from ncvc.model.config import ModelConfig


def initial_std(name: str, model: ModelConfig) -> float:
    """Standard deviation of a weight's initial normal distribution (technical report 2.3)."""
    small = math.sqrt(2 / (5 * model.hidden_size))
    if name == "output_layer.weight":
        return math.sqrt(2 / (model.vocab_size + model.hidden_size))  # Xavier
    if name.endswith((".linear_proj.weight", ".linear_fc2.weight")):
        return small / math.sqrt(2 * model.num_layers)
    return small
