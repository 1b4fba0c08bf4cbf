"""Agreement of two labellers on the same documents."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from ncvc.quality.prompt import Label


@dataclass(frozen=True)
class Agreement:
    """Counts of documents that both labelled."""

    documents: int
    equal: int
    kappa: float | None
    """Cohen's kappa: 1 for equal labels, 0 for as many as by chance; None if all labels are the same."""


def agreement(pairs: Iterable[tuple[Label | None, Label | None]]) -> Agreement:
    """Compares the labels of each document; those that one left out do not count.

    κ = (p - q) / (1 - q), where p is the share of equal labels, and q that expected of labellers who give theirs as
    often, but by chance (Cohen 1960).
    """
    both = Counter((one, other) for one, other in pairs if one and other)
    documents = both.total()
    equal = sum(count for (one, other), count in both.items() if one == other)
    chance = 0
    for label in ("高", "低"):
        first = sum(count for (one, _), count in both.items() if one == label)
        second = sum(count for (_, other), count in both.items() if other == label)
        chance += first * second
    if chance == documents**2:
        return Agreement(documents, equal, None)
    return Agreement(documents, equal, (equal * documents - chance) / (documents**2 - chance))
