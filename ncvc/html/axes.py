"""Axes of charts: places of values in pixels, round ticks, and both as SVG."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ncvc.html.markup import Html, element, joined, plain

WIDTH = 920
"""Pixels across the space that a chart draws in; the style makes a drawing as wide as its section."""
LEFT, RIGHT, ABOVE, BELOW = 58, 8, 8, 28
"""Pixels beside, above and below that space."""
APART_ACROSS, APART_UP = 100, 50
"""Pixels between two ticks, at least."""
SERIES = ((1, 2, 5), (1, 3), (1,))
"""Digits of the ticks where an axis spans powers of ten."""


@dataclass(frozen=True)
class Axis:
    """One side of a chart.

    `edges` rise and lie at equal distances from pixel `begin` to pixel `end`, and values between two edges in
    proportion: two edges make a linear axis, more the one of a histogram whose bins have a bar each.
    """

    edges: Sequence[float]
    begin: float
    end: float
    logarithmic: bool = False
    """True if values between two edges are placed by their logarithm; all are above 0 then."""
    integer: bool = False
    """True if only integers get ticks."""

    def place(self, value: float) -> float:
        """Pixel of a value; values beyond the axis lie at its ends, those of an axis without length in its middle."""
        edges = self.edges
        i = min(max(bisect_right(edges, value) - 1, 0), len(edges) - 2)
        low, high = self._level(edges[i]), self._level(edges[i + 1])
        if high <= low:
            share = 0.5
        elif value <= edges[0]:
            share = 0.0
        else:
            share = min((self._level(value) - low) / (high - low), 1.0)
        return self.begin + (i + share) / (len(edges) - 1) * (self.end - self.begin)

    def _level(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value

    def ticks(self, apart: float) -> list[float]:
        """Round values on the axis, as many as have places at least `apart` pixels from each other."""
        low, high = self.edges[0], self.edges[-1]
        if high <= low:
            return [low]
        for values in self._candidates(int(abs(self.end - self.begin) / apart)):
            # A 0 that crowds out the first powers of ten is worth more than they are.
            values = [value for value in values if value == values[0] or self._apart(values[0], value) >= apart]
            if len(values) > 1 and all(self._apart(a, b) >= apart for a, b in pairwise(values)):
                return values
        return [low, high]

    def _apart(self, a: float, b: float) -> float:
        return abs(self.place(b) - self.place(a)) * (1 + 1e-9)

    def _candidates(self, most: int) -> Iterator[list[float]]:
        """Ticks to choose from, the closest first."""
        low, high = self.edges[0], self.edges[-1]
        if self.logarithmic or self._widens():
            for values in power_ticks(low, high):
                if len(values) > 2:
                    yield values
        for count in range(max(most, 1), 0, -1):
            yield ticks(low, high, count, integer=self.integer)

    def _widens(self) -> bool:
        """Tells whether bins at the end are much wider than those at the beginning, as on a logarithmic scale."""
        edges = self.edges
        return edges[-1] - edges[-2] > 2 * (edges[1] - edges[0])


def ticks(low: float, high: float, count: int, *, integer: bool = False) -> list[float]:
    """At most `count` + 1 round numbers from `low` to `high`: multiples of 1, 2 or 5 times a power of ten."""
    if high <= low:
        return [low]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    if integer:
        step = max(step, 1.0)
    first = math.ceil(low / step - 1e-9)
    # Not rounded to decimals, which would make 0 of the smallest learning rates; 0.1 * 3 is 0.3 to 12 digits.
    return [float(f"{i * step:.12g}") for i in range(first, math.floor(high / step + 1e-9) + 1)]


def power_ticks(low: float, high: float) -> Iterator[list[float]]:
    """Lists of 1, 2 and 5 times the powers of ten from `low` to `high`, the closest first; 0 too if `low` is."""
    begin = [0.0] if low <= 0 else []
    positive = low if low > 0 else min(1.0, high)
    first, last = math.floor(math.log10(positive)), math.ceil(math.log10(high))
    for digits in SERIES:
        values = (float(f"{digit}e{power}") for power in range(first, last + 1) for digit in digits)
        yield begin + [value for value in values if positive <= value <= high]
    for every in (2, 3, 4):
        values = (float(f"1e{power}") for power in range(first, last + 1) if power % every == 0)
        yield begin + [value for value in values if positive <= value <= high]


def tick_label(value: float) -> str:
    """5, 0.25, 24,000, 1.5M."""
    for unit, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if abs(value) >= unit:
            return f"{value / unit:.6g}{letter}"
    return f"{value:,.6g}"


def svg_text(text: str, *, x: float, y: float) -> Html:
    """Text of a drawing, in which `bdi` would not be shown."""
    return element("text", Html(plain(text)), x=x, y=y)


def svg_title(text: str) -> Html:
    """Text that is shown where the pointer rests on a shape."""
    return element("title", Html(plain(text)))


def bottom_axis(axis: Axis, y: float) -> Html:
    """A line along the bottom of a chart, with ticks and their values."""
    places = [(axis.place(value), tick_label(value)) for value in axis.ticks(APART_ACROSS)]
    return element(
        "g",
        element("line", x1=axis.begin, x2=axis.end, y1=y, y2=y),
        *(element("line", x1=x, x2=x, y1=y, y2=y + 4) for x, _ in places),
        *(svg_text(label, x=x, y=y + 8) for x, label in places),
        class_="x",
    )


def left_axis(axis: Axis) -> Html:
    """Lines across a chart, with their values left of them."""
    places = [(axis.place(value), tick_label(value)) for value in axis.ticks(APART_UP)]
    return element(
        "g",
        *(element("line", x1=LEFT, x2=LEFT + WIDTH, y1=y, y2=y) for y, _ in places),
        *(svg_text(label, x=LEFT - 8, y=y) for y, label in places),
        class_="y",
    )


def drawing(height: float, *shapes: Html, x_label: str | Html = "", y_label: str | Html = "") -> Html:
    """An SVG of a chart whose space is `height` pixels high, with the names of its axes above and below."""
    box = f"0 {-ABOVE} {LEFT + WIDTH + RIGHT} {ABOVE + height + BELOW:.0f}"
    return joined(
        [
            element("p", y_label, class_="note axis-y") if y_label else "",
            element("svg", *shapes, viewBox=box, class_="chart", role="img"),
            element("p", x_label, class_="note axis-x") if x_label else "",
        ]
    )
