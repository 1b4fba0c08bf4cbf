"""Uncertainty of scores: 95 % intervals by bootstrap over rows or by Wilson, and a paired test of two models."""

from collections.abc import Callable, Sequence

import numpy as np

RESAMPLES = 1000
"""Bootstrap samples of an interval."""
QUANTILE = 1.959963984540054
"""97.5 percentile of the standard normal distribution."""
FLIPS = 9999
"""Random sign flips of a test."""
EXACT = 12
"""So many rows that differ, at most, have all their sign flips computed."""
ROUNDING = 1e-12
"""Difference, of scores between 0 and 1, that is none."""


def bootstrap_interval(statistic: Callable[[Sequence[int]], float], rows: int, *, seed: int = 0) -> tuple[float, float]:
    """Returns the 2.5 and 97.5 percentiles of a statistic over rows drawn with replacement.

    `statistic` takes numbers of rows, from 0 up to `rows`, of which some occur again. NaN is left out; (NaN, NaN)
    where nothing is left, or where all samples give one value: that they cannot tell it apart is no certainty.
    The same seed gives the same interval.
    """
    generator = np.random.default_rng(seed)
    drawn = [statistic(generator.integers(rows, size=rows).tolist()) for _ in range(RESAMPLES)]
    found = [value for value in drawn if value == value]
    if not found or min(found) == max(found):
        return float("nan"), float("nan")
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def mean_interval(values: Sequence[float], *, seed: int = 0) -> tuple[float, float]:
    """Returns the same for the mean of the rows' scores, none of them NaN; (NaN, NaN) without rows.

    Rows that all have one score, of which every sample has the same mean, have Wilson's interval; see `wilson`.
    """
    scores = np.asarray(values, dtype=float)
    if not len(scores):
        return float("nan"), float("nan")
    if (scores == scores[0]).all():
        return wilson(float(scores[0]), len(scores))
    generator = np.random.default_rng(seed)
    drawn = scores[generator.integers(len(scores), size=(RESAMPLES, len(scores)))].mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def wilson(mean: float, rows: int) -> tuple[float, float]:
    """Returns Wilson's score interval of a mean of scores from 0 to 1; (NaN, NaN) for a mean outside of them.

    E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212, for proportions; scores between 0 and 1 with the same mean vary
    less than right and wrong do.
    """
    if not 0 <= mean <= 1:
        return float("nan"), float("nan")
    square = QUANTILE**2
    middle = (mean + square / (2 * rows)) / (1 + square / rows)
    half = QUANTILE * (mean * (1 - mean) / rows + square / (4 * rows**2)) ** 0.5 / (1 + square / rows)
    return max(0.0, middle - half), min(1.0, middle + half)


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
