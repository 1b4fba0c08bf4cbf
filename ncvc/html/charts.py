"""Charts as inline SVG; colours come from the page's style, so that they follow light and dark."""

import math
from collections.abc import Sequence

from ncvc.html.labels import escaped
from ncvc.units import number, percent, rounded


def pie(parts: Sequence[tuple[str, int]]) -> str:
    """Shares of a whole, clockwise from the top, with a legend."""
    whole = sum(value for _, value in parts)
    slices, legend, begin = [], [], 0.0
    for i, (name, value) in enumerate(parts):
        share = value / whole if whole else 0.0
        slices.append(_slice(begin, share, f"c{i % 8}"))
        legend.append(f'<li><span class="key c{i % 8}"></span>{escaped(name)} <b>{percent(value, whole)}</b></li>')
        begin += share
    drawing = f'<svg viewBox="-1.02 -1.02 2.04 2.04" class="pie" role="img">{"".join(slices)}</svg>'
    return f'<div class="pie-row">{drawing}<ul class="legend">{"".join(legend)}</ul></div>'


def _slice(begin: float, share: float, colour: str) -> str:
    if share > 0.9999:
        return f'<circle r="1" class="{colour}"/>'
    x, y = _on_circle(begin)
    to_x, to_y = _on_circle(begin + share)
    large = int(share > 0.5)
    return f'<path d="M0 0L{x:.4f} {y:.4f}A1 1 0 {large} 1 {to_x:.4f} {to_y:.4f}Z" class="{colour}"/>'


def _on_circle(turn: float) -> tuple[float, float]:
    return math.sin(2 * math.pi * turn), -math.cos(2 * math.pi * turn)


WIDTH, HEIGHT, BELOW = 640, 170, 26


def histogram(before: Sequence[int], after: Sequence[int]) -> str:
    """Two histograms of the engine's bins over one another: `before` as an area, `after` as bars."""
    counts = [*before, *after]
    if not any(counts):
        return ""
    used = [i for series in (before, after) for i, count in enumerate(series) if count]
    low, high, top = min(used), max(used) + 1, max(counts)
    step = WIDTH / (high - low)
    shapes = []
    for series, name in ((before, "before"), (after, "after")):
        for i, count in enumerate(series[low:high]):
            if count:
                tall = max(HEIGHT * count / top, 1)
                ends = f"{number(lower_bound(low + i))}–{number(lower_bound(low + i + 1) - 1)}"
                shapes.append(
                    f'<rect x="{i * step:.1f}" y="{HEIGHT - tall:.1f}" width="{max(step - 1, 0.5):.1f}"'
                    f' height="{tall:.1f}" class="{name}"><title>{ends}: {number(count)}</title></rect>'
                )
    every = max(4, math.ceil((high - low) / 8 / 4) * 4)
    labels = "".join(
        f'<text x="{(i - low) * step:.1f}" y="{HEIGHT + 18}">{rounded(lower_bound(i))}</text>'
        for i in range(-(-low // 4) * 4, high, every)
    )
    axis = f'<line x1="0" x2="{WIDTH}" y1="{HEIGHT}" y2="{HEIGHT}"/>'
    return (
        f'<svg viewBox="-8 -4 {WIDTH + 30} {HEIGHT + BELOW}" class="histogram" role="img">'
        f"{''.join(shapes)}{axis}{labels}</svg>"
    )


def stacked(parts: Sequence[tuple[str, int]]) -> str:
    """One bar of shares; `parts` are names of colours and amounts."""
    whole = sum(value for _, value in parts) or 1
    spans = "".join(
        f'<span class="{colour}" style="width:{100 * value / whole:.3f}%"></span>' for colour, value in parts if value
    )
    return f'<div class="stacked">{spans}</div>'


def bar(value: float, most: float) -> str:
    """A bar for a cell of a table."""
    return f'<span class="bar"><i style="width:{100 * value / most if most else 0:.2f}%"></i></span>'


def lower_bound(index: int) -> int:
    """The smallest value in a bin of a histogram: 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20 and so on."""
    octave, step = divmod(index, 4)
    return step if octave == 0 else (4 + step) << (octave - 1)
