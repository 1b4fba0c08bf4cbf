"""Findings on held-out documents."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ncvc.quality.measures import Measures


@dataclass(frozen=True)
class Fitted:
    """Findings on the held-out documents."""

    texts: list[str]
    is_high: np.ndarray
    scores: dict[str, np.ndarray]
    """Model (`linear`, `forest`) → probabilities of 高."""
    measures: dict[str, Measures]
    trained: int
    left_out: dict[str, int]
    labels: dict[str, Any]
    """As `summary.json` of the labels has it."""
    facts: dict[str, Any] = field(default_factory=dict)


def convincing(scores: np.ndarray, is_high: np.ndarray, *, of_high: bool, most: int) -> tuple[list[int], list[int]]:
    """Returns the places of the `most` and least convincing documents of a label, the clearest first.

    Convincing is a document whose score is as its label says.
    """
    places = np.flatnonzero(is_high == of_high)
    order = places[np.argsort(-scores[places] if of_high else scores[places], kind="stable")]
    return order[:most].tolist(), order[::-1][:most].tolist()
