"""Scores worked out by hand from the benchmarks' specification, by another author than the scorers."""

import csv
import itertools
import json
import math
import unicodedata
from fractions import Fraction
from pathlib import Path

import pytest

from ncvc.evaluate import scorers


@pytest.mark.parametrize(
    ("output", "first", "normalised"),
    [
        ("", "None", "None"),
        ("B", "B", "B"),
        ("答えはCです。Aではない", "C", "C"),
        ("回答:Ｄ", "None", "D"),
        ("ＣよりB", "B", "C"),
        ("G, then F", "F", "F"),
        ("abcdef", "None", "None"),
        ("Definitely b", "D", "D"),
        ("Ⓔ", "None", "E"),
        ("\0\ud800A", "A", "A"),
    ],
)
def test_letters(output: str, first: str, normalised: str):
    assert (scorers.first_letter(output), scorers.normalised_letter(output)) == (first, normalised)


def test_accuracy_and_kappas():
    gold, said = ["A", "A", "B", "B"], ["A", "B", "B", "None"]
    assert scorers.accuracy(gold, said) == 0.5
    # By chance: A 2·1, B 2·2, None 0·1 of 16 → 6/16; kappa = (1/2 - 3/8) / (1 - 3/8).
    assert scorers.cohen_kappa(gold, said) == pytest.approx(0.2)
    # Distances seen: 0, 1, 0, 1 → 2/4. By chance, a row of A: 0 + 2·1 + 1·2, of B: 1 + 0 + 1·1 → (2·4 + 2·2) / 16.
    assert scorers.cohen_kappa(gold, said, linear=True) == pytest.approx(1 - (2 / 4) / (12 / 16))


def test_none_sorts_last_and_places_not_letters_count():
    # Labels that occur: A, F, None. From A to F is one place, as if B–E were not there.
    gold, said = ["A", "F", "A", "F"], ["F", "F", "A", "None"]
    # Seen: 1 + 0 + 0 + 1 → 2/4. By chance: A row 0·1 + 1·2 + 2·1 = 4, F row 1·1 + 0 + 1·1 = 2 → (2·4 + 2·2) / 16.
    assert scorers.cohen_kappa(gold, said, linear=True) == pytest.approx(1 - (2 / 4) / (12 / 16))


def test_kappa_at_its_ends():
    assert scorers.cohen_kappa(["A", "B"], ["A", "B"]) == 1
    assert scorers.cohen_kappa(["A", "B"], ["B", "A"]) == -1
    assert scorers.cohen_kappa(["A", "A"], ["B", "B"]) == 0
    assert scorers.cohen_kappa(["A", "A"], ["A", "A"]) != scorers.cohen_kappa(["A", "A"], ["A", "A"])  # NaN


@pytest.mark.parametrize(
    ("output", "values", "unparseable"),
    [
        ("['肺炎', '発熱']", ("肺炎", "発熱"), None),
        ('["肺炎",]', ("肺炎",), None),
        ("[]", (), None),
        ("['a'\n, 'a']  # twice", ("a", "a"), None),
        (" \t['a']\r\n", ("a",), None),
        ("['\\u80ba' r'\\d']", ("肺\\d",), None),
        ("[1, -2.5, 1+2j, None, True, ..., b'x', (1, 'a')]", (1, -2.5, 1 + 2j, None, True, ..., b"x", (1, "a")), None),
        ("\u3000\n", (), "empty"),
        ("肺炎", (), "not a literal"),
        ("['a'] + ['b']", (), "not a literal"),
        ("[f'a']", (), "not a literal"),
        ("[x for x in 'ab']", (), "not a literal"),
        ("['肺炎'", (), "not Python"),
        ("['a'] ['b'", (), "not Python"),
        ("['肺炎']。", (), "not Python"),
        ("```python\n['肺炎']\n```", (), "not Python"),
        ("['\0']", (), "not Python"),
        ("['\ud800']", (), "not Python"),
        ("[" * 100_000, (), "not Python"),
        ("-" * 100_000 + "1", (), "not Python"),
        ("'肺炎', '発熱'", (), "not a list"),
        ("{'a': 1}", (), "not a list"),
        ("None", (), "not a list"),
        ("[['a']]", (), "nested"),
        ("['a', {'b': 1}]", (), "nested"),
        ("[('a', ['b'])]", (), "nested"),
    ],
)
def test_entities(output: str, values: tuple[object, ...], unparseable: str | None):
    read = scorers.entity_list(output)
    assert (read.values, read.unparseable) == (values, unparseable)
    assert list(map(type, read.values)) == list(map(type, values))


