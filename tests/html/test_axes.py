"""Axes: places by proportion, ticks that are round and apart."""

import re
from itertools import pairwise

import pytest

from ncvc.html.axes import APART_ACROSS, LEFT, Axis, bottom_axis, left_axis, power_ticks, tick_label, ticks


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (1, 24_000, [5000, 10_000, 15_000, 20_000]),
        (2.08, 11.4, [4, 6, 8, 10]),
        (-0.3, 0.3, [-0.2, 0.0, 0.2]),
        (1e-14, 3e-14, [1e-14, 1.5e-14, 2e-14, 2.5e-14, 3e-14]),
        (7, 7, [7]),
    ],
)
def test_ticks_are_round(low, high, expected):
    assert ticks(low, high, 5) == pytest.approx(expected, rel=1e-9, abs=0)


@pytest.mark.parametrize("high", range(2, 40))
def test_integers_have_integer_ticks(high):
    found = ticks(1, high, 8, integer=True)
    assert all(tick == int(tick) for tick in found)
    assert found if high > 2 else found == [1, 2]
    assert len(found) <= 9


def test_a_run_of_three_steps_has_three_ticks():
    assert Axis((1, 3), 0, 920, integer=True).ticks(100) == [1, 2, 3]
    assert Axis((1, 1), 0, 920, integer=True).ticks(100) == [1]
    assert 1.5 in Axis((1, 3), 0, 920).ticks(100)


def test_places_are_in_proportion():
    axis = Axis((10, 20), 58, 978)
    assert [axis.place(value) for value in (10, 15, 20)] == [58, 518, 978]
    assert (axis.place(-1), axis.place(99)) == (58, 978)
    assert Axis((0, 4), 280, 0).place(1) == 210  # upwards
    assert Axis((3, 3), 0, 100).place(3) == 50
    logarithmic = Axis((0.01, 100), 0, 400, logarithmic=True)
    assert [logarithmic.place(value) for value in (0.01, 0.1, 1, 10, 100)] == pytest.approx([0, 100, 200, 300, 400])
    assert logarithmic.place(0) == 0


def test_bins_are_equally_wide():
    axis = Axis((0, 1, 2, 4, 8), 0, 400)
    assert [axis.place(value) for value in (0, 0.5, 1, 2, 3, 4, 6, 8)] == [0, 50, 100, 200, 250, 300, 350, 400]


EDGES = [0, 1, 2, 3, 4, 5, 6, 7, *((4 + i % 4) << (i // 4 - 1) for i in range(8, 100))]


@pytest.mark.parametrize("first", range(0, 80, 7))
@pytest.mark.parametrize("bins", [2, 3, 5, 8, 13, 40, 90])
def test_every_histogram_has_ticks_that_do_not_touch(first, bins):
    axis = Axis(EDGES[first : first + bins + 1], 0, 920, integer=True)
    found = axis.ticks(APART_ACROSS)
    assert len(found) > 1
    places = [axis.place(tick) for tick in found]
    assert all(b - a >= APART_ACROSS - 1e-6 for a, b in pairwise(places))
    assert all(axis.edges[0] <= tick <= axis.edges[-1] for tick in found)
    assert all(tick == int(tick) for tick in found)


def test_powers_of_ten():
    assert next(power_ticks(0.3, 30)) == [0.5, 1, 2, 5, 10, 20]
    assert list(power_ticks(1, 1000))[1:3] == [[1, 3, 10, 30, 100, 300, 1000], [1, 10, 100, 1000]]
    assert next(power_ticks(0, 10)) == [0, 1, 2, 5, 10]
    assert Axis((0.4, 60), 280, 0, logarithmic=True).ticks(50) == [1, 3, 10, 30]
    assert Axis((2.0, 2.4), 280, 0, logarithmic=True).ticks(50) == [2.0, 2.1, 2.2, 2.3, 2.4]


def test_labels():
    values = [0, 5, 0.25, 24_000, 999_999, 1_500_000, 2e9, -3e6, 1e-5]
    assert [tick_label(value) for value in values] == [
        *("0", "5", "0.25", "24,000", "999,999", "1.5M", "2G", "-3M", "1e-05")
    ]


def test_drawn_axes_have_their_ticks_where_the_values_are():
    axis = Axis((0, 5), LEFT, LEFT + 920)
    drawn = bottom_axis(axis, 280)
    places = dict(re.findall(r'<text x="([\d.]+)" y="288.0">([\d.]+)</text>', drawn))
    assert {float(x): float(text) for x, text in places.items()} == {LEFT + 184.0 * i: i for i in range(6)}
    assert drawn.count("<line") == 1 + len(places)
    up = left_axis(Axis((0, 4), 200, 0, integer=True))
    assert re.findall(r'y="([\d.]+)">(\d)</text>', up) == [(f"{200 - 50 * i:.1f}", str(i)) for i in range(5)]
