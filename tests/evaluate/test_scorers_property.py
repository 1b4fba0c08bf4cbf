"""The scorers on 10,000 generated outputs, beside plain ones.

Written by another author than the scorers, from the specification and without reading their code.
"""

import builtins
import contextlib
import random
import re
import subprocess
import unicodedata
import warnings
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from ncvc.evaluate import scorers
from tests.evaluate import original_scorers
from tests.evaluate.generated_outputs import COUNT, ENTITIES, LONG, attacks, outputs

CHOICES = ["A", "B", "C", "D", "E", "F"]


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("canary") / "ran"


@pytest.fixture(scope="module")
def generated(canary: Path) -> list[str]:
    made = outputs(str(canary))
    assert len(set(made)) == COUNT
    assert sum(len(output) > LONG - 5 for output in made) > 10
    return made


@pytest.fixture(scope="module")
def entity_rows(generated: list[str]) -> list[tuple[list[str], scorers.Entities]]:
    """Gold entities, some of them taken from the output, and what the output was read as."""
    rng, rows = random.Random(1), []
    for output in generated:
        read = scorers.entity_list(output)
        texts = [value for value in read.values if isinstance(value, str)]
        gold = rng.sample(texts, rng.randint(0, min(3, len(texts)))) + rng.sample(ENTITIES, rng.randint(1, 4))
        rows.append((gold, read))
    return rows


def test_first_letters_are_the_original_ones(generated: list[str]):
    seen: Counter[str] = Counter()
    for output in generated:
        letter = scorers.first_letter(output)
        assert letter == original_scorers.first_letter(output), ascii(output[:200])
        seen[letter] += 1
    assert min(seen[letter] for letter in [*CHOICES, "None"]) > 100


def test_normalised_letters_are_the_first_ones_after_nfkc(generated: list[str]):
    changed = 0
    for output in generated:
        letter = scorers.normalised_letter(output)
        assert letter == original_scorers.first_letter(unicodedata.normalize("NFKC", output)), ascii(output[:200])
        changed += letter != scorers.first_letter(output)
    assert changed > 500


def typed(value: object) -> object:
    """Sets apart what is equal but of another type (1, True, 1.0), and compares containers by their parts."""
    match value:
        case list() | tuple():
            return type(value), [typed(part) for part in value]
        case set() | dict():
            return type(value), value
    return type(value), value


def test_entities_are_those_of_the_original_evaluation(generated: list[str]):
    kinds: Counter[str | None] = Counter()
    for output in generated:
        read, original = scorers.entity_list(output), original_scorers.entity_list(output)
        kinds[read.unparseable] += 1
        try:
            set(original)
        except TypeError:  # ends the original script; here a row without entities
            assert read == scorers.Entities((), "nested"), ascii(output[:200])
            continue
        assert typed(list(read.values)) == typed(original), ascii(output[:200])
        if read.unparseable:
            assert not read.values
        elif not read.values:
            assert original == []
    assert kinds[None] > 2000
    assert min(kinds[kind] for kind in ["empty", "not Python", "not a literal", "not a list", "nested"]) > 10
    assert set(kinds) == {None, "empty", "not Python", "not a literal", "not a list", "nested"}


def test_entity_scores_are_the_original_ones_to_the_last_bit(entity_rows: list[tuple[list[str], scorers.Entities]]):
    above = between = 0
    for gold, read in entity_rows:
        exact, partial = scorers.original_exact_f1(gold, read.values), scorers.original_partial_f1(gold, read.values)
        assert exact == original_scorers.exact_f1(gold, read.values), (gold, read.values[:9])
        assert partial == original_scorers.partial_f1(gold, read.values), (gold, read.values[:9])
        above += partial > 1
        between += 0 < exact < 1
    assert above > 300
    assert between > 500


def plain_f1(right: int, said: int, found: int, named: int) -> float:
    """2PR / (P + R) in whole numbers, rounded once."""
    if not right or not said:
        return 0.0
    recall, precision = Fraction(found, right), Fraction(named, said)
    return float(2 * recall * precision / (recall + precision)) if recall + precision else 0.0