@pytest.mark.parametrize(
    ("gold", "said", "original_exact", "original_partial", "exact", "partial"),
    [
        (["a"], [], 0, 0, 0, 0),
        (["a"], ["a"], 1, 1, 1, 1),
        (["a", "a"], ["a", "a", "a"], 1, 1, 1, 1),
        # One of two said: recall 1/2, precision 1; the original's: all of the gold ones count, 2/2 and 2/1.
        (["x", "y"], ["x"], 2 / 3, 4 / 3, 2 / 3, 2 / 3),
        # One of five said: 2·(1/5)·1 / (6/5); the original's 2·1·5 / 6.
        (list("vwxyz"), ["x"], 1 / 3, 5 / 3, 1 / 3, 1 / 3),
        # One of three right: recall 1, precision 1/3 everywhere.
        (["x"], ["x", "y", "z"], 1 / 2, 1 / 2, 1 / 2, 1 / 2),
        # A part of the gold text: no match in the original, not even a "partial" one.
        (["細菌性肺炎"], ["肺炎"], 0, 0, 0, 1),
        (["肺炎"], ["細菌性肺炎", "発熱"], 0, 0, 0, 2 / 3),
        # One part covers both gold ones: recall 1, precision 1/2.
        (["左肺炎", "右肺炎"], ["肺炎", "熱"], 0, 0, 0, 2 / 3),
        # Half-width and full-width are not the same before normalisation.
        (["３８℃"], ["38℃"], 0, 0, 0, 0),
        # An empty entity: an entity for the original, none for the right scores (it would be in every text).
        (["x"], [""], 0, 0, 0, 0),
        (["x"], ["x", ""], 2 / 3, 2 / 3, 1, 1),
        # A number is no text for the original, and its digits for the right scores.
        (["38"], [38], 0, 0, 1, 1),
        (["x", "38"], ["x", 38], 1 / 2, 1, 1, 1),
    ],
)
def test_f1(
    gold: list[str], said: list[object], original_exact: float, original_partial: float, exact: float, partial: float
):
    assert scorers.original_exact_f1(gold, said) == pytest.approx(original_exact)
    assert scorers.original_partial_f1(gold, said) == pytest.approx(original_partial)
    assert scorers.exact_f1(gold, said) == pytest.approx(exact)
    assert scorers.partial_f1(gold, said) == pytest.approx(partial)


@pytest.mark.parametrize(
    ("problem", "output", "answer", "right", "normalised"),
    [
        ("113A1", "a", "a", True, True),
        ("113A1", "Ａ", "a", True, True),
        ("113A1", "b，A", "ab", True, True),
        ("113A1", "c,a", "ac", True, True),
        ("113A1", "a, c", "ac", False, True),
        ("113A1", "a、c", "ac", False, True),
        ("113A1", "a\n", "a", False, True),
        ("113A1", "a,a", "a", False, True),
        ("113A1", "a,b", "a", False, False),
        ("113A1", "a", "ab", False, False),
        ("113A1", "", "a", False, False),
        ("113A1", "答えはeです", "e", False, True),
        ("113A1", "cとeです。", "ce", False, True),
        ("113A1", "bcg", "b", False, False),
        ("116A71", "なし", "b", True, True),
        ("112B30", "a", ["a or d"], True, True),
        ("112B30", "Ｄ", ["a or d"], True, True),
        ("112B30", "a,d", ["a or d"], False, False),
        ("112B30", "b", ["a or d"], False, False),
        ("112B31", "d", "a", False, False),
    ],
)
def test_exam_choices(problem: str, output: str, answer: list[str], right: bool, normalised: bool):
    assert scorers.exam_is_right(problem, output, list(answer)) is right
    assert scorers.exam_is_right_normalised(problem, output, list(answer), numeric=False) is normalised


