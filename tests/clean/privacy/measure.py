"""Recall and precision of what `ncvc.clean` removes, measured on generated sentences."""

import random
import unicodedata
from typing import NamedTuple

from numbers_written import NEGATIVES, POSITIVES, negative, positive

import ncvc

SEED = 20260104


class Row(NamedTuple):
    """A category of numbers to remove."""

    category: str
    total: int
    exact: int
    """Sentences from which the number went, all of it and nothing else."""
    precision: float
    """Of what would be removed, the share that is right, were all wrong removals this category's."""

    @property
    def recall(self) -> float:
        return self.exact / self.total


class Measurement(NamedTuple):
    rows: list[Row]
    missed: list[tuple[str, str]]
    """(category, sentence) where the number did not go exactly."""
    negatives: dict[str, int]
    """Sentences a category of hard negatives."""
    changed: list[tuple[str, str]]
    """(category, sentence) of hard negatives that cleaning changed."""


def without_removal(text: str) -> str:
    """What cleaning makes of a text with nothing to remove."""
    return unicodedata.normalize("NFKC", text).replace(" ", "▁")


def measure(positives: int = 3_000, negatives: int = 100_000) -> Measurement:
    """`positives` sentences a category, `negatives` hard negatives in all."""
    rng = random.Random(SEED)
    each = negatives // len(NEGATIVES)
    lines = [(category, negative(rng, category)) for category in NEGATIVES for _ in range(each)]
    cleaned = ncvc.clean_batch([line for _, line in lines])
    changed = [pair for pair, after in zip(lines, cleaned, strict=True) if after != without_removal(pair[1])]
    rows, missed = [], []
    for category in POSITIVES:
        pairs = [positive(rng, category) for _ in range(positives)]
        results = ncvc.clean_batch([sentence for sentence, _ in pairs])
        wrong = [s for (s, left), r in zip(pairs, results, strict=True) if r != without_removal(left)]
        exact = positives - len(wrong)
        rows.append(Row(category, positives, exact, exact / max(1, exact + len(changed))))
        missed += [(category, sentence) for sentence in wrong]
    return Measurement(rows, missed, dict.fromkeys(NEGATIVES, each), changed)
