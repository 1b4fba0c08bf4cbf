"""The curves of runs on one page that asks nothing of the network and has no script."""

from collections.abc import Callable, Sequence

from ncvc import __version__
from ncvc.html.blocks import row, section, table
from ncvc.html.labels import both, escaped
from ncvc.html.line_chart import STYLE, Line, chart
from ncvc.html.page import document
from ncvc.train.metrics.history import RunHistory, token_unit
from ncvc.train.metrics.log import Step
from ncvc.units import duration, number

UNITS = {"billions": "十億トークン", "millions": "百万トークン", "thousands": "千トークン", "": "トークン"}


def page(curves: Sequence[RunHistory]) -> str:
    """The whole page; the same curves give the same bytes."""
    scale, unit = token_unit(curves)
    steps = both("step", "ステップ")
    tokens = both(f"{unit} of tokens seen" if unit else "tokens seen", f"学習済み（{UNITS[unit]}）")
    body = [
        section(both("Runs", "学習の一覧"), _summary(curves)),
        _panel(
            curves,
            both("Loss over steps", "ステップごとの損失"),
            chart([_losses(curve, 1.0) for curve in curves]),
            steps,
            both(
                "Nats per token. Faint: each step; strong: smoothed; dots: validation; dashed: the run went on;"
                " red marks: skipped steps.",
                "1トークンあたりのナット。薄い線：各ステップ、濃い線：平滑化、点：検証、破線：再開、赤い印：スキップ。",
            ),
        ),
        _panel(
            curves,
            both("Loss over tokens", "トークン数ごとの損失"),
            chart([_losses(curve, curve.tokens_a_step / scale) for curve in curves]),
            tokens,
        ),
        section(both("Validation by source", "ソース別の検証損失"), _sources(curves)),
        _panel(curves, both("Learning rate", "学習率"), chart(_each(curves, lambda step: step.lr)), steps),
        _panel(
            curves,
            both("Gradient norm", "勾配ノルム"),
            chart(_each(curves, lambda step: step.grad_norm), logarithmic=True),
            steps,
            both("Before clipping, on a logarithmic scale.", "クリッピング前、対数目盛。"),
        ),
    ]
    names = "、".join(escaped(curve.name) for curve in curves)
    head = f'<h1>{both("Training", "学習曲線")}</h1>\n<p class="soft">{names}</p>'
    return document("ncvc · 学習曲線 / Training", head, "".join(body), __version__, STYLE)


def _panel(curves: Sequence[RunHistory], title: str, drawing: str, x: str, note: str = "") -> str:
    """A chart with its legend and the name of its horizontal axis."""
    keys = "".join(
        f'<li><span class="key c{i % 8}"></span>{escaped(curve.name)}</li>' for i, curve in enumerate(curves)
    )
    return section(title, f'<ul class="legend row">{keys}</ul>{drawing}<p class="note axis">{x}</p>', note)


def _losses(curve: RunHistory, width: float) -> Line:
    """A run's losses, a step being `width` wide."""
    return Line(
        curve.name,
        mean=[(step.step * width, loss) for step, loss in zip(curve.steps, curve.smoothed, strict=True)],
        raw=[(step.step * width, step.loss) for step in curve.steps],
        dots=[(step * width, loss) for step, loss in curve.validation],
        resumed=[step * width for step in curve.resumed],
        skipped=[step * width for step in curve.skipped],
    )


def _each(curves: Sequence[RunHistory], value: Callable[[Step], float]) -> list[Line]:
    return [Line(curve.name, mean=[(step.step, value(step)) for step in curve.steps]) for curve in curves]


def _summary(curves: Sequence[RunHistory]) -> str:
    head = [
        both("run", "学習"),
        both("steps", "ステップ"),
        both("tokens", "トークン"),
        both("loss, smoothed", "損失（平滑化）"),
        both("validation", "検証損失"),
        both("tokens/s", "トークン/秒"),
        both("time of steps", "所要時間"),
        both("skipped", "スキップ"),
        both("went on", "再開"),
        both("config", "設定"),
    ]
    rows = [
        row(
            escaped(curve.name),
            number(curve.steps[-1].step),
            number(curve.steps[-1].tokens),
            f"{curve.smoothed[-1]:.4f}",
            f"{curve.validation[-1][1]:.4f}" if curve.validation else "–",
            f"{len(curve.steps) * curve.tokens_a_step / curve.seconds:,.0f}" if curve.seconds else "–",
            duration(curve.seconds),
            number(len(curve.skipped)),
            number(len(curve.resumed)),
            f'<span title="{curve.config}">{curve.config[:12]}</span>' if curve.config else "–",
        )
        for curve in curves
    ]
    return table(head, rows)


def _sources(curves: Sequence[RunHistory]) -> str:
    """The last validation of each source in each run; nothing where nothing was validated."""
    names = list(dict.fromkeys(name for curve in curves for name in curve.sources))
    if not names:
        return ""
    head = [both("source", "ソース"), *(escaped(curve.name) for curve in curves)]
    rows = [
        row(escaped(name), *(f"{curve.sources[name]:.4f}" if name in curve.sources else "–" for curve in curves))
        for name in names
    ]
    return table(head, rows)
