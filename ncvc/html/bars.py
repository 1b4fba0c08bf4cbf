"""Bars that are drawn by the page's style alone."""

from collections.abc import Sequence

from ncvc.html.markup import Html, element


def bar(value: float, most: float) -> Html:
    """A bar for a cell of a table, as long as `value` is of `most`."""
    share = min(max(value / most, 0.0), 1.0) if most else 0.0
    return element("span", element("i", style=f"width:{100 * share:.2f}%"), class_="bar")


def stacked(parts: Sequence[tuple[str, float]]) -> Html:
    """One bar of shares; `parts` are colours, `c0` to `c7`, and amounts."""
    whole = sum(value for _, value in parts)
    spans = (
        element("span", class_=colour, style=f"width:{100 * value / whole:.3f}%") for colour, value in parts if value
    )
    return element("div", *spans, class_="stacked")
