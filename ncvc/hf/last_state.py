"""Last hidden states of texts, in batches."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from ncvc.hf.load import LanguageModel

_POSITIONS = 8192
"""Positions that are computed at once, the padded ones included."""


@torch.inference_mode()
def last_states(lm: LanguageModel, texts: Sequence[Sequence[int]]) -> np.ndarray:
    """Returns for each text's ids the last hidden state of its last token, [texts, hidden size] in float32.

    It is what the model's head reads, behind the last norm. Texts of about the same length share a batch, padded at
    the end, which no earlier position can see. No text may be empty.
    """
    found: dict[int, np.ndarray] = {}
    for places in _groups(texts):
        longest = max(len(texts[place]) for place in places)
        padded = [[*texts[place], *[0] * (longest - len(texts[place]))] for place in places]
        lengths = torch.tensor([len(texts[place]) for place in places])
        ids = torch.tensor(padded, device=lm.model.device)
        mask = (torch.arange(longest) < lengths[:, None]).long().to(lm.model.device)
        states = lm.model.base_model(
            input_ids=ids, attention_mask=None if bool(mask.all()) else mask, use_cache=False
        ).last_hidden_state
        last = states[torch.arange(len(places)), lengths - 1].float().cpu().numpy()
        found |= dict(zip(places, last, strict=True))
    return np.stack([found[place] for place in range(len(texts))])


def _groups(texts: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    group: list[int] = []
    for place in sorted(range(len(texts)), key=lambda place: len(texts[place])):
        if group and len(texts[place]) * (len(group) + 1) > _POSITIONS:
            yield group
            group = []
        group.append(place)
    if group:
        yield group