@pytest.mark.parametrize(
    ("output", "answer", "right", "normalised"),
    [
        ("7.20", "7.20", True, True),
        ("７．２０", "7.20", True, True),
        ("7.2", "7.20", False, True),
        ("約146 mL", "146", False, True),
        ("1,000", "1000", False, True),
        ("97、100", "97", False, True),
        ("972", "97", False, False),
        ("不明", "97", False, False),
    ],
)
def test_exam_numbers(output: str, answer: str, right: bool, normalised: bool):
    assert scorers.exam_is_right("113F70", output, [answer]) is right
    assert scorers.exam_is_right_normalised("113F70", output, [answer], numeric=True) is normalised


def test_exam_pieces_keep_white_space_and_empty_ones():
    assert scorers.exam_prediction("Ｃ, a,,") == ["", "", " a", "c"]
    assert scorers.exam_prediction("") == [""]


def test_likeliest_choices():
    scores = {"a": -3.0, "b": -1.0, "c": -2.0, "d": -1.0}
    assert scorers.likeliest(scores) == ("b",)
    assert scorers.likeliest(scores, 2) == ("b", "d")
    assert scorers.likeliest(scores, 3) == ("b", "c", "d")
    assert scorers.per_character({"a": -6.0, "b": -1.0}, {"a": 12, "b": 0}) == {"a": -0.5, "b": -1.0}


def test_a_number_too_long_to_write_is_no_text():
    read = scorers.entity_list("['肺炎', 0x" + "f" * 5000 + "]")
    assert scorers.original_exact_f1(["肺炎"], read.values) == pytest.approx(2 / 3)
    assert scorers.exact_f1(["肺炎"], read.values) > 0
    assert scorers.partial_f1(["肺炎"], read.values) > 0


# The gold answers themselves, scored: figures that the specification gives for the published data.


def column(shared: Path, task: str) -> list[tuple[str, ...]]:
    path = shared / "jmed-llm" / "datasets" / f"{task}.csv"
    if not path.is_file():
        pytest.skip("no copy of the benchmark here")
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(map(str, scorers.entity_list(row["answer"]).values)) for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    ("task", "first_alone", "after_nfkc"),
    [("mrner_disease", 1.707, 0.889), ("mrner_medicine", 1.294, 0.387), ("nrner", 1.304, 0.734)],
)
def test_the_published_gold_entities_score_as_found(shared: Path, task: str, first_alone: float, after_nfkc: float):
    rows = column(shared, task)
    assert len(rows) == 100
    partial = [scorers.original_partial_f1(gold, gold[:1]) for gold in rows]
    assert sum(partial) / 100 == pytest.approx(first_alone, abs=5e-4)
    exact = [scorers.original_exact_f1(gold, [unicodedata.normalize("NFKC", text) for text in gold]) for gold in rows]
    assert sum(exact) / 100 == pytest.approx(after_nfkc, abs=5e-4)


def test_the_published_exams_give_all_points_and_chance(shared: Path):
    files = sorted((shared / "igakuqa" / "data").glob("20*/[0-9][0-9][0-9]-[A-F].jsonl"))
    if not files:
        pytest.skip("no copy of the benchmark here")
    points: dict[str, int] = {}
    chance = total = Fraction(0)
    for problem in (json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()):
        worth, exam, answer = int(problem["points"]), problem["problem_id"][:3], problem["answer"]
        points[exam] = points.get(exam, 0) + worth * scorers.exam_is_right(
            problem["problem_id"], ",".join(answer), answer
        )
        letters = "abcdefgh"[: len(problem["choices"])]
        outputs = [",".join(chosen) for chosen in itertools.combinations(letters, len(answer))] if letters else [""]
        right = sum(scorers.exam_is_right(problem["problem_id"], output, answer) for output in outputs)
        chance += Fraction(worth * right, len(outputs))
        total += worth
    assert points == {"112": 499, "113": 496, "114": 496, "115": 500}
    assert float(chance / total) == pytest.approx(0.187, abs=2e-3)


@pytest.mark.parametrize(
    ("output", "number"), [(".5", 0.5), ("+.5", 0.5), ("−5", -5), ("1e3", 1000), ("約１,２３４.５ mL", 1234.5)]
)
def test_numbers_in_every_spelling(output: str, number: float):
    assert scorers.exam_number(output) == number


def test_nothing_is_no_right_answer_and_no_number_is_not_the_likeliest():
    assert not scorers.exam_is_right_normalised("115A1", "", [], numeric=False)
    assert scorers.likeliest({"a": math.nan, "b": -3.0, "c": -4.0}) == ("b",)
