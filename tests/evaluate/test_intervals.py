"""Intervals and the paired test, beside formulas."""

import math
import random
from math import comb

import pytest

from ncvc.evaluate.intervals import bootstrap_interval, mean_interval, paired_test, wilson
from ncvc.evaluate.report.labels import interval, two_decimals
from ncvc.evaluate.task_scores import Score


def test_an_interval_of_a_mean_is_about_that_of_the_normal_distribution() -> None:
    draw = random.Random(2)
    values = [float(draw.random() < 0.3) for _ in range(400)]
    mean = sum(values) / 400
    wide = 1.96 * math.sqrt(mean * (1 - mean) / 400)
    low, high = mean_interval(values)
    assert (low, high) == pytest.approx((mean - wide, mean + wide), abs=0.01)
    again = bootstrap_interval(lambda rows: sum(values[i] for i in rows) / len(rows), 400)
    assert again == pytest.approx((low, high), abs=0.01)
    assert mean_interval(values) == (low, high)


def test_a_statistic_that_is_never_a_number_has_no_interval() -> None:
    assert all(map(math.isnan, bootstrap_interval(lambda _rows: math.nan, 3)))


def test_three_of_three_right_are_no_certainty() -> None:
    # The bounds solve (p - mean)² = z² p (1 - p) / n: n / (n + z²) for all right, z² / (n + z²) for none.
    square = 1.959963984540054**2
    assert mean_interval([1.0] * 3) == pytest.approx((3 / (3 + square), 1.0))
    assert mean_interval([0.0] * 3) == pytest.approx((0.0, square / (3 + square)))
    for mean, rows in ((0.5, 4), (0.9, 20)):
        for bound in wilson(mean, rows):
            assert (bound - mean) ** 2 == pytest.approx(square * bound * (1 - bound) / rows)


def test_where_every_sample_gives_one_value_there_is_no_interval() -> None:
    assert all(map(math.isnan, bootstrap_interval(lambda _rows: 1.0, 3)))
    assert all(map(math.isnan, mean_interval([1.5] * 3))), "a partial F1 that passes 1 is no proportion"
    assert interval(Score(1.0, None, None)) == "[–, –]"


def test_no_zero_is_negative() -> None:
    assert two_decimals(-0.001) == "0.00"
    assert two_decimals(-0.0) == "0.00"
    assert interval(Score(0.0, -0.004, 0.004)) == "[0.00, 0.00]"
    assert two_decimals(-0.006) == "-0.01"


@pytest.mark.parametrize(("better", "worse"), [(0, 0), (5, 0), (7, 2), (9, 3)])
def test_right_and_wrong_are_compared_by_the_binomial_test(better: int, worse: int) -> None:
    one = [1.0] * better + [0.0] * worse + [1.0] * 20
    other = [0.0] * better + [1.0] * worse + [1.0] * 20
    differ = better + worse
    tail = sum(comb(differ, k) for k in range(max(better, worse), differ + 1)) / 2**differ
    assert paired_test(one, other) == pytest.approx(min(1.0, 2 * tail))


def test_many_rows_are_compared_by_random_flips() -> None:
    draw = random.Random(3)
    one = [draw.random() for _ in range(200)]
    same = [value + draw.choice((-0.1, 0.1)) for value in one]
    assert paired_test(one, [value - 0.05 for value in one]) == pytest.approx(1e-4)
    assert paired_test(one, same) > 0.01
