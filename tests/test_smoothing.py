"""Exponential means against sums that are written out."""

import math

import pytest

from ncvc.smoothing import ExponentialMean, centred_means


def weighted(pairs):
    """Mean of (weight, value)."""
    pairs = list(pairs)
    return sum(weight * value for weight, value in pairs) / sum(weight for weight, _ in pairs)


VALUES = [9.5, 9.25, 8.0, 7.75, 3.0, 3.5, 2.0, 11.0]


def test_the_mean_is_adams_bias_corrected_one():
    mean, moment = ExponentialMean(), 0.0
    for step, value in enumerate(VALUES, 1):
        moment = 0.9 * moment + 0.1 * value
        assert mean.add(value) == pytest.approx(moment / (1 - 0.9**step), rel=1e-12)
    assert mean.mean == pytest.approx(weighted((0.9**age, value) for age, value in enumerate(reversed(VALUES))))


def test_three_steps_weigh_nearly_alike():
    """A first value that keeps all of its weight would give 9.12."""
    mean = ExponentialMean([9.4, 9.0, 7.0])
    assert mean.mean == pytest.approx((0.81 * 9.4 + 0.9 * 9.0 + 7.0) / 2.71)
    assert mean.mean < 8.4


def test_equal_values_are_their_mean_to_the_last_bit():
    assert ExponentialMean([0.1] * 1000).mean == 0.1


def test_what_is_not_finite_is_left_out():
    assert math.isnan(ExponentialMean([math.nan, math.inf]).mean)
    mean = ExponentialMean([math.nan, 4.0, math.inf, 2.0, -math.inf]).mean
    assert mean == pytest.approx((0.81 * 4.0 + 2.0) / 1.81)


def test_centred_means_weigh_both_sides():
    expected = [
        weighted((0.9 ** abs(place - here), VALUES[place]) for place in range(min(2 * here + 1, len(VALUES))))
        for here in range(len(VALUES))
    ]
    assert centred_means(VALUES) == pytest.approx(expected)
    assert centred_means([]) == []
    assert centred_means([7.0]) == [7.0]


def test_centred_means_do_not_lag():
    """On a straight line the mean of what lies around a point is the point, from the first one on."""
    line = [1000.0 - 3 * step for step in range(400)]
    assert centred_means(line)[:250] == pytest.approx(line[:250])
    assert ExponentialMean(line).mean == pytest.approx(line[-1] + 3 * 9)  # nine steps late


def test_the_last_centred_mean_is_that_of_the_log():
    assert centred_means(VALUES)[-1] == pytest.approx(ExponentialMean(VALUES).mean, rel=1e-15)


def test_centred_means_bridge_what_is_not_finite():
    gap = [1.0, 2.0, math.nan, math.inf, 5.0, 6.0]
    expected = [
        weighted(
            (0.9 ** abs(place - here), value) for place, value in enumerate(gap[: 2 * here + 1]) if math.isfinite(value)
        )
        for here in range(len(gap))
    ]
    assert centred_means(gap) == pytest.approx(expected)
    assert 2.0 < centred_means(gap)[2] < centred_means(gap)[3] < 5.0
    assert math.isnan(centred_means([math.nan, 2.0])[0])
    assert all(map(math.isnan, centred_means([math.nan] * 30)))
    late = centred_means([math.nan] * 30 + [4.0] * 20)
    assert all(map(math.isnan, late[:15]))
    assert late[15:] == pytest.approx([4.0] * 35)
