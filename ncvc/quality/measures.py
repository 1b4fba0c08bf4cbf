"""Measures of a classifier on documents that it was not trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

THRESHOLDS = tuple(number / 20 for number in range(1, 20))
"""Thresholds for which it is said what would go."""
BINS = 10
MIDDLE = 0.5
"""Threshold for accuracy, precision and recall."""


@dataclass(frozen=True)
class Bin:
    """Documents whose scores lie in a tenth of the scale."""

    documents: int
    score: float
    """Their mean score."""
    high: float
    """The share of 高 among their labels."""


@dataclass(frozen=True)
class Going:
    """Shares of the documents that a threshold drops."""

    threshold: float
    all: float
    low: float
    """Of those labelled 低."""
    high: float
    """Of those labelled 高."""


@dataclass(frozen=True)
class Measures:
    """Measures of scores, the probabilities of 高, against labels."""

    documents: int
    high: float
    """Share of 高 among the labels: the accuracy of a model that says 高 always, where it is above a half."""
    accuracy: float
    low_precision: float | None
    """Share of 低 labels among the documents that the model calls 低; None if it calls none so."""
    low_recall: float | None
    """Share of the documents labelled 低 that the model calls so; None without such documents."""
    auc: float | None
    """Probability that a document labelled 高 has a higher score than one labelled 低."""
    brier: float
    """Mean square of the difference between score and label."""
    bins: tuple[Bin, ...]
    going: tuple[Going, ...]


def measure(scores: np.ndarray, is_high: np.ndarray) -> Measures:
    """Compares scores [n] with labels [n]."""
    calls_low, is_low = scores < MIDDLE, ~is_high
    both = int((calls_low & is_low).sum())
    return Measures(
        documents=len(scores),
        high=float(is_high.mean()),
        accuracy=float((calls_low == is_low).mean()),
        low_precision=_share(both, int(calls_low.sum())),
        low_recall=_share(both, int(is_low.sum())),
        auc=_auc(scores, is_high),
        brier=float(((scores - is_high) ** 2).mean()),
        bins=tuple(_bins(scores, is_high)),
        going=tuple(_going(threshold, scores, is_high) for threshold in THRESHOLDS),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _auc(scores: np.ndarray, is_high: np.ndarray) -> float | None:
    """Returns the area under the curve of the two error rates: that of the ranks, ties counted as a half."""
    high, low = np.sort(scores[is_high]), scores[~is_high]
    if not len(high) or not len(low):
        return None
    above = len(high) - np.searchsorted(high, low, "right")
    equal = np.searchsorted(high, low, "right") - np.searchsorted(high, low, "left")
    return float((above + equal / 2).mean() / len(high))


def _bins(scores: np.ndarray, is_high: np.ndarray) -> Sequence[Bin]:
    # Not `linspace`, whose third edge is above 0.3.
    edges = [*(number / BINS for number in range(BINS)), np.inf]
    found = []
    for low, high in pairwise(edges):
        inside = (scores >= low) & (scores < high)
        if inside.any():
            found.append(Bin(int(inside.sum()), float(scores[inside].mean()), float(is_high[inside].mean())))
    return found


def _going(threshold: float, scores: np.ndarray, is_high: np.ndarray) -> Going:
    goes = scores < threshold

    def share(of: np.ndarray) -> float:
        return float(goes[of].mean()) if of.any() else 0.0

    return Going(threshold, share(np.ones_like(is_high)), share(~is_high), share(is_high))
