"""Histograms as inline SVG; counts under the pointer are in titles, which browsers show."""

from collections.abc import Sequence

from ncvc.html.axes import LEFT, WIDTH, Axis, bottom_axis, drawing, left_axis, svg_title
from ncvc.html.markup import Html, element
from ncvc.units import number

HEIGHT = 240
"""Pixels of the highest bar."""
FEWEST = 8
"""Bins that are shown at least, where there are as many: one bar alone says little."""


def histogram(
    edges: Sequence[float],
    counts: Sequence[int],
    *,
    beneath: Sequence[int] = (),
    integer: bool = False,
    x_label: str | Html = "",
    y_label: str | Html = "",
) -> Html:
    """Bars of equal width, one a bin; nothing if all counts are 0.

    Bin i holds the values from `edges[i]` up to, but without, `edges[i + 1]`; `integer` values are shown as such. Bins
    after the last count are empty, as those before the first and after the last that is not are left out. `beneath`
    are counts of the same bins that are drawn pale below the others, such as those before a change.
    """
    used = [i for series in (counts, beneath) for i, count in enumerate(series) if count]
    if not used:
        return Html("")
    first, last = _widened(min(used), max(used) + 1, len(edges) - 1)
    across = Axis(edges[first : last + 1], LEFT, LEFT + WIDTH, integer=integer)
    up = Axis((0, max([*counts, *beneath])), HEIGHT, 0, integer=True)
    bars = []
    for series, kind in ((beneath, "before"), (counts, "after")):
        for i, count in enumerate(series[first:last], first):
            if count:
                x, wide = across.place(edges[i]), WIDTH / (last - first)
                tall = max(HEIGHT - up.place(count), 1.0)
                title = svg_title(f"{_range(edges[i], edges[i + 1], integer)}: {number(count)}")
                bars.append(
                    element("rect", title, x=x, y=HEIGHT - tall, width=max(wide - 1, 0.5), height=tall, class_=kind)
                )
    grid = left_axis(up)
    return drawing(HEIGHT, grid, *bars, bottom_axis(across, HEIGHT), x_label=x_label, y_label=y_label)


def _widened(first: int, last: int, bins: int) -> tuple[int, int]:
    """At least `FEWEST` bins around those from `first` up to `last`."""
    missing = max(FEWEST - (last - first), 0)
    first = max(first - missing // 2, 0)
    last = min(max(last, first + FEWEST), bins)
    return max(min(first, last - FEWEST), 0), last


def _range(low: float, high: float, integer: bool) -> str:
    if not integer:
        return f"{low:,.6g}–{high:,.6g}"
    return number(int(low)) if high - low == 1 else f"{number(int(low))}–{number(int(high) - 1)}"
