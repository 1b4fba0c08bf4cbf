"""The outcome of an evaluation, in memory and as `scores.json`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ncvc import __version__
from ncvc.data.rows import Row
from ncvc.evaluate.answers import AnswerRecord
from ncvc.evaluate.models import Model
from ncvc.evaluate.plan import Plan, Suite
from ncvc.evaluate.row_scores import RowScore, score_row
from ncvc.evaluate.task_scores import TaskScores, compare, score_task


@dataclass(frozen=True)
class ScoredRow:
    """A question, what a model said, and how it was scored."""

    row: Row
    record: AnswerRecord
    score: RowScore

    def dump(self) -> dict[str, Any]:
        """Returns it as a JSON value, a line of `answers/MODEL/TASK.jsonl`."""
        return {
            **self.record.model_dump(mode="json"),
            "gold": list(self.row.gold),
            "parsed": list(self.score.parsed),
            "unparseable": self.score.unparseable,
            "verdict": self.score.verdict,
            "scores": self.score.scores,
        }


@dataclass(frozen=True)
class ModelResult:
    """A model's answers and scores, by task."""

    model: Model
    facts: dict[str, Any]
    rows: dict[str, list[ScoredRow]]
    tasks: dict[str, TaskScores]


@dataclass(frozen=True)
class Result:
    """Outcome of an evaluation."""

    plan: Plan
    models: Sequence[ModelResult]

    @property
    def suites(self) -> Sequence[Suite]:
        """The benchmarks."""
        return self.plan.suites

    def dump(self) -> dict[str, Any]:
        """Returns it as `scores.json` has it."""
        return {
            "ncvc": __version__,
            "settings": self.plan.identity()["settings"],
            "suites": {
                suite.name: {"shots": len(suite.demonstrations) // 2, "leakage": suite.leakage} for suite in self.suites
            },
            "models": [
                {
                    "name": each.model.name,
                    "kind": each.model.kind,
                    "facts": each.facts,
                    "tasks": {name: scores.dump() for name, scores in each.tasks.items()},
                }
                for each in self.models
            ],
        }


def score_answers(plan: Plan, answered: Sequence[tuple[Model, dict[str, Any], dict[str, AnswerRecord]]]) -> Result:
    """Scores all answers; each model but the first is compared with the first."""
    found: list[ModelResult] = []
    for model, facts, records in answered:
        rows: dict[str, list[ScoredRow]] = {}
        tasks: dict[str, TaskScores] = {}
        for suite in plan.suites:
            for name, asked in suite.tasks.items():
                rows[name] = [ScoredRow(row, records[row.id], score_row(row, records[row.id])) for row in asked]
                scored = [each.score for each in rows[name]]
                versus = {}
                if found:
                    first = [each.score for each in found[0].rows[name]]
                    versus[found[0].model.name] = compare(scored, first, asked[0].kind)
                tasks[name] = score_task(asked, scored, versus)
        found.append(ModelResult(model, facts, rows, tasks))
    return Result(plan, found)
