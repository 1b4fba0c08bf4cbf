"""Pictures of several small charts of lines, with one legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ncvc.inspect.picture import drawable, make_logarithmic, picture

MOST_NAMED = 8
"""Lines that the legend names; of more, the first and the last."""
COLUMNS = 3


@dataclass(frozen=True)
class Curve:
    """A line of a panel."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


def panels(
    path: Path,
    charts: Mapping[str, Sequence[Curve]],
    *,
    x_label: str,
    y_label: str,
    logarithmic: bool = False,
    integer_x: bool = True,
) -> None:
    """Draws a panel for each entry; curves of one name have one colour, in the order of the first panel's names."""
    names = list(dict.fromkeys(curve.name for curves in charts.values() for curve in curves))
    columns = min(COLUMNS, len(charts))
    rows = -(-len(charts) // columns)
    with picture(path, 2.4 * columns + 0.4, 2.0 * rows + 0.5) as figure:
        from matplotlib import colormaps
        from matplotlib.ticker import MaxNLocator

        shades = colormaps["viridis"]
        colours = {
            name: f"C{place}" if len(names) <= 2 else shades(0.92 * place / (len(names) - 1))
            for place, name in enumerate(names)
        }
        handles = {}
        for place, (title, curves) in enumerate(charts.items(), 1):
            axes = figure.add_subplot(rows, columns, place)
            for curve in curves:
                alone = "o" if len(curve.x) == 1 else ""
                (handles[curve.name],) = axes.plot(
                    curve.x, curve.y, color=colours[curve.name], linewidth=1.1, marker=alone, markersize=3
                )
            axes.set_title(drawable(title), fontsize=8)
            axes.tick_params(labelsize=7)
            axes.grid(alpha=0.3, linewidth=0.5)
            if logarithmic:
                make_logarithmic(axes)
            else:
                low, high = axes.get_ylim()
                axes.set_ylim(min(0.0, low), high + 0.05 * abs(high))
            if integer_x:
                axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
            if place > len(charts) - columns:
                axes.set_xlabel(x_label, fontsize=8)
        figure.supylabel(y_label, fontsize=8)
        shown = names if len(names) <= MOST_NAMED else [names[0], names[-1]]
        if len(names) > 1:
            figure.legend(
                [handles[name] for name in shown],
                [drawable(name) for name in shown],
                loc="outside lower center",
                ncols=min(len(shown), 4),
                fontsize=7,
            )
