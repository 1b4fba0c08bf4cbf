"""`report.md`: the tables as Markdown, for a model card or a note."""

from collections.abc import Iterator, Sequence

from ncvc.evaluate.report.labels import SCORES, interval, task_name, two_decimals
from ncvc.evaluate.report.tables import filled_tables
from ncvc.evaluate.result import Result
from ncvc.evaluate.row_scores import MAIN
from ncvc.printable import printable


def markdown(result: Result) -> str:
    """The whole file."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: Result) -> Iterator[str]:
    yield "# Evaluation"
    yield ""
    if result.plan.limit:
        yield f"Only the first {result.plan.limit} questions of each task were asked."
        yield ""
    for filled in filled_tables(result):
        paper = filled.paper
        yield f"## Table {paper.number}: {paper.english}"
        yield ""
        rows = [[name, *cells] for name, cells in paper.rows]
        rows += [[_bold(_plain(name)), *map(_bold, cells)] for name, cells in filled.own]
        if filled.leakage:
            rows.append(["test documents in the training split", *filled.leakage])
        yield from _table(["", *paper.heads], rows)
        yield ""
    for suite in result.suites:
        for task in suite.tasks:
            yield from _task(result, task)
    yield "Scores with * are computed as the benchmark's own script does, quirks included; docs/scoring.md says how."


def _task(result: Result, task: str) -> Iterator[str]:
    first = result.models[0].tasks[task]
    yield f"## {task_name(task)}"
    yield ""
    names = list(dict.fromkeys(name for each in result.models for name in each.tasks[task].scores))
    rows = []
    for each in result.models:
        scores = each.tasks[task]
        cells = [
            f"{two_decimals(scores.scores[name].value)} ({interval(scores.scores[name])})"
            if name in scores.scores
            else ""
            for name in names
        ]
        kinds = ", ".join(f"{count} {kind}" for kind, count in scores.unparseable.items()) or "0"
        unseen = two_decimals(scores.unseen_score) if scores.seen else ""
        rows.append([_plain(each.model.name), *cells, kinds, unseen])
    yield from _table(
        ["", *(SCORES.get(name, (name, ""))[0] for name in names), "unparseable", "unseen documents"], rows
    )
    yield ""
    if first.chance is not None:
        yield f"By chance: {SCORES[MAIN[first.kind]][0]} {two_decimals(first.chance)}."
        yield ""
    if first.seen is not None:
        yield f"{first.seen} of {first.rows} test documents are in the training split."
        yield ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _bold(cell: str) -> str:
    return f"**{cell}**" if cell else ""


def _plain(text: str) -> str:
    """A name without what Markdown or HTML would make something of."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#&!" else c for c in printable(text))
