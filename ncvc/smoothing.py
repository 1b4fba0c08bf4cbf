"""Exponential means of a series of numbers, for the log while a run goes on and for its curves afterwards."""

import math
from collections.abc import Iterable, Sequence

DECAY = 0.9
"""Weight of a value relative to the one after it."""


class ExponentialMean:
    """Mean of the values so far, in which each weighs `DECAY` of the one after it.

    Divides by the sum of the weights, which is Adam's bias correction (Kingma and Ba 2015, algorithm 1): the first
    values do not weigh more than their age allows. A value that is not finite is left out.
    """

    def __init__(self, values: Iterable[float] = ()) -> None:
        self.mean = math.nan
        """NaN until there is a finite value."""
        self.weight = 0.0
        """1 + DECAY + DECAY² + …, one term a value."""
        for value in values:
            self.add(value)

    def add(self, value: float) -> float:
        """Adds a value; returns the mean."""
        if math.isfinite(value):
            self.weight = 1.0 + DECAY * self.weight
            # As a step towards the value: the mean of equal values is exactly their value.
            self.mean = value if self.weight == 1.0 else self.mean + (value - self.mean) / self.weight
        return self.mean


def centred_means(values: Sequence[float]) -> list[float]:
    """Means that do not lag: around each value those before and after it weigh alike, `DECAY` to the distance.

    The last one is the `ExponentialMean` of all values, since nothing comes after it.
    """
    after = []
    backwards = ExponentialMean()
    for value in reversed(values):
        after.append((backwards.mean, DECAY * backwards.weight))
        backwards.add(value)
    after.reverse()
    means = []
    forwards = ExponentialMean()
    for value, (mean, weight) in zip(values, after, strict=True):
        forwards.add(value)
        sides = [(forwards.mean, forwards.weight), (mean, weight)]
        whole = sum(side for _, side in sides)
        means.append(sum(mean * (side / whole) for mean, side in sides if side) if whole else math.nan)
    return means
