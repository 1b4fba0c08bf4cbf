"""The papers' tables with the models of this evaluation as more rows: for pages and for Markdown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ncvc.evaluate.paper_tables import TABLES, PaperTable
from ncvc.evaluate.report.labels import two_decimals
from ncvc.evaluate.result import ModelResult, Result
from ncvc.evaluate.task_scores import TaskScores


@dataclass(frozen=True)
class FilledTable:
    """A table with rows of this evaluation behind the published ones."""

    paper: PaperTable
    own: Sequence[tuple[str, Sequence[str]]]
    """Model → cells in the table's form."""
    leakage: Sequence[str]
    """For each task, how many test documents the training split has; empty where there is no such split."""


def filled_tables(result: Result) -> Iterator[FilledTable]:
    """Yields the tables of which this evaluation has at least one task."""
    for paper in TABLES:
        own = [
            (each.model.name, [_cell(paper, each.tasks.get(task)) for task in paper.tasks]) for each in result.models
        ]
        if any(cell for _, cells in own for cell in cells):
            yield FilledTable(paper, own, _leakage(paper, result.models[0]))


def _cell(paper: PaperTable, scores: TaskScores | None) -> str:
    if scores is None:
        return ""
    if scores.exam:
        share = scores.exam.points / scores.exam.total if scores.exam.total else 0.0
        return f"{scores.exam.points} ({share:.1%})"
    outside, inside = (scores.scores[name].value for name in paper.scores)
    return f"{two_decimals(outside)}({two_decimals(inside)})"


def _leakage(paper: PaperTable, model: ModelResult) -> list[str]:
    found = [model.tasks.get(task) for task in paper.tasks]
    if not any(scores and scores.seen is not None for scores in found):
        return []
    return [f"{scores.seen} / {scores.rows}" if scores and scores.seen is not None else "" for scores in found]
