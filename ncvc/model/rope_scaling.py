"""RoPE's frequencies for longer texts than a model was first trained on: as in Llama 3.1, or all by one divisor."""

from typing import Any, cast

import torch
from megatron.core.models.common.embeddings.rotary_pos_embedding import RotaryEmbedding
from torch import Tensor

from ncvc.model.config import ModelConfig


def base_frequencies(model: ModelConfig) -> Tensor:
    """Frequencies [kv_channels / 2] in radians a token, before any scaling."""
    exponents = torch.arange(0, model.kv_channels, 2, dtype=torch.float32) / model.kv_channels
    return 1.0 / model.rotary_base**exponents


def scaled(frequencies: Tensor, model: ModelConfig) -> Tensor:
    """Frequencies as the model's `rope_scaling` changes them; the bits are those of transformers' models."""
    match model.rope_scaling:
        case None:
            return frequencies
        case "linear":
            return frequencies / model.rope_scaling_factor
        case "llama3":
            # megatron-core's; its constructor passes the factor alone, and it uses nothing of its object.
            change = cast(Any, RotaryEmbedding)._apply_scaling
            changed: Tensor = change(
                None,
                frequencies,
                factor=model.rope_scaling_factor,
                low_freq_factor=model.rope_low_freq_factor,
                high_freq_factor=model.rope_high_freq_factor,
                original_max_position_embeddings=model.rope_original_positions,
            )
            return changed
