"""Scores of one answer: how it was read, what it counts by each scorer, and the verdict for people."""

from dataclasses import dataclass
from typing import Literal

import ncvc
from ncvc.data.rows import Row
from ncvc.evaluate import scorers
from ncvc.evaluate.answers import AnswerRecord
from ncvc.evaluate.engine import TOO_LONG

Verdict = Literal["right", "wrong", "unparseable"]

MAIN = {"choice": "accuracy", "entities": "exact_f1", "exam": "accuracy"}
"""Kind of task → the score by which rows of two models are compared."""


@dataclass(frozen=True)
class RowScore:
    """An answer, scored."""

    parsed: tuple[str, ...]
    """Letter, entities, letters or number that were read; texts of what they are."""
    unparseable: str | None
    """Kind of an answer that could not be read; see docs/scoring.md, and `too long` of a prompt."""
    scores: dict[str, float]
    """Scorer → score; 0 or 1 where it is right or wrong."""
    verdict: Verdict
    """For the pages; right where the main score, or the one after normalisation, is 1."""


def score_row(row: Row, record: AnswerRecord) -> RowScore:
    """Scores an answer to a row by all scorers of its kind."""
    score = {"choice": _choice, "entities": _entities, "exam": _exam}[row.kind]
    parsed, unparseable, scores = score(row, record.answer)
    if record.finish == TOO_LONG:
        unparseable = TOO_LONG
    scores |= _likelihood(row, record)
    right = max(scores[MAIN[row.kind]], scores[f"{MAIN[row.kind]}_normalised"]) == 1
    verdict: Verdict = "right" if right else "unparseable" if unparseable else "wrong"
    return RowScore(parsed, unparseable, scores, verdict)


Scored = tuple[tuple[str, ...], str | None, dict[str, float]]


def _choice(row: Row, output: str) -> Scored:
    letter = scorers.first_letter(output)
    normalised = scorers.normalised_letter(output)
    scores = {"accuracy": float(letter == row.gold[0]), "accuracy_normalised": float(normalised == row.gold[0])}
    return (letter,), scorers.unparseable_choice(output, row.choices), scores


def _entities(row: Row, output: str) -> Scored:
    found = scorers.entity_list(output)
    gold, clean = (
        [normalise(text) for text in row.gold],
        [normalise(scorers.entity_text(value)) for value in found.values],
    )
    scores = {
        "exact_f1": scorers.original_exact_f1(row.gold, found.values),
        "original_partial_f1": scorers.original_partial_f1(row.gold, found.values),
        "partial_f1": scorers.partial_f1(row.gold, found.values),
        "exact_f1_normalised": scorers.exact_f1(gold, clean),
        "partial_f1_normalised": scorers.partial_f1(gold, clean),
    }
    return tuple(map(scorers.entity_text, found.values)), found.unparseable, scores


def _exam(row: Row, output: str) -> Scored:
    assert row.exam is not None
    problem, numeric = row.exam.problem, not row.choices
    right = scorers.exam_is_right(problem, output, row.gold)
    normalised = scorers.exam_is_right_normalised(problem, output, row.gold, numeric=numeric)
    letters = scorers.exam_letters(output)
    scores = {
        "accuracy": float(right),
        "points": float(right * row.exam.points),
        "accuracy_normalised": float(normalised),
        "points_normalised": float(normalised * row.exam.points),
        "forbidden": float(not numeric and not letters.isdisjoint(row.exam.forbidden)),
    }
    number = scorers.exam_number(output) if numeric else None
    parsed = tuple(sorted(letters)) if not numeric else () if number is None else (f"{number:g}",)
    return parsed, scorers.unparseable_exam(output, len(row.gold), numeric=numeric), scores


def normalise(text: str) -> str:
    """Cleans a text by ncvc's ten rules, as both sides of the normalised scores are; spaces at its ends go."""
    return ncvc.clean(text).replace("▁", " ").strip()


def _likelihood(row: Row, record: AnswerRecord) -> dict[str, float]:
    gold = tuple(sorted(row.gold))
    scores = {}
    if record.letters:
        scores["likelihood"] = float(scorers.likeliest(record.letters, len(gold)) == gold)
    if record.texts:
        logprobs = {label: logprob for label, (logprob, _) in record.texts.items()}
        characters = {label: count for label, (_, count) in record.texts.items()}
        by_character = scorers.per_character(logprobs, characters)
        scores["likelihood_text"] = float(scorers.likeliest(logprobs, len(gold)) == gold)
        scores["likelihood_text_per_character"] = float(scorers.likeliest(by_character, len(gold)) == gold)
    return scores
