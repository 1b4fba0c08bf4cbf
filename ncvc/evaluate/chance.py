"""Chance: the main score that comes of answering without reading the question."""

from collections.abc import Sequence
from math import comb

from ncvc.data.rows import Row
from ncvc.evaluate.scorers import ALTERNATIVES, ALWAYS_RIGHT, original_exact_f1

COMPARED = 500
"""Rows of an entity task whose answers are compared with each other, the first ones."""


def chance(rows: Sequence[Row]) -> float | None:
    """Returns the expected main score of a task's rows; docs/scoring.md has the rules. None of a single entity row.

    Choices: one of a question's labels is drawn; of the examination as many different ones as are asked for, and no
    number is hit. Entities: the gold answer to another question is given.
    """
    if rows[0].kind == "entities":
        return _another_answer([row.gold for row in rows[:COMPARED]])
    return sum(row_chance(row) for row in rows) / len(rows)


def row_chance(row: Row) -> float:
    """Returns the probability that a choice drawn without reading the question is right."""
    if row.exam is None:
        return 1 / len(row.choices)
    if row.exam.problem in ALWAYS_RIGHT:
        return 1.0
    if not row.choices:
        return 0.0
    right = len(ALTERNATIVES.get(row.exam.problem, ())) or 1
    return right / comb(len(row.choices), len(row.gold))


def _another_answer(answers: Sequence[Sequence[str]]) -> float | None:
    scores = [
        original_exact_f1(gold, given)
        for place, gold in enumerate(answers)
        for other, given in enumerate(answers)
        if place != other
    ]
    return sum(scores) / len(scores) if scores else None
