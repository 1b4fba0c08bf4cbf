"""Chance, beside draws of random answers that the scorers score."""

import random
from pathlib import Path
from statistics import mean

import pytest

from ncvc.data.prepare import prepare_igakuqa
from ncvc.data.rows import Exam, Message, Row, Source, read_rows
from ncvc.evaluate import scorers
from ncvc.evaluate.chance import chance, row_chance


def row(kind: str, labels: str, gold: tuple[str, ...], problem: str = "") -> Row:
    exam = Exam(problem=problem, year=2018, section="A", points=1, required=False, forbidden=(), text_only=True)
    return Row(
        id="", suite="", task="t", split="test", kind=kind, messages=(Message(role="user", content="?"),),
        choices={label: label for label in labels}, answer="", gold=gold, subject="", licence="",
        source=Source(file="", row=0), exam=exam if problem else None,
    )  # fmt: skip


def test_choices_are_hit_as_often_as_draws_hit_them() -> None:
    rows = [row("choice", "ABCD", ("B",)), row("choice", "AB", ("A",)), row("choice", "ABCDEF", ("F",))]
    draw = random.Random(1)
    hits = [draw.choice(list(each.choices)) == each.gold[0] for _ in range(20_000) for each in rows]
    assert chance(rows) == pytest.approx(mean(hits), abs=0.01)


def test_problems_of_the_examination_are_hit_as_often_as_draws_hit_them() -> None:
    rows = [
        row("exam", "abcde", ("c",), "112A1"),
        row("exam", "abcde", ("a", "d"), "112A2"),
        row("exam", "abcde", ("a",), "112B30"),
        row("exam", "abcde", ("b",), "116A71"),
        row("exam", "", ("37",), "112A3"),
    ]
    draw = random.Random(2)
    hits = [
        bool(each.exam)
        and scorers.exam_is_right(
            each.exam.problem, ",".join(draw.sample(sorted(each.choices), len(each.gold))), each.gold
        )
        if each.choices
        else False
        for _ in range(20_000)
        for each in rows
    ]
    assert chance(rows) == pytest.approx(mean(hits), abs=0.01)


def test_entities_are_those_of_another_question() -> None:
    rows = [row("entities", "", gold) for gold in (("a", "b"), ("b",), ("c",))]
    # F1 of {a, b} and {b}: 2 of 1 + 2, of two of the six ordered pairs; nothing is in common otherwise.
    assert chance(rows) == pytest.approx(2 * (2 / 3) / 6)
    assert chance(rows[:1]) is None


def test_the_licensing_examination_as_it_is_published(shared: Path, tmp_path: Path) -> None:
    prepare_igakuqa(shared / "igakuqa", tmp_path / "igakuqa")
    rows = list(read_rows(tmp_path / "igakuqa/test.jsonl"))
    points = [each.exam.points if each.exam else 0 for each in rows]
    share = sum(row_chance(each) * count for each, count in zip(rows, points, strict=True)) / sum(points)
    assert round(share, 3) == 0.187  # computed from the benchmark's files by another author: 18.7 % of the points
