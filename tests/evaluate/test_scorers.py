"""Scores of answers, by hand and beside scikit-learn."""

import math
import random
import sys
import warnings

import pytest
from sklearn.metrics import accuracy_score, cohen_kappa_score

from ncvc.evaluate import scorers


@pytest.mark.parametrize(
    ("output", "letter", "normalised", "kind"),
    [
        ("A", "A", "A", None),
        ("答えはBです。Aではない。", "B", "B", None),
        ("Ｃ", "None", "C", "no letter"),
        ("a", "None", "None", "no letter"),
        (" \n", "None", "None", "empty"),
        ("F", "F", "F", "other letter"),
        ("The answer is D", "D", "D", None),
        ("None", "None", "None", "no letter"),
    ],
)
def test_the_first_letter_counts(output: str, letter: str, normalised: str, kind: str | None) -> None:
    assert scorers.first_letter(output) == letter
    assert scorers.normalised_letter(output) == normalised
    assert scorers.unparseable_choice(output, "ABCD") == kind


@pytest.mark.parametrize("linear", [False, True])
def test_kappa_is_that_of_scikit_learn(linear: bool) -> None:
    draw = random.Random(1)
    for _ in range(300):
        rows = draw.randint(1, 40)
        gold = draw.choices("ABCDEF"[: draw.randint(1, 6)], k=rows)
        predicted = draw.choices([*"ABCDEF", "None"][: draw.randint(1, 7)], k=rows)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = cohen_kappa_score(gold, predicted, weights="linear" if linear else None)
        ours = scorers.cohen_kappa(gold, predicted, linear=linear)
        assert ours == pytest.approx(theirs, abs=1e-12, nan_ok=True)
        assert scorers.accuracy(gold, predicted) == accuracy_score(gold, predicted)


def test_kappa_of_one_label_is_no_number() -> None:
    assert math.isnan(scorers.cohen_kappa(["A", "A"], ["A", "A"]))


@pytest.mark.parametrize(
    ("output", "values", "kind"),
    [
        ("['発熱', '咳']", ("発熱", "咳"), None),
        ("  ['発熱']\n", ("発熱",), None),
        ("[]", (), None),
        ("", (), "empty"),
        ("発熱、咳", (), "not Python"),
        ("発熱", (), "not a literal"),
        ("['発熱'", (), "not Python"),
        ("回答: ['発熱']", (), "not Python"),
        ("('発熱',)", (), "not a list"),
        ("'発熱'", (), "not a list"),
        ("__import__('os').system('touch /tmp/pwned')", (), "not a literal"),
        ("[open('/etc/passwd')]", (), "not a literal"),
        ("[['発熱']]", (), "nested"),
        ("[{'a': 1}]", (), "nested"),
        ("[1, None, 'a']", (1, None, "a"), None),
        ("\0", (), "not Python"),
        ("\ud800", (), "not Python"),
    ],
)
def test_a_list_is_read_and_never_run(output: str, values: tuple[object, ...], kind: str | None) -> None:
    assert scorers.entity_list(output) == scorers.Entities(values, kind)


@pytest.mark.parametrize(
    "output",
    [
        "[" * 100_000,
        "-" * 100_000 + "1",
        "1+" * 100_000 + "1",
        "a." * 50_000 + "a",
        "not " * 50_000 + "1",
        "'" + "x" * 100_000,
    ],
)
def test_output_made_to_break_the_parser_is_only_unparseable(output: str) -> None:
    assert scorers.entity_list(output).unparseable in ("not Python", "not a literal")
    assert sys.getrecursionlimit() >= 1000


def test_a_hundred_thousand_characters_are_a_list() -> None:
    assert scorers.entity_list(str(["あ" * 100_000])).values == ("あ" * 100_000,)


def test_the_original_partial_score_passes_one_and_the_true_one_does_not() -> None:
    gold = ["発熱", "咳", "痰"]
    assert scorers.original_exact_f1(gold, ["発熱"]) == pytest.approx(0.5)
    assert scorers.original_partial_f1(gold, ["発熱"]) == pytest.approx(1.5)  # recall 1, precision 3
    assert scorers.original_partial_f1(gold, ["高い発熱"]) == 0
    assert scorers.partial_f1(gold, ["高い発熱"]) == pytest.approx(0.5)  # precision 1, recall 1/3
    assert scorers.partial_f1(gold, ["", "高い発熱", "頭痛"]) == pytest.approx(2 * 0.5 * (1 / 3) / (0.5 + 1 / 3))
    assert scorers.exact_f1(gold, ["発熱", "", 5]) == pytest.approx(2 * 0.5 * (1 / 3) / (0.5 + 1 / 3))
    for predicted in ([], [1], gold):
        assert scorers.original_exact_f1(gold, predicted) in (0, 1)


@pytest.mark.parametrize(
    ("output", "right", "normalised"),
    [
        ("a,b", True, True),
        ("b,a", True, True),
        ("Ａ，Ｂ", True, True),
        ("a, b", False, True),
        ("ab", False, True),
        ("aとb", False, True),
        ("答え: a,b", False, True),
        ("a,b\n", False, True),
        ("a", False, False),
        ("a,b,c", False, False),
        ("", False, False),
        ("abnormal b", False, False),
    ],
)
def test_answers_of_the_exam(output: str, right: bool, normalised: bool) -> None:
    assert scorers.exam_is_right("115A1", output, ["a", "b"]) == right
    assert scorers.exam_is_right_normalised("115A1", output, ["b", "a"], numeric=False) == normalised


def test_two_problems_of_the_exam_are_special_and_some_are_numbers() -> None:
    assert scorers.exam_is_right("116A71", "", ["a"])
    assert [scorers.exam_is_right("112B30", letter, ["a or d"]) for letter in "abcd"] == [True, False, False, True]
    assert scorers.exam_is_right("112F84", "1.2", ["1.2"])
    assert not scorers.exam_is_right("112F84", "1.2 L", ["1.2"])
    assert scorers.exam_is_right_normalised("112F84", "約１．２ L", ["1.2"], numeric=True)
    assert scorers.exam_is_right_normalised("114F75", "1,130 kcal", ["1130"], numeric=True)
    assert scorers.unparseable_exam("わからない", 1, numeric=True) == "no number"
    assert scorers.unparseable_exam("わからない", 1, numeric=False) == "no letter"
    assert scorers.unparseable_exam("a,b", 1, numeric=False) == "other count"
    assert scorers.unparseable_exam("a,b", 2, numeric=False) is None


def test_the_likeliest_choices() -> None:
    scores = {"a": -3.0, "b": -1.0, "c": -2.0}
    assert scorers.likeliest(scores) == ("b",)
    assert scorers.likeliest(scores, 2) == ("b", "c")
    assert scorers.per_character(scores, {"a": 10, "b": 1, "c": 0}) == {"a": -0.3, "b": -1.0, "c": -2.0}
