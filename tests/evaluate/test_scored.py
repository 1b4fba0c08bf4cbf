"""Scores of tasks from given answers, worked out by hand."""

import pytest

from ncvc.data.rows import Exam, Message, Row, Source
from ncvc.evaluate.answers import AnswerRecord
from ncvc.evaluate.row_scores import RowScore, score_row
from ncvc.evaluate.task_scores import score_task


def row(number: int, kind: str, gold: tuple[str, ...], **more: object) -> Row:
    choices = {
        "choice": {letter: letter for letter in "ABCD"},
        "entities": {},
        "exam": {letter: letter for letter in "abcde"},
    }
    values = {
        "id": f"t/{number}",
        "suite": "s",
        "task": "crade",
        "split": "test",
        "kind": kind,
        "messages": (Message(role="user", content="問"),),
        "choices": choices[kind],
        "answer": ",".join(gold),
        "gold": gold,
        "subject": "肺" if number % 2 else "心臓",
        "licence": "",
        "source": Source(file="f", row=number),
    }
    return Row(**values | more)


def said(text: str, number: int, **more: object) -> AnswerRecord:
    return AnswerRecord(id=f"t/{number}", prompt="p", is_chat=False, answer=text, finish="length", tokens=1, **more)


def scored(rows: list[Row], texts: list[str]) -> list[RowScore]:
    return [score_row(each, said(text, number)) for number, (each, text) in enumerate(zip(rows, texts, strict=True))]


def test_a_choice_task() -> None:
    rows = [row(number, "choice", (letter,), document_in_train=number < 2) for number, letter in enumerate("ABCD")]
    found = score_task(rows, scored(rows, ["A", "Ｂ", "", "F"]))
    assert found.scores["accuracy"].value == 0.25
    assert found.scores["accuracy_normalised"].value == 0.5
    # Linear weights over the places of A, B, C, D, F, None.
    gold, predicted = [0, 1, 2, 3], [0, 5, 5, 4]
    observed = sum(abs(a - b) for a, b in zip(gold, predicted, strict=True))
    by_chance = sum(abs(a - b) for a in gold for b in predicted) / 4
    assert found.scores["kappa"].value == pytest.approx(1 - observed / by_chance)
    assert found.unparseable == {"empty": 1, "no letter": 1, "other letter": 1}
    assert found.by_subject == {"心臓": (2, 0.5), "肺": (2, 0.0)}
    assert (found.seen, found.unseen_score) == (2, 0.0)
    assert [each.verdict for each in scored(rows, ["A", "Ｂ", "", "A"])] == ["right", "right", "unparseable", "wrong"]


def test_an_entity_task_is_normalised_on_both_sides() -> None:
    rows = [
        row(0, "entities", ("Ｓ－１", "肝転移"), task="mrner_medicine"),
        row(1, "entities", ("咳",), task="mrner_medicine"),
    ]
    found = score_task(rows, scored(rows, ["['S-1', '肝']", "咳"]))
    assert found.scores["exact_f1"].value == 0
    assert found.scores["exact_f1_normalised"].value == pytest.approx(0.25)
    assert found.scores["partial_f1"].value == pytest.approx(0.25)
    assert found.scores["partial_f1_normalised"].value == pytest.approx(0.5)
    assert found.scores["original_partial_f1"].value == 0
    assert found.unparseable == {"not a literal": 1}


def exam(number: int, gold: tuple[str, ...], points: int, section: str, forbidden: tuple[str, ...] = ()) -> Row:
    about = Exam(
        problem=f"115{section}{number}",
        year=2021,
        section=section,
        points=points,
        required=section in "BE",
        forbidden=forbidden,
        text_only=True,
    )
    return row(number, "exam", gold, exam=about, task="igakuqa_2021")


def test_an_examination() -> None:
    rows = [
        exam(0, ("a",), 1, "A", ("c",)),
        exam(1, ("a", "b"), 3, "B"),
        exam(2, ("d",), 3, "B", ("e",)),
        exam(3, ("e",), 0, "E"),
    ]
    found = score_task(rows, scored(rows, ["c", "b,a", "ｅ", "わからない"]))
    assert found.exam is not None
    assert (found.exam.points, found.exam.total) == (3, 7)
    assert (found.exam.required, found.exam.required_total) == (3, 6)
    assert (found.exam.general, found.exam.general_total) == (0, 1)
    assert (found.exam.forbidden_chosen, found.exam.forbidden_problems) == (2, 2)
    assert not found.exam.passes_required
    assert found.scores["accuracy"].value == 0.25
    assert found.seen is None
    numeric = score_row(rows[0].model_copy(update={"choices": {}, "gold": ("26",)}), said("約26Torr", 0))
    assert (numeric.parsed, numeric.scores["accuracy"], numeric.scores["accuracy_normalised"]) == (("26",), 0, 1)


def test_choices_are_also_judged_by_likelihood() -> None:
    one = score_row(
        row(0, "choice", ("B",)), said("", 0, letters={"A": -2, "B": -1}, texts={"A": (-4, 1), "B": (-5, 10)})
    )
    assert one.scores["likelihood"] == 1
    assert one.scores["likelihood_text"] == 0
    assert one.scores["likelihood_text_per_character"] == 1
    two = score_row(exam(0, ("b", "a"), 1, "A"), said("", 0, letters={"a": -1, "b": -2, "c": -3}))
    assert two.scores["likelihood"] == 1


def test_likelihood_counts_problems_with_choices_and_those_too_long_as_wrong() -> None:
    rows = [exam(number, ("a",), 1, "A") for number in range(4)]
    rows[3] = rows[3].model_copy(update={"choices": {}, "gold": ("26",)})
    letters = {"a": -1.0, "b": -2.0}
    found = score_task(rows, [score_row(rows[0], said("", 0, letters=letters)), *scored(rows[1:], [""] * 3)])
    assert found.scores["likelihood"].value == pytest.approx(1 / 3)
    assert "likelihood_text" not in found.scores
