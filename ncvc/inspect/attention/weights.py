"""Attention weights of a model, from stock transformers."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from ncvc.errors import ModelFolderError, PromptError
from ncvc.hf.load import LanguageModel

MOST_BYTES = 4 * 2**30
"""Weights of all layers and heads together, at most."""


@torch.inference_mode()
def attention_weights(
    lm: LanguageModel, ids: Sequence[int], visible: NDArray[np.bool_] | None = None
) -> list[NDArray[np.float32]]:
    """Computes the weights that each position gives to itself and those before, [heads, tokens, tokens] a layer.

    `visible` [tokens, tokens] are the columns that each row may attend to, by default all by the model's own mask, as
    in the papers' training. Raises `PromptError` for a sequence that is too long, `ModelFolderError` for a model that
    has no such weights.
    """
    config = lm.model.config
    size = 4 * config.num_hidden_layers * config.num_attention_heads * len(ids) ** 2
    if lm.max_tokens is not None and len(ids) > lm.max_tokens:
        raise PromptError(f"the texts have {len(ids)} tokens; the model holds {lm.max_tokens}: shorten them")
    if size > MOST_BYTES:
        raise PromptError(f"{len(ids)} tokens need {size / 2**30:.0f} GiB of weights; shorten the texts")
    mask = None
    if visible is not None:  # added to the scores
        hidden = torch.from_numpy(~visible).to(lm.model.device)
        mask = torch.zeros(hidden.shape, device=hidden.device).masked_fill(hidden, torch.finfo(torch.float32).min)
    lm.model.set_attn_implementation("eager")  # the other ways keep no weights
    try:
        output = lm.model(
            input_ids=torch.tensor([list(ids)], device=lm.model.device),
            attention_mask=None if mask is None else mask[None, None],
            output_attentions=True,
            use_cache=False,
        )
    finally:
        lm.model.set_attn_implementation("sdpa")
    found = [each[0].float().cpu().numpy() for each in output.attentions or () if each is not None]
    if len(found) != config.num_hidden_layers:
        raise ModelFolderError(f"{lm.folder}: {type(lm.model).__name__} gives no attention weights of every layer")
    return found


def default_layers(count: int) -> list[int]:
    """Chooses layers, counted from 1: 1, 12 and 24 as the papers do, else the first, the middle and the last."""
    if count >= 24:
        return [1, 12, 24]
    return sorted({1, (count + 1) // 2, count})
