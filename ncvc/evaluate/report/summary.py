"""The closing lines of the command: a table for a terminal."""

from collections.abc import Iterator

from ncvc.evaluate.report.labels import task_name, two_decimals
from ncvc.evaluate.result import Result
from ncvc.evaluate.task_scores import TaskScores


def summary_lines(result: Result) -> Iterator[str]:
    """Yields, for each model, a line a task with its published scores."""
    for each in result.models:
        yield f"{each.model.name}:"
        for task, scores in each.tasks.items():
            unparseable = sum(scores.unparseable.values())
            seen = f"; {scores.seen} of {scores.rows} documents in the training split" if scores.seen else ""
            above = f"; by chance {two_decimals(scores.chance)}" if scores.chance is not None else ""
            yield f"  {task_name(task)}: {_scores(scores)}{above}; {unparseable} of {scores.rows} unparseable{seen}"


def _scores(scores: TaskScores) -> str:
    if scores.exam:
        return f"{scores.exam.points} of {scores.exam.total} points"
    names = ("kappa", "accuracy") if scores.kind == "choice" else ("original_partial_f1", "exact_f1")
    outside, inside = (scores.scores[name].value for name in names)
    words = "kappa (accuracy)" if scores.kind == "choice" else "partial F1 (exact F1)"
    return f"{words} {two_decimals(outside)} ({two_decimals(inside)})"
