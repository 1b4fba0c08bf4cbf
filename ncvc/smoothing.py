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

    As many values count after it as before it, so that the first mean is the first value. Near the end there are fewer
    after it: the last mean is the `ExponentialMean` of all values. A value that is not finite gets the mean before it.
    """
    finite = [value for value in values if math.isfinite(value)]
    last = len(finite) - 1
    after = [(0.0, 0.0)]  # of the values after each: their weighted sum, and the sum of their weights
    for value in reversed(finite[1:]):
        weighted, weight = after[-1]
        after.append((DECAY * (value + weighted), DECAY * (1.0 + weight)))
    after.reverse()
    before = ExponentialMean()
    means, mean, i = [], math.nan, 0
    for value in values:
        if math.isfinite(value):
            before.add(value)
            end = min(2 * i, last)
            beyond = DECAY ** (end - i)
            weighted = after[i][0] - beyond * after[end][0]
            weight = after[i][1] - beyond * after[end][1]
            mean = (before.mean * before.weight + weighted) / (before.weight + weight)
            i += 1
        means.append(mean)
    return means
