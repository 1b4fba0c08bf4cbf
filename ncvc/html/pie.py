"""Pie charts as inline SVG; colours come from the page's style, so that they follow light and dark."""

import math
from collections.abc import Sequence

from ncvc.html.blocks import legend
from ncvc.html.markup import Html, element, joined, markup
from ncvc.units import percent


def pie(parts: Sequence[tuple[str | Html, float]]) -> Html:
    """Shares of a whole, clockwise from the top, with a legend; parts of 0 are left out."""
    parts = [(name, value) for name, value in parts if value > 0]
    if not parts:
        return Html("")
    whole = sum(value for _, value in parts)
    slices, keys, begin = [], [], 0.0
    for i, (name, value) in enumerate(parts):
        share, colour = value / whole, f"c{i % 8}"
        slices.append(_slice(begin, share, colour))
        keys.append((colour, joined([markup(name), Html(f" <b>{percent(value, whole)}</b>")])))
        begin += share
    svg = element("svg", *slices, viewBox="-1.02 -1.02 2.04 2.04", class_="pie", role="img")
    return element("div", svg, legend(keys, in_row=False), class_="pie-row")


def _slice(begin: float, share: float, colour: str) -> Html:
    if share > 0.9999:
        return Html(f'<circle r="1" class="{colour}"/>')
    x, y = _on_circle(begin)
    to_x, to_y = _on_circle(begin + share)
    large = int(share > 0.5)
    return Html(f'<path d="M0 0L{x:.4f} {y:.4f}A1 1 0 {large} 1 {to_x:.4f} {to_y:.4f}Z" class="{colour}"/>')


def _on_circle(turn: float) -> tuple[float, float]:
    return math.sin(2 * math.pi * turn), -math.cos(2 * math.pi * turn)
