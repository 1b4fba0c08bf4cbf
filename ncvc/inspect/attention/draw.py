"""Pictures of attention: maps of layers, and shares over layers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ncvc.inspect.attention.maps import Map
from ncvc.inspect.attention.packed import Packed
from ncvc.inspect.attention.shares import LABELS, Share
from ncvc.inspect.picture import drawable, picture

PANEL, LABELLED_PANEL = 2.4, 3.6
"""Inches of a map, and of one with labels."""
LABELLED = 60
"""Tokens at most whose pieces stand at the axes."""
GAMMA = 0.5
"""Power of the weights that the colour follows, so that small ones are seen."""
MARK = "#e0913a"


def draw_maps(packed: Packed, maps: Sequence[Sequence[Map]], path: Path) -> None:
    """Draws a row of maps a layer, or all layers in one row where each has one; ends of texts are marked."""
    from matplotlib.colors import PowerNorm

    rows = [[own[0] for own in maps]] if all(len(own) == 1 for own in maps) else maps
    across = max(map(len, rows))
    panel = LABELLED_PANEL if len(packed) <= LABELLED else PANEL
    norm = PowerNorm(GAMMA, 0, 1)
    with picture(path, panel * across + 0.8, (panel + 0.1) * len(rows)) as figure:
        grid = figure.subplots(len(rows), across, squeeze=False)
        for axes in grid.flat:
            axes.axis("off")
        image: Any = None
        for row, line in zip(grid, rows, strict=True):
            for axes, each in zip(row, line, strict=False):
                axes.axis("on")
                seen = np.ma.masked_where(~packed.visible, each.weights)
                image = axes.imshow(seen, cmap="viridis", norm=norm, interpolation="nearest")
                axes.set_title(each.name[0], fontsize=8)
                _mark(axes, packed)
        figure.colorbar(image, ax=grid, shrink=0.7, label="attention weight (colour: square root)")


def _mark(axes: Any, packed: Packed) -> None:
    """Marks ends of texts by lines, and names the positions."""
    last = len(packed) - 0.5
    for place in np.flatnonzero(packed.is_end):
        # Along the row that it asks and the column that it answers, not where nothing is.
        axes.plot([-0.5, place, place], [place, place, last], color=MARK, linewidth=0.6, linestyle=(0, (2, 2)))
    if len(packed) > LABELLED:
        ends = np.flatnonzero(packed.is_end)
        axes.set_xticks(ends, ["end"] * len(ends), fontsize=5, color=MARK)
        axes.set_yticks(ends, ["end"] * len(ends), fontsize=5, color=MARK)
        return
    names = [drawable(piece.replace("\n", "⏎").replace(" ", "▁")) for piece in packed.pieces]
    names = ["end" if end else name for name, end in zip(names, packed.is_end, strict=True)]
    axes.set_xticks(range(len(names)), names, fontsize=5, rotation=90)
    axes.set_yticks(range(len(names)), names, fontsize=5)
    for labels in (axes.get_xticklabels(), axes.get_yticklabels()):
        for place in np.flatnonzero(packed.is_end):
            labels[place].set_color(MARK)


def draw_shares(shares: Sequence[Share], path: Path) -> None:
    """Draws each share over the layers: mean of the heads, the span of them pale, a uniform head dotted."""
    from matplotlib.ticker import MaxNLocator

    with picture(path, 6.5, 3.2) as figure:
        axes = figure.add_subplot()
        for number, share in enumerate(shares):
            layers = np.arange(1, len(share.values) + 1)
            colour = f"C{number}"
            axes.plot(layers, share.values.mean(1), marker="o", markersize=3, color=colour, label=LABELS[share.kind][0])
            axes.fill_between(layers, share.values.min(1), share.values.max(1), color=colour, alpha=0.15, linewidth=0)
            axes.axhline(share.uniform, color=colour, linewidth=0.8, linestyle=":")
        axes.set(xlabel="layer", ylabel="share of attention", ylim=(0, 1))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        # In the figure's margin: the lines may be anywhere.
        figure.legend(
            loc="outside right upper",
            title="dotted: uniform attention\nshaded: from head to head",
            fontsize=8,
            title_fontsize=8,
        )
