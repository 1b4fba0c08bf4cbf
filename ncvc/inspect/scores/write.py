"""Writes score curves: a panel a suite, a line a task, with intervals."""

from collections.abc import Sequence
from itertools import batched
from typing import Any

from ncvc.evaluate.report.labels import score_name, task_name
from ncvc.html.blocks import row, section, table
from ncvc.html.labels import both
from ncvc.html.line_chart import COLOURS, Line, line_chart
from ncvc.html.markup import Html
from ncvc.html.page import page
from ncvc.inspect.folder import Inspection
from ncvc.inspect.picture import drawable, picture
from ncvc.inspect.scores.curves import Curve, Point
from ncvc.train.metrics.history import unit_of
from ncvc.units import number

WIDTH, HEIGHT = 6.5, 3.4
"""Inches of a panel."""
STYLES = ("-", "--", ":", "-.")
"""Of runs, in turn."""
MARKS = "osD^vP*X"
APART = 0.008
"""Distance of two lines' points of the same tokens, as a share of the axis: intervals would hide each other."""


def write_scores(curves: Sequence[Curve], unplaced: Sequence[str], output: Inspection) -> dict[str, Any]:
    """Writes the picture, the page and the numbers; returns these."""
    numbers = {"curves": [curve.dump() for curve in curves], "without_tokens": list(unplaced)}
    with output.write(_page(curves, unplaced), numbers) as folder:
        suites = _suites(curves)
        with picture(folder / "scores.png", WIDTH, HEIGHT * len(suites)) as figure:
            panels = figure.subplots(len(suites), 1, squeeze=False)[:, 0]
            for axes, (suite, own) in zip(panels, suites.items(), strict=True):
                _panel(axes, suite, own)
    return numbers


def _suites(curves: Sequence[Curve]) -> dict[str, list[Curve]]:
    found: dict[str, list[Curve]] = {}
    for curve in curves:
        found.setdefault(curve.suite, []).append(curve)
    return found


def _panel(axes: Any, suite: str, curves: Sequence[Curve]) -> None:
    scale, unit = unit_of(max(point.tokens for curve in curves for point in curve.points))
    tasks = list(dict.fromkeys(curve.task for curve in curves))
    runs = list(dict.fromkeys(curve.run for curve in curves))
    tokens = [point.tokens / scale for curve in curves for point in curve.points]
    apart = APART * (max(tokens) - min(tokens))
    for place, curve in enumerate(curves):
        task = tasks.index(curve.task)
        shift = apart * (place - (len(curves) - 1) / 2)
        places = [point.tokens / scale + shift for point in curve.points]
        style = {"color": f"C{task % 10}", "linestyle": STYLES[runs.index(curve.run) % len(STYLES)]}
        axes.errorbar(
            places,
            [point.value for point in curve.points],
            yerr=[[_below(point) for point in curve.points], [_above(point) for point in curve.points]],
            marker=MARKS[task % len(MARKS)],
            markersize=4,
            linewidth=1.2,
            elinewidth=0.6,
            capsize=2,
            label=drawable(_name(curve, len(runs) > 1)),
            **style,
        )
        if curve.chance is not None:
            axes.axhline(curve.chance, color=style["color"], linewidth=0.6, linestyle=(0, (1, 3)))
    names = " / ".join(dict.fromkeys(curve.score for curve in curves))
    axes.set(xlabel=f"tokens seen ({unit})" if unit else "tokens seen", ylabel=names, title=drawable(suite))
    axes.grid(alpha=0.3)
    chance = "; dotted: chance" if any(curve.chance is not None for curve in curves) else ""
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7, title=f"bars: 95 %{chance}", title_fontsize=7)


def _below(point: Point) -> float:
    return 0.0 if point.low is None else max(point.value - point.low, 0.0)


def _above(point: Point) -> float:
    return 0.0 if point.high is None else max(point.high - point.value, 0.0)


def _name(curve: Curve, with_run: bool) -> str:
    return f"{curve.run}: {task_name(curve.task)}" if with_run and curve.run else task_name(curve.task)


def _page(curves: Sequence[Curve], unplaced: Sequence[str]) -> str:
    left_out = both(
        f"Without a number of tokens: {', '.join(unplaced)}", f"学習トークン数が不明なモデル：{', '.join(unplaced)}"
    )
    return page(
        ("Scores over seen tokens", "学習トークン数と得点"),
        *(section(suite, *_charts(own), _table(own)) for suite, own in _suites(curves).items()),
        subtitle=left_out if unplaced else "",
    )


def _charts(curves: Sequence[Curve]) -> list[Html]:
    runs = len({curve.run for curve in curves}) > 1
    lines = []
    for curve in curves:
        points = [(float(point.tokens), point.value) for point in curve.points]
        lines.append(Line(_name(curve, runs), points, dots=points))
    tokens, score = both("seen tokens", "学習トークン数"), both("score", "得点")
    return [line_chart(some, x_label=tokens, y_label=score) for some in batched(lines, COLOURS)]


def _table(curves: Sequence[Curve]) -> Html:
    head = [
        both("task", "課題"),
        both("model", "モデル"),
        both("seen tokens", "学習トークン数"),
        both("score", "得点"),
        both("95 % interval", "95%信頼区間"),
        both("chance", "偶然水準"),
        both("kind", "種類"),
    ]
    rows = [
        row(
            _name(curve, with_run=False),
            point.model,
            number(point.tokens),
            f"{point.value:z.3f}",
            "–" if point.low is None or point.high is None else f"{point.low:z.3f}–{point.high:z.3f}",
            "–" if curve.chance is None else f"{curve.chance:.3f}",
            score_name(curve.score),
        )
        for curve in curves
        for point in curve.points
    ]
    return table(head, rows)
