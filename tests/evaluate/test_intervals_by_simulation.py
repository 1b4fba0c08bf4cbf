"""Intervals and paired tests beside scipy, enumeration and plain formulas, by another author than theirs."""

import itertools
import math
import random
from collections.abc import Sequence
from fractions import Fraction

import pytest

from ncvc.evaluate.intervals import EXACT, FLIPS, bootstrap_interval, mean_interval, paired_test, wilson
from ncvc.evaluate.scorers import cohen_kappa

stats = pytest.importorskip("scipy.stats")
np = pytest.importorskip("numpy")


def drawn_scores(rows: int, seed: int) -> list[float]:
    rng = random.Random(seed)
    return [rng.choice([0.0, 0.0, 1.0, 2 / 3, 0.5, 0.4]) for _ in range(rows)]


@pytest.mark.parametrize("rows", [30, 100, 400])
def test_mean_intervals_are_scipys(rows: int):
    values = drawn_scores(rows, rows)
    low, high = mean_interval(values)
    spread = float(np.std(values)) / math.sqrt(rows)
    wanted = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=4000, rng=np.random.default_rng(1))
    assert low == pytest.approx(wanted.confidence_interval.low, abs=0.25 * spread)
    assert high == pytest.approx(wanted.confidence_interval.high, abs=0.25 * spread)
    mean = sum(values) / rows
    assert (low, high) == (
        pytest.approx(mean - 1.96 * spread, abs=0.4 * spread),
        pytest.approx(mean + 1.96 * spread, abs=0.4 * spread),
    )


def test_an_interval_of_few_rows_is_that_of_all_resamples():
    """Of 5 rows with two right, the number right in a resample is binomial: its quantiles are known."""
    low, high = mean_interval([1.0, 0.0, 1.0, 0.0, 0.0])
    assert (low, high) == (stats.binom.ppf(0.025, 5, 0.4) / 5, stats.binom.ppf(0.975, 5, 0.4) / 5)


def test_mean_intervals_cover_the_true_mean():
    rng = random.Random(3)
    covered = 0
    for seed in range(300):
        values = [float(rng.random() < 0.6) for _ in range(100)]
        low, high = mean_interval(values, seed=seed)
        covered += low <= 0.6 <= high
    assert 0.90 <= covered / 300 <= 0.98


def test_a_statistic_sees_rows_drawn_with_replacement():
    seen: list[list[int]] = []

    def statistic(rows: Sequence[int]) -> float:
        seen.append([int(row) for row in rows])
        return float(len(set(seen[-1])))

    low, high = bootstrap_interval(statistic, 50)
    assert len(seen) >= 1000
    assert all(len(rows) == 50 and min(rows) >= 0 and max(rows) < 50 for rows in seen)
    counts = np.bincount(np.concatenate(seen), minlength=50)
    assert stats.chisquare(counts).pvalue > 1e-4
    # Of 50 rows 50·(1 - (1 - 1/50)^50) = 31.8 different ones occur, with a deviation of 2.2.
    assert low == pytest.approx(31.8 - 1.96 * 2.2, abs=1.2)
    assert high == pytest.approx(31.8 + 1.96 * 2.2, abs=1.2)


def test_kappa_intervals_are_scipys():
    rng = random.Random(4)
    gold = rng.choices("ABCD", k=120)
    said = [letter if rng.random() < 0.6 else rng.choice("ABCD") for letter in gold]
    low, high = bootstrap_interval(
        lambda rows: cohen_kappa([gold[row] for row in rows], [said[row] for row in rows]), 120
    )
    one, other = np.array([ord(letter) for letter in gold]), np.array([ord(letter) for letter in said])

    def kappa(gold: object, said: object) -> float:
        seen = np.mean(gold == said)
        chance = sum(np.mean(gold == letter) * np.mean(said == letter) for letter in map(ord, "ABCD"))
        return float((seen - chance) / (1 - chance))

    wanted = stats.bootstrap(
        (one, other),
        kappa,
        paired=True,
        vectorized=False,
        method="percentile",
        n_resamples=1500,
        rng=np.random.default_rng(2),
    )
    assert low == pytest.approx(wanted.confidence_interval.low, abs=0.02)
    assert high == pytest.approx(wanted.confidence_interval.high, abs=0.02)


