"""Loss curves of runs on one page that asks nothing of the network and has no script."""

from collections.abc import Callable, Sequence
from itertools import batched

from ncvc.html.blocks import row, section, table
from ncvc.html.labels import both
from ncvc.html.line_chart import COLOURS, Line, Mark, line_chart
from ncvc.html.markup import Html, element, joined
from ncvc.html.page import page as html_page
from ncvc.train.metrics.history import RunHistory, token_unit
from ncvc.train.metrics.log import Step
from ncvc.units import duration, number

UNITS = {"billions": "十億トークン", "millions": "百万トークン", "thousands": "千トークン", "": "トークン"}


def page(histories: Sequence[RunHistory]) -> str:
    """Builds the whole page; the same histories give the same bytes."""
    names = joined((history.name for history in histories), Html("、"))
    return html_page(("Training", "学習曲線"), *sections(histories), subtitle=names)


def sections(histories: Sequence[RunHistory]) -> list[Html]:
    """Builds the sections of the page: a table of the runs, their losses, and what else the log has."""
    scale, unit = token_unit(histories)
    steps = both("step", "ステップ")
    tokens = both(f"{unit} of tokens seen" if unit else "tokens seen", f"学習済み（{UNITS[unit]}）")
    return [
        section(both("Runs", "学習の一覧"), _summary(histories)),
        section(
            both("Loss over steps", "ステップごとの損失"),
            line_chart([_losses(history, float) for history in histories], x_label=steps, integer_x=True),
            note=both(
                "Nats per token. Faint: each step; strong: smoothed; dots: validation; dashed: the run went on;"
                " long dashes: a stage began; red marks: skipped steps.",
                "1トークンあたりのナット。薄い線：各ステップ、濃い線：平滑化、点：検証、破線：再開、長い破線：段階の始まり、"
                "赤い印：スキップ。",
            ),
        ),
        section(
            both("Loss over tokens", "トークン数ごとの損失"),
            line_chart([_losses(history, _by_tokens(history, scale)) for history in histories], x_label=tokens),
        ),
        section(both("Validation by source", "ソース別の検証損失"), _sources(histories)),
        section(
            both("Benchmarks over tokens", "トークン数ごとのベンチマーク得点"),
            *(line_chart(some, x_label=tokens) for some in batched(_evaluations(histories, scale), COLOURS)),
        ),
        section(
            both("Learning rate", "学習率"),
            line_chart(_each(histories, lambda step: step.lr), x_label=steps, integer_x=True),
        ),
        section(
            both("Gradient norm", "勾配ノルム"),
            line_chart(_each(histories, lambda step: step.grad_norm), x_label=steps, integer_x=True, logarithmic=True),
            note=both("Before clipping, on a logarithmic scale.", "クリッピング前、対数目盛。"),
        ),
    ]


def _losses(history: RunHistory, place: Callable[[int], float]) -> Line:
    """Losses of a run; `place`: of a step on the horizontal axis."""
    return Line(
        history.name,
        [(place(step.step), loss) for step, loss in zip(history.steps, history.smoothed, strict=True)],
        faint=[(place(step.step), step.loss) for step in history.steps],
        dots=[(place(step), loss) for step, loss in history.validation],
        marks=[
            *(Mark(place(step), "went on at") for step in history.resumed),
            *(Mark(place(step), "stage begins at", is_border=True) for step in history.stages),
            *(Mark(place(step), "skipped at", is_fault=True) for step in history.skipped),
        ],
    )


def _evaluations(histories: Sequence[RunHistory], scale: float) -> list[Line]:
    """Scores of the checkpoints that were measured, a line a task of each run."""
    lines = []
    for history in histories:
        place = _by_tokens(history, scale)
        for task, scores in history.evaluation.items():
            points = [(place(step), score) for step, score in scores]
            lines.append(Line(f"{history.name}: {task}" if len(histories) > 1 else task, points, dots=points))
    return lines


def _by_tokens(history: RunHistory, scale: float) -> Callable[[int], float]:
    """Places a step by the tokens seen."""
    return lambda step: history.tokens_at(step) / scale


def _each(histories: Sequence[RunHistory], value: Callable[[Step], float]) -> list[Line]:
    return [
        Line(
            history.name,
            [(step.step, value(step)) for step in history.steps],
            marks=[Mark(step, "stage begins at", is_border=True) for step in history.stages],
        )
        for history in histories
    ]


def _summary(histories: Sequence[RunHistory]) -> Html:
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
            history.name,
            number(history.steps[-1].step),
            number(history.steps[-1].tokens),
            f"{history.smoothed[-1]:.4f}",
            f"{history.validation[-1][1]:.4f}" if history.validation else "–",
            "–" if history.tokens_per_second is None else f"{history.tokens_per_second:,.0f}",
            duration(history.seconds),
            number(len(history.skipped)),
            number(len(history.resumed)),
            element("span", history.config[:12], title=history.config) if history.config else "–",
        )
        for history in histories
    ]
    return table(head, rows)


def _sources(histories: Sequence[RunHistory]) -> Html:
    """Table of the last validation by source and run; empty if no run was validated."""
    names = list(dict.fromkeys(name for history in histories for name in history.sources))
    head = [both("source", "ソース"), *(history.name for history in histories)]
    rows = [
        row(
            name,
            *(f"{history.sources[name]:.4f}" if name in history.sources else "–" for history in histories),
        )
        for name in names
    ]
    return table(head, rows)
