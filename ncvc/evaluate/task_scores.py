"""Scores of a task: means and kappa with intervals, by subject, on unseen documents, points of the examination."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ncvc.data.jmed_llm import TASKS
from ncvc.data.rows import Row
from ncvc.evaluate.chance import chance
from ncvc.evaluate.intervals import bootstrap_interval, mean_interval, paired_test
from ncvc.evaluate.row_scores import MAIN, RowScore
from ncvc.evaluate.scorers import cohen_kappa

REQUIRED_SHARE = 0.8
"""Share of the points of the required sections that passes."""
LINEAR = frozenset(task.name for task in TASKS if task.linear)


@dataclass(frozen=True)
class Score:
    """A score with its 95 % interval; None where it is no number."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class ExamScore:
    """Points of a year's examination, by the original scorer."""

    points: int
    total: int
    required: int
    required_total: int
    general: int
    general_total: int
    forbidden_chosen: int
    forbidden_problems: int
    """Problems that have forbidden choices."""

    @property
    def passes_required(self) -> bool:
        """True if the required sections are passed."""
        return self.required >= REQUIRED_SHARE * self.required_total


@dataclass(frozen=True)
class TaskScores:
    """Scores of one model in one task."""

    task: str
    suite: str
    kind: str
    rows: int
    scores: dict[str, Score]
    chance: float | None
    """Main score of answers that do not depend on the question; see `ncvc.evaluate.chance`."""
    unparseable: dict[str, int]
    """Kind → rows."""
    by_subject: dict[str, tuple[int, float]]
    """Subject → rows, and the mean of the main score."""
    seen: int | None
    """Rows whose document is in the training split; None where the benchmark has no such split."""
    unseen_score: float | None
    """Mean of the main score over the other rows; None where there are none."""
    exam: ExamScore | None = None
    versus: dict[str, float] = field(default_factory=dict)
    """Name of another model → p-value of the paired test with the main score."""

    @property
    def main(self) -> Score:
        """The main score."""
        return self.scores[MAIN[self.kind]]

    @property
    def beats_chance(self) -> bool:
        """True if the whole 95 % interval of the main score is above chance."""
        return self.chance is not None and self.main.low is not None and self.main.low > self.chance

    def dump(self) -> dict[str, Any]:
        """Returns them as a JSON value, with the name of the main score."""
        return asdict(self) | {"main": MAIN[self.kind], "beats_chance": self.beats_chance}


def score_task(rows: Sequence[Row], scored: Sequence[RowScore], versus: dict[str, float] | None = None) -> TaskScores:
    """Adds the scores of a task's rows up; rows and scores belong together. `versus`: see `TaskScores`."""
    first = rows[0]
    main = MAIN[first.kind]
    scores = {}
    for name in dict.fromkeys(name for each in scored for name in each.scores):
        if name.startswith("likelihood"):
            # Of problems with choices; one that the model cannot hold is wrong.
            values = [each.scores.get(name, 0.0) for row, each in zip(rows, scored, strict=True) if row.choices]
            scores[name] = _mean(values)
        elif not name.startswith("points"):
            scores[name] = _mean([each.scores[name] for each in scored])
    if first.kind == "choice":
        scores = {"kappa": _kappa(rows, scored), **scores}
    subjects: dict[str, list[float]] = {}
    for row, each in zip(rows, scored, strict=True):
        if row.subject:
            subjects.setdefault(row.subject, []).append(each.scores[main])
    known = [row for row in rows if row.document_in_train is not None]
    unseen = [each.scores[main] for row, each in zip(rows, scored, strict=True) if row.document_in_train is False]
    return TaskScores(
        task=first.task,
        suite=first.suite,
        kind=first.kind,
        rows=len(rows),
        scores=scores,
        chance=chance(rows),
        unparseable=dict(sorted(Counter(each.unparseable for each in scored if each.unparseable).items())),
        by_subject={name: (len(values), sum(values) / len(values)) for name, values in sorted(subjects.items())},
        seen=sum(bool(row.document_in_train) for row in known) if known else None,
        unseen_score=sum(unseen) / len(unseen) if unseen else None,
        exam=_exam(rows, scored) if first.kind == "exam" else None,
        versus=versus or {},
    )


def compare(one: Sequence[RowScore], other: Sequence[RowScore], kind: str) -> float:
    """The p-value of the paired test of two models on the same rows, by the main score."""
    main = MAIN[kind]
    return paired_test([each.scores[main] for each in one], [each.scores[main] for each in other])


def _mean(values: list[float]) -> Score:
    low, high = map(_number, mean_interval(values))
    return Score(sum(values) / len(values), low, high)


def _kappa(rows: Sequence[Row], scored: Sequence[RowScore]) -> Score:
    linear = rows[0].task in LINEAR
    gold, predicted = [row.gold[0] for row in rows], [each.parsed[0] for each in scored]

    def kappa(places: Sequence[int]) -> float:
        return cohen_kappa([gold[i] for i in places], [predicted[i] for i in places], linear=linear)

    return Score(*(_number(value) for value in (kappa(range(len(rows))), *bootstrap_interval(kappa, len(rows)))))


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _exam(rows: Sequence[Row], scored: Sequence[RowScore]) -> ExamScore:
    def points(count: Callable[[Row], bool], name: str | None) -> int:
        pairs = [(row.exam, each) for row, each in zip(rows, scored, strict=True) if row.exam and count(row)]
        return sum(int(each.scores[name]) if name else exam.points for exam, each in pairs)

    def required(row: Row) -> bool:
        return row.exam is not None and row.exam.required

    return ExamScore(
        points=points(lambda _row: True, "points"),
        total=points(lambda _row: True, None),
        required=points(required, "points"),
        required_total=points(required, None),
        general=points(lambda row: not required(row), "points"),
        general_total=points(lambda row: not required(row), None),
        forbidden_chosen=sum(int(each.scores["forbidden"]) for each in scored),
        forbidden_problems=sum(bool(row.exam and row.exam.forbidden) for row in rows),
    )
