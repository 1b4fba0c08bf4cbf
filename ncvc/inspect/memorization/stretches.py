"""Stretches of a text that a model continues word for word from the tokens before them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING

from ncvc.progress import Reporter

if TYPE_CHECKING:
    from ncvc.hf.load import LanguageModel


@dataclass(frozen=True)
class Stretch:
    """Tokens of a text behind a prefix."""

    text: int
    """Number of the text, from 0."""
    start: int
    """Place of its first token in the text's ids, from 0; the begin of text counts."""
    ids: tuple[int, ...]
    reproduced: bool
    """True if the model at temperature 0 gives these tokens, one after the other, after the prefix alone."""


def windows(ids: Sequence[int], prefix: int, length: int, stride: int) -> Iterator[int]:
    """Yields where stretches start: each has `prefix` tokens before it and `length` of its own."""
    yield from range(prefix, len(ids) - length + 1, stride)


def find_stretches(
    lm: LanguageModel,
    texts: Sequence[Sequence[int]],
    *,
    prefix: int,
    length: int,
    stride: int,
    batch_size: int = 16,
    reporter: Reporter | None = None,
) -> list[Stretch]:
    """Tests each stretch of texts, given as ids; shorter texts than prefix and stretch have none.

    One pass over prefix and stretch tells it: at temperature 0 the model gives the stretch exactly if each of its
    tokens is the likeliest after those before it.
    """
    import torch

    places = [(number, start) for number, ids in enumerate(texts) for start in windows(ids, prefix, length, stride)]
    progress = (reporter or Reporter()).progress("stretches")
    found: list[Stretch] = []
    for some in batched(places, batch_size):
        rows = [list(texts[number][start - prefix : start + length]) for number, start in some]
        ids = torch.tensor(rows, device=lm.model.device)
        with torch.inference_mode():
            # The last token is only predicted.
            logits = lm.model(input_ids=ids[:, :-1], use_cache=False, logits_to_keep=length).logits
        same = (logits.argmax(2) == ids[:, prefix:]).all(1).tolist()
        found += [
            Stretch(number, start, tuple(row[prefix:]), reproduced)
            for (number, start), row, reproduced in zip(some, rows, same, strict=True)
        ]
        progress.items(len(found), len(places))
    progress.close()
    return found
