"""Line charts as inline SVG, without scripts: values under the pointer are in titles, which browsers show."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter

from ncvc.html.axes import LEFT, WIDTH, Axis, bottom_axis, drawing, left_axis, svg_title
from ncvc.html.blocks import legend
from ncvc.html.markup import Html, element, joined

Point = tuple[float, float]

HEIGHT = 280
"""Pixels of the space for the lines."""
MARGIN = 0.04
"""Left free above the highest and below the lowest point, as a share of the distance between them."""
COLUMNS = 460
"""Of the many points that share a column of two pixels, the lowest and the highest are drawn."""
HOVERED = 92
"""Columns that show their values under the pointer."""
MARK = 9
"""Pixels of a short mark."""
COLOURS = 8
"""Lines of a chart that are told apart by their colours."""


@dataclass(frozen=True)
class Mark:
    """Something that happened at a place of a line."""

    x: float
    text: str
    """Follows the line's name under the pointer, and is followed by x."""
    is_fault: bool = False
    """Drawn as a short red mark at the bottom instead of a dashed line over the whole height."""
    is_border: bool = False
    """Drawn with long dashes, over the whole height."""


@dataclass(frozen=True)
class Line:
    """One line of a chart, in the colour of its place; x of each list rises. Only finite points are drawn."""

    name: str
    points: Sequence[Point]
    """No spike is lost, however many points there are, unless the line is a mean of what is `faint`."""
    faint: Sequence[Point] = ()
    """Drawn pale below the line, such as what the line is a mean of; no spike of it is lost."""
    dots: Sequence[Point] = ()
    marks: Sequence[Mark] = ()
    label: str | Html = ""
    """Name in the legend, where it is another one, as in two languages."""


@dataclass(frozen=True)
class _Plane:
    x: Axis
    y: Axis

    def place(self, point: Point) -> str:
        return f"{self.x.place(point[0]):.1f} {self.y.place(point[1]):.1f}"


def line_chart(
    lines: Sequence[Line],
    *,
    x_label: str | Html = "",
    y_label: str | Html = "",
    integer_x: bool = False,
    logarithmic: bool = False,
) -> Html:
    """A legend, the lines and their axes; nothing without a point.

    `integer_x`: ticks of x are integers, as those of steps are. A `logarithmic` y leaves out what is not above 0.
    """
    lines = [_drawable(line, 0.0 if logarithmic else -math.inf) for line in lines]
    points = [point for line in lines for point in (*line.points, *line.faint, *line.dots)]
    if not points:
        return Html("")
    plane = _plane(points, integer_x=integer_x, logarithmic=logarithmic)
    shapes = [left_axis(plane.y)]
    for i, line in enumerate(lines):
        shapes += [
            _path(_extremes(line.faint, plane), plane, f"faint s{i % COLOURS}"),
            _path((_thinned if line.faint else _extremes)(line.points, plane), plane, f"line s{i % COLOURS}"),
            *(_mark(line, mark, plane, f"s{i % COLOURS}") for mark in line.marks),
        ]
    shapes.append(_hover(lines, plane))
    for i, line in enumerate(lines):
        shapes += [
            element(
                "circle",
                svg_title(f"{line.name}: {y:.4f} at {x:,.6g}"),
                cx=plane.x.place(x),
                cy=plane.y.place(y),
                r="4",
                class_=f"dot c{i % COLOURS}",
            )
            for x, y in line.dots
        ]
    shapes.append(bottom_axis(plane.x, HEIGHT))
    names = legend((f"c{i % COLOURS}", line.label or line.name) for i, line in enumerate(lines))
    return joined([names, drawing(HEIGHT, *shapes, x_label=x_label, y_label=y_label)])


def _drawable(line: Line, above: float) -> Line:
    def kept(points: Sequence[Point]) -> list[Point]:
        return [point for point in points if math.isfinite(point[0]) and above < point[1] < math.inf]

    return replace(line, points=kept(line.points), faint=kept(line.faint), dots=kept(line.dots))


def _plane(points: Sequence[Point], *, integer_x: bool, logarithmic: bool) -> _Plane:
    across, up = [x for x, _ in points], [y for _, y in points]
    low, high = min(up), max(up)
    if logarithmic:
        beyond = (high / low) ** MARGIN
        low, high = low / beyond, high * beyond
    else:
        beyond = MARGIN * (high - low)
        low, high = low - beyond, high + beyond
    return _Plane(
        Axis((min(across), max(across)), LEFT, LEFT + WIDTH, integer=integer_x),
        Axis((low, high), HEIGHT, 0, logarithmic=logarithmic),
    )


def _path(points: Sequence[Point], plane: _Plane, kind: str) -> Html:
    if not points:
        return Html("")
    if len(points) == 1:  # a line without length, whose round ends are a dot
        return element("path", d=f"M{plane.place(points[0])}h0", class_=f"{kind} alone")
    return element("path", d=f"M{'L'.join(map(plane.place, points))}", class_=kind)


def _columns(points: Sequence[Point], plane: _Plane, count: int) -> dict[int, list[Point]]:
    """Points by the column that they stand in."""
    columns: dict[int, list[Point]] = {}
    for point in points:
        columns.setdefault(int((plane.x.place(point[0]) - LEFT) / WIDTH * count), []).append(point)
    return columns


_height: Callable[[Point], float] = itemgetter(1)


def _extremes(points: Sequence[Point], plane: _Plane) -> list[Point]:
    """Of each column the lowest and the highest point, in their order."""
    found = []
    for column in _columns(points, plane, COLUMNS).values():
        found += sorted({min(column, key=_height), max(column, key=_height)})
    return found


def _thinned(points: Sequence[Point], plane: _Plane) -> list[Point]:
    """Of each column the last point; the first of all, too."""
    columns = _columns(points, plane, COLUMNS)
    return list(dict.fromkeys([*points[:1], *(column[-1] for column in columns.values())]))


def _mark(line: Line, mark: Mark, plane: _Plane, colour: str) -> Html:
    x, title = plane.x.place(mark.x), svg_title(f"{line.name}: {mark.text} {mark.x:,.6g}")
    top, kind = (
        (HEIGHT - MARK, "fault") if mark.is_fault else (0, f"{'border' if mark.is_border else 'dashed'} {colour}")
    )
    return element("line", title, x1=x, x2=x, y1=top, y2=HEIGHT, class_=kind)


def _hover(lines: Sequence[Line], plane: _Plane) -> Html:
    """Columns that show, under the pointer, what each line has there."""
    by_line = [(line.name, _columns(line.points, plane, HOVERED)) for line in lines]
    wide = WIDTH / HOVERED
    found = []
    for i in range(HOVERED + 1):
        here = [(name, columns[i][-1]) for name, columns in by_line if i in columns]
        if here:
            said = "\n".join(f"{name}: {y:.4g} at {x:,.6g}" for name, (x, y) in here)
            found.append(
                element(
                    "rect", svg_title(said), x=LEFT + i * wide, y="0", width=wide, height=str(HEIGHT), class_="hover"
                )
            )
    return joined(found)