def test_true_f1_counts_texts_and_overlaps(entity_rows: list[tuple[list[str], scorers.Entities]]):
    partly = 0
    for gold, read in entity_rows:
        right = [text for text in dict.fromkeys(gold) if text]
        said = [text for text in dict.fromkeys(map(str, read.values)) if text]
        equal = sum(one == other for one in right for other in said)
        exact = scorers.exact_f1(gold, read.values)
        assert exact == pytest.approx(plain_f1(len(right), len(said), equal, equal), abs=1e-12)

        touching = [(one, other) for one in right for other in said if one in other or other in one]
        wanted = plain_f1(
            len(right), len(said), len({one for one, _ in touching}), len({other for _, other in touching})
        )
        partial = scorers.partial_f1(gold, read.values)
        assert partial == pytest.approx(wanted, abs=1e-12)
        assert exact <= partial <= 1
        partly += exact < partial
    assert partly > 300


def test_exam_predictions_and_verdicts_are_the_original_ones(generated: list[str]):
    width = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
    rng, right = random.Random(2), 0
    for output in generated:
        pieces = scorers.exam_prediction(output)
        assert pieces == sorted(output.translate(width).lower().split(",")), ascii(output[:200])
        problem = rng.choice(["113A1", "114F75", "112B30", "112B30", "116A71", "112B3", "116A7", "12B30", "116a71"])
        drawn = rng.choice([["a"], ["d"], ["b", "c"], ["a or d"], ["8.5"], ["7.20"], ["97"], ["e", "a"]])
        own = original_scorers.exam_pieces(output)
        answer = own if re.fullmatch("[a-z0-9 .-]*", "".join(own)) and rng.random() < 0.8 else drawn
        verdict = scorers.exam_is_right(problem, output, answer)
        assert verdict is original_scorers.exam_is_right(problem, output, answer), (
            problem,
            ascii(output[:200]),
            answer,
        )
        right += verdict and problem != "116A71"
        either = scorers.exam_is_right("112B30", output, ["a or d"])
        assert either is (pieces in (["a"], ["d"], ["a or d"])), ascii(output[:200])
    assert right > 800


def test_the_normalised_verdict_takes_letters_in_any_form():
    rng, right = random.Random(3), 0
    for _ in range(COUNT):
        answer = rng.sample("abcde", rng.randint(1, 3))
        chosen = answer if rng.random() < 0.4 else rng.sample("abcde", rng.randint(1, 3))
        joined = rng.choice([",", ", ", "，", "、", " ", "・", "", "\u3000"]).join(rng.sample(chosen, len(chosen)))
        form = rng.choice(
            [str, str.upper, lambda text: text.translate({code: code + 0xFEE0 for code in range(0x61, 0x66)})]
        )
        output = rng.choice(["", " ", "\u3000"]) + form(joined) + rng.choice(["", " ", "\n", "\n\n"])
        verdict = scorers.exam_is_right_normalised("113A1", output, answer, numeric=False)
        assert verdict is (set(chosen) == set(answer)), (output, answer)
        right += verdict
        if scorers.exam_is_right("113A1", output, answer):
            assert verdict
    assert COUNT * 0.3 < right < COUNT * 0.7


def test_the_normalised_verdict_takes_numbers_in_any_form():
    rng, right = random.Random(4), 0
    for _ in range(2000):
        gold = Fraction(rng.randint(0, 3000), rng.choice([1, 10, 100]))
        value = gold if rng.random() < 0.5 else Fraction(rng.randint(0, 3000), 10)
        output = rng.choice([f"{float(value):.2f}", f"{float(value):,.2f}", f"{float(value):.3f}"])
        output = output if rng.random() < 0.5 else output.translate({code: code + 0xFEE0 for code in range(0x2C, 0x3A)})
        output = rng.choice(["", "約", "答え: "]) + output + rng.choice(["", " mL", "％", "\n"])
        verdict = scorers.exam_is_right_normalised("113A1", output, [f"{float(gold):.2f}"], numeric=True)
        assert verdict is (value == gold), (output, gold)
        right += verdict
    assert 800 < right < 1300


