"""Exponential means of a series of numbers, for the log while a run goes on and for its curves afterwards."""

import math
from collections.abc import Iterable, Sequence

DECAY = 0.9
"""Weight of a value relative to the one after it."""


NOTHING = 1e-9
"""A weight that is a rounding error: less than any value has within 190 places."""


class ExponentialMean:
    """Mean of the values so far, in which each weighs `DECAY` of the one after it.

    Divides by the sum of the weights, which is Adam's bias correction (Kingma and Ba 2015, algorithm 1): the first
    values do not weigh more than their age allows. A value that is not finite weighs nothing.
    """

    def __init__(self, values: Iterable[float] = ()) -> None:
        self.mean = math.nan
        """NaN until there is a finite value."""
        self.weight = 0.0
        """Sum of the weights, that of the newest value being 1."""
        for value in values:
            self.add(value)

    def add(self, value: float) -> float:
        """Adds a value; returns the mean."""
        self.weight *= DECAY
        if math.isfinite(value):
            self.weight += 1.0
            # As a step towards the value: the mean of equal values is exactly their value.
            self.mean = value if self.weight == 1.0 else self.mean + (value - self.mean) / self.weight
        return self.mean


def centred_means(values: Sequence[float]) -> list[float]:
    """Means that do not lag: around each value those before and after it weigh alike, `DECAY` to the distance.

    As many values count after it as before it, so that the first mean is the first value. Near the end there are fewer
    after it: the last mean is the `ExponentialMean` of all values. NaN where no finite value counts.
    """
    after = [(0.0, 0.0)]  # of the values after each: their weighted sum, and the sum of their weights
    for value in reversed(values[1:]):
        weighted, weight = after[-1]
        if math.isfinite(value):
            weighted, weight = weighted + value, weight + 1.0
        after.append((DECAY * weighted, DECAY * weight))
    after.reverse()
    before = ExponentialMean()
    means = []
    for i, value in enumerate(values):
        before.add(value)
        end = min(2 * i, len(values) - 1)
        beyond = DECAY ** (end - i)
        weighted = after[i][0] - beyond * after[end][0]
        weight = after[i][1] - beyond * after[end][1]
        if before.weight:
            weighted += before.mean * before.weight
        whole = before.weight + weight
        means.append(weighted / whole if whole > NOTHING else math.nan)
    return means
