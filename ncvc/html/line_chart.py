"""Curves as inline SVG, without scripts: what lies under the pointer is in titles, which browsers show."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

Point = tuple[float, float]

WIDTH, HEIGHT, LEFT, BELOW = 920, 280, 58, 24  # pixels of the drawing, and beside and below it
MARGIN = 0.04
"""Left free above the highest and below the lowest point, as a share of what is between them."""
COLUMNS = 460
"""Of the many steps that share a column of two pixels, the lowest and the highest are drawn."""
HOVERED = 92
"""Columns that say their values under the pointer."""
STROKES = "".join(f".chart .s{i} {{ stroke: var(--c{i}) }} " for i in range(8))  # the shared style's colours
STYLE = f"""\
.chart {{ width: 100% }} .chart text {{ font-size: 12px; fill: var(--soft) }} .chart .grid {{ stroke: var(--line) }}
.chart .end {{ text-anchor: end }} .chart .middle {{ text-anchor: middle }} .axis {{ text-align: center; margin: 0 }}
.chart path {{ fill: none; stroke-linejoin: round }} .chart .raw {{ stroke-width: 1; opacity: .3 }}
.chart .mean {{ stroke-width: 1.8 }} .chart .dot {{ stroke: var(--card) }}
.chart .resumed {{ stroke-dasharray: 3 4; opacity: .7 }} .chart .skipped {{ stroke-width: 3 }}
.chart .hover {{ fill: transparent }} .chart .hover:hover {{ fill: var(--ghost); opacity: .4 }}
{STROKES}
"""


@dataclass(frozen=True)
class Line:
    """What one run has in a chart; x of each list rises."""

    name: str
    mean: Sequence[Point]
    raw: Sequence[Point] = ()
    """Drawn faint below the mean."""
    dots: Sequence[Point] = ()
    resumed: Sequence[float] = ()
    skipped: Sequence[float] = ()


@dataclass(frozen=True)
class _Scale:
    """Numbers → pixels; y is a logarithm where `exponents`."""

    x: tuple[float, float]
    y: tuple[float, float]
    exponents: bool

    def across(self, x: float) -> float:
        low, high = self.x
        return LEFT + (x - low) / ((high - low) or 1.0) * WIDTH

    def up(self, y: float) -> float:
        low, high = self.y
        share = (self.level(y) - low) / ((high - low) or 1.0)
        return HEIGHT - min(max(share, 0.0), 1.0) * HEIGHT

    def level(self, y: float) -> float:
        return math.log10(y) if self.exponents else y


def chart(lines: Sequence[Line], *, logarithmic: bool = False) -> str:
    """Lines in the colours of their places; a logarithmic chart leaves out what is not above 0."""

    def drawable(point: Point) -> bool:
        return math.isfinite(point[1]) and (point[1] > 0 or not logarithmic)

    lines = [
        replace(
            line,
            mean=[*filter(drawable, line.mean)],
            raw=[*filter(drawable, line.raw)],
            dots=[*filter(drawable, line.dots)],
        )
        for line in lines
    ]
    points = [point for line in lines for point in (*line.mean, *line.raw, *line.dots)]
    if not points:
        return ""
    levels = [math.log10(y) if logarithmic else y for _, y in points]
    beyond = MARGIN * (max(levels) - min(levels))
    scale = _Scale(
        (min(x for x, _ in points), max(x for x, _ in points)),
        (min(levels) - beyond, max(levels) + beyond),
        logarithmic,
    )
    shapes = [_grid(scale)]
    for i, line in enumerate(lines):
        shapes += [
            _path(_extremes(line.raw, scale), scale, f"raw s{i % 8}"),
            _path(_thinned(line.mean, scale), scale, f"mean s{i % 8}"),
            *(_upright(x, scale, 0, f"resumed s{i % 8}", f"{line.name}: went on at {x:,.6g}") for x in line.resumed),
            *(_upright(x, scale, HEIGHT - 9, "skipped s3", f"{line.name}: skipped at {x:,.6g}") for x in line.skipped),
        ]
    shapes.append(_hover(lines, scale))
    for i, line in enumerate(lines):
        shapes += [
            f'<circle cx="{scale.across(x):.1f}" cy="{scale.up(y):.1f}" r="4" class="dot c{i % 8}">'
            f"<title>{html.escape(line.name)}: {y:.4f} at {x:,.6g}</title></circle>"
            for x, y in line.dots
        ]
    size = f"0 -8 {WIDTH + LEFT + 8} {HEIGHT + BELOW + 8}"
    return f'<svg viewBox="{size}" class="chart" role="img">{"".join(shapes)}</svg>'


def _path(points: Sequence[Point], scale: _Scale, kind: str) -> str:
    if not points:
        return ""
    way = "L".join(f"{scale.across(x):.1f} {scale.up(y):.1f}" for x, y in points)
    return f'<path d="M{way}" class="{kind}"/>'


def _columns(points: Sequence[Point], scale: _Scale, count: int) -> dict[int, list[Point]]:
    """Points by the column that they stand in."""
    columns: dict[int, list[Point]] = {}
    for point in points:
        columns.setdefault(int((scale.across(point[0]) - LEFT) / WIDTH * count), []).append(point)
    return columns


def _extremes(points: Sequence[Point], scale: _Scale) -> list[Point]:
    """Of each column the lowest and the highest point, in their order: no spike is lost."""
    found = []
    for column in _columns(points, scale, COLUMNS).values():
        ends = {min(column, key=_height), max(column, key=_height)}
        found += sorted(ends)
    return found


def _height(point: Point) -> float:
    return point[1]


def _thinned(points: Sequence[Point], scale: _Scale) -> list[Point]:
    """Of each column the last point; the first of all, too."""
    columns = _columns(points, scale, COLUMNS)
    return list(dict.fromkeys([*points[:1], *(column[-1] for column in columns.values())]))


def _upright(x: float, scale: _Scale, top: float, kind: str, title: str) -> str:
    place = f"{scale.across(x):.1f}"
    said = f"<title>{html.escape(title)}</title>"
    return f'<line x1="{place}" x2="{place}" y1="{top}" y2="{HEIGHT}" class="{kind}">{said}</line>'


def _hover(lines: Sequence[Line], scale: _Scale) -> str:
    """Columns that show, under the pointer, what each line has there."""
    by_line = [(line.name, _columns(line.mean, scale, HOVERED)) for line in lines]
    wide = WIDTH / HOVERED
    found = []
    for i in range(HOVERED + 1):
        here = [(name, columns[i][-1]) for name, columns in by_line if i in columns]
        if here:
            said = "\n".join(f"{name}: {y:.4g} at {x:,.6g}" for name, (x, y) in here)
            found.append(
                f'<rect x="{LEFT + i * wide:.1f}" y="0" width="{wide:.1f}" height="{HEIGHT}" class="hover">'
                f"<title>{html.escape(said)}</title></rect>"
            )
    return "".join(found)


def _grid(scale: _Scale) -> str:
    shapes = []
    for level in ticks(*scale.y, 5):
        y = HEIGHT - (level - scale.y[0]) / ((scale.y[1] - scale.y[0]) or 1.0) * HEIGHT
        text = f"{10**level:.3g}" if scale.exponents else f"{level:.6g}"
        shapes.append(
            f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" class="end">{text}</text>'
        )
    for x in ticks(*scale.x, 8):
        shapes.append(f'<text x="{scale.across(x):.1f}" y="{HEIGHT + 18}" class="middle">{x:,.6g}</text>')
    return "".join(shapes)


def ticks(low: float, high: float, count: int) -> list[float]:
    """At most about `count` round numbers from `low` to `high`: multiples of 1, 2 or 5 times a power of ten."""
    if high <= low:
        return [low]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]