def test_accuracy_and_kappa_are_scikit_learns(generated: list[str]):
    metrics = pytest.importorskip("sklearn.metrics")
    rng, finite = random.Random(5), 0
    for start in range(0, COUNT, 100):
        said = [scorers.first_letter(output) for output in generated[start : start + 100]]
        offered = CHOICES[: rng.randint(2, 6)]
        gold = [letter if rng.random() < 0.5 and letter in offered else rng.choice(offered) for letter in said]
        assert scorers.accuracy(gold, said) == metrics.accuracy_score(gold, said)
        for linear in [False, True]:
            wanted = metrics.cohen_kappa_score(gold, said, weights="linear" if linear else None)
            assert scorers.cohen_kappa(gold, said, linear=linear) == pytest.approx(wanted, abs=1e-12, nan_ok=True)
            finite += wanted == wanted
    assert finite == 2 * COUNT / 100


def test_kappa_of_few_rows_is_scikit_learns():
    metrics = pytest.importorskip("sklearn.metrics")
    rng, nan = random.Random(6), 0
    for _ in range(400):
        rows = rng.randint(1, 6)
        labels = rng.choice([["A", "B"], ["A", "None"], ["B", "D", "F", "None"], [*CHOICES, "None"]])
        gold, said = rng.choices(labels, k=rows), rng.choices(labels, k=rows)
        for linear in [False, True]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                wanted = metrics.cohen_kappa_score(gold, said, weights="linear" if linear else None)
            found = scorers.cohen_kappa(gold, said, linear=linear)
            assert found == pytest.approx(wanted, abs=1e-12, nan_ok=True), (gold, said, linear)
            nan += wanted != wanted
    assert nan > 10


def test_the_likeliest_choices_are_the_first_of_a_stable_sort():
    rng = random.Random(7)
    for _ in range(2000):
        labels = list("abcdefgh")[: rng.randint(1, 8)]
        scores = {label: rng.choice([-1.0, -2.5, -2.5, -30.0, float("-inf"), rng.uniform(-9, 0)]) for label in labels}
        count = rng.randint(1, len(labels))
        assert scorers.likeliest(scores, count) == tuple(
            sorted(sorted(labels, key=lambda label: -scores[label])[:count])
        )
        assert scorers.likeliest(scores) == scorers.likeliest(scores, 1)
        characters = {label: rng.randint(0, 30) for label in labels}
        divided = scorers.per_character(scores, characters)
        assert divided == {label: scores[label] / max(1, characters[label]) for label in labels}


def score_with_everything(output: str) -> None:
    scorers.first_letter(output)
    scorers.normalised_letter(output)
    read = scorers.entity_list(output)
    for score in [scorers.original_exact_f1, scorers.original_partial_f1, scorers.exact_f1, scorers.partial_f1]:
        score(["肺炎"], read.values)
    scorers.exam_prediction(output)
    scorers.exam_is_right("113A1", output, ["a"])
    for numeric in [False, True]:
        scorers.exam_is_right_normalised("113A1", output, ["a"] if not numeric else ["1"], numeric=numeric)
        scorers.unparseable_exam(output, 1, numeric=numeric)
    scorers.unparseable_choice(output, CHOICES)


def test_attacks_work_where_evaluated(tmp_path: Path):
    """Shows that the next test can fail."""
    for number, attack in enumerate(attacks("CANARY")):
        canary = tmp_path / str(number)
        with contextlib.suppress(Exception):
            eval(attack.replace("CANARY", str(canary)).lstrip(), {})
        assert canary.exists(), attack


def test_no_output_runs(generated: list[str], canary: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("an output was run")

    for name in ["eval", "exec"]:
        monkeypatch.setattr(builtins, name, refuse)
    monkeypatch.setattr(subprocess, "run", refuse)
    for output in generated:
        score_with_everything(output)
    assert not canary.exists()