def test_intervals_come_again_with_their_seed_and_leave_nan_out():
    values = drawn_scores(80, 5)
    assert mean_interval(values, seed=1) == mean_interval(values, seed=1)
    assert len({mean_interval(values, seed=seed) for seed in range(8)}) > 1
    left = bootstrap_interval(lambda rows: math.nan if 0 in rows else float(len(set(rows))), 4)
    assert left == (1.0, 3.0)
    assert all(map(math.isnan, bootstrap_interval(lambda rows: math.nan, 4)))
    assert mean_interval([0.25]) == wilson(0.25, 1)


def test_no_rows_have_no_interval():
    assert all(map(math.isnan, mean_interval([])))


def enumerated(one: Sequence[Fraction], other: Sequence[Fraction]) -> float:
    """Flips all signs in all ways, in whole fractions."""
    differences = [a - b for a, b in zip(one, other, strict=True)]
    seen = abs(sum(differences))
    flips = list(itertools.product([1, -1], repeat=len(differences)))
    return sum(
        abs(sum(sign * each for sign, each in zip(signs, differences, strict=True))) >= seen for signs in flips
    ) / len(flips)


def test_paired_tests_of_few_rows_are_enumerated():
    """Scores such as F1's, where rounding must not part what is equal (0.3 - 0.1 and 0.5 - 0.3)."""
    rng = random.Random(6)
    for _ in range(120):
        parts = rng.choice([3, 4, 6, 7, 10, 30])
        rows = rng.randint(1, 9)
        one, other = ([Fraction(rng.randint(0, parts), parts) for _ in range(rows)] for _ in range(2))
        found = paired_test([float(value) for value in one], [float(value) for value in other])
        assert found == pytest.approx(enumerated(one, other), abs=1e-12), (one, other)


def test_equal_means_are_equal_in_spite_of_rounding():
    assert paired_test([0, 0, 6 / 7, 2 / 7], [3 / 7, 4 / 7, 0, 1 / 7]) == 1


def test_paired_tests_of_right_and_wrong_are_mcnemars():
    for more in range(EXACT + 1):
        for fewer in range(EXACT + 1 - more):
            one = [1.0] * more + [0.0] * fewer + [1.0, 0.0] * 20
            other = [0.0] * more + [1.0] * fewer + [1.0, 0.0] * 20
            wanted = stats.binomtest(more, more + fewer).pvalue if more + fewer else 1.0
            assert paired_test(one, other) == pytest.approx(wanted, abs=1e-12), (more, fewer)


@pytest.mark.parametrize(("more", "fewer"), [(10, 10), (15, 10), (22, 9), (40, 12), (60, 60)])
def test_paired_tests_of_many_rows_are_near_mcnemars(more: int, fewer: int):
    one, other = [1.0] * more + [0.0] * fewer + [1.0] * 30, [0.0] * more + [1.0] * fewer + [1.0] * 30
    wanted = stats.binomtest(more, more + fewer).pvalue
    found = paired_test(one, other)
    assert found == pytest.approx(wanted, abs=4 * math.sqrt(wanted * (1 - wanted) / FLIPS) + 2 / FLIPS)
    assert paired_test(one, other, seed=3) == paired_test(one, other, seed=3)


def test_paired_tests_of_many_scores_are_scipys():
    one, other = drawn_scores(60, 7), [min(1.0, value + 0.05) for value in drawn_scores(60, 8)]
    wanted = stats.permutation_test(
        (one, other),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=9999,
        rng=np.random.default_rng(3),
    ).pvalue
    assert paired_test(one, other) == pytest.approx(wanted, abs=0.03)
    assert paired_test(other, one) == pytest.approx(wanted, abs=0.03)


def test_paired_tests_at_their_ends():
    assert paired_test([], []) == 1
    assert paired_test([0.5] * 40, [0.5] * 40) == 1
    assert paired_test([1.0] * 5, [0.0] * 5) == 2 / 2**5
    assert paired_test([1.0] * 100, [0.0] * 100) == 1 / (FLIPS + 1)


def test_p_values_are_even_where_two_models_are_alike():
    rng = random.Random(9)
    small = 0
    for seed in range(200):
        one, other = ([rng.random() for _ in range(40)] for _ in range(2))
        small += paired_test(one, other, seed=seed) <= 0.2
    assert 0.12 <= small / 200 <= 0.29


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="longer"):
        paired_test([1], [1, 0])
    with pytest.raises(ValueError, match="no number"):
        paired_test([math.nan, 1], [0, 0])
