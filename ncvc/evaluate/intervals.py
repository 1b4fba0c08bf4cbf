"""Uncertainty of scores: 95 % intervals by bootstrap over rows, and a paired test of two models."""

from collections.abc import Callable, Sequence

import numpy as np

RESAMPLES = 1000
"""Bootstrap samples of an interval."""
FLIPS = 9999
"""Random sign flips of a test."""
EXACT = 12
"""So many rows that differ, at most, have all their sign flips computed."""
ROUNDING = 1e-12
"""Difference, of scores between 0 and 1, that is none."""


def bootstrap_interval(statistic: Callable[[Sequence[int]], float], rows: int, *, seed: int = 0) -> tuple[float, float]:
    """Returns the 2.5 and 97.5 percentiles of a statistic over rows drawn with replacement.

    `statistic` takes numbers of rows, from 0 up to `rows`, of which some occur again. NaN is left out; (NaN, NaN)
    where nothing is left. The same seed gives the same interval.
    """
    generator = np.random.default_rng(seed)
    drawn = [statistic(generator.integers(rows, size=rows).tolist()) for _ in range(RESAMPLES)]
    found = [value for value in drawn if value == value]
    if not found:
        return float("nan"), float("nan")
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def mean_interval(values: Sequence[float], *, seed: int = 0) -> tuple[float, float]:
    """Returns the same for the mean of the rows' scores, none of them NaN; (NaN, NaN) without rows."""
    scores = np.asarray(values, dtype=float)
    if not len(scores):
        return float("nan"), float("nan")
    generator = np.random.default_rng(seed)
    drawn = scores[generator.integers(len(scores), size=(RESAMPLES, len(scores)))].mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def paired_test(one: Sequence[float], other: Sequence[float], *, seed: int = 0) -> float:
    """Returns the two-sided p-value of the hypothesis that two models score alike on the same rows.

    A sign-flip permutation test of the mean difference: exact for few rows that differ (the binomial test of McNemar
    for right and wrong), by `FLIPS` random flips and the observed one for more. Raises `ValueError` for NaN
    and for other numbers of rows.
    """
    differences = np.array([a - b for a, b in zip(one, other, strict=True)], dtype=float)
    if np.isnan(differences).any():
        raise ValueError("a score that is no number cannot be compared")
    differences = differences[abs(differences) > ROUNDING]
    if not len(differences):
        return 1.0
    observed = abs(differences.sum()) - ROUNDING * abs(differences).sum()
    if len(differences) <= EXACT:
        signs = 1 - 2.0 * ((np.arange(2 ** len(differences))[:, None] >> np.arange(len(differences))) & 1)
        return float((abs(signs @ differences) >= observed).mean())
    generator = np.random.default_rng(seed)
    signs = 1 - 2.0 * generator.integers(2, size=(FLIPS, len(differences)))
    return float((1 + (abs(signs @ differences) >= observed).sum()) / (1 + FLIPS))
