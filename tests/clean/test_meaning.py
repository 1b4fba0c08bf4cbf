"""Cleaning changes no meaning: tables of kinds, read as a clinician reads a note.

Written from the specification, without the rules at hand. Where two forms read the same, both are right.
"""

import random

import pytest

import ncvc
from tests.clean.meaning_tables import PAIR_TABLES, TABLES, Case, cases, pairs

ALL = [pytest.param(case, id=f"{name}-{case.text!a}") for name in TABLES for case in cases(name)]


def fragments() -> list[str]:
    """Texts of all tables."""
    texts = [case.text for name in TABLES for case in cases(name)]
    return texts + [text for name in PAIR_TABLES for pair in pairs(name) for text in pair[:2]]


def test_the_tables_are_read_whole() -> None:
    assert set(TABLES) == {
        "at_signs", "full_width_stops", "invisible_and_emoji", "minus", "notes", "problem_lists", "symbols",
        "units_and_numerals",
    }  # fmt: skip
    assert all(len(cases(name)) >= 15 for name in TABLES)
    assert all(len(pairs(name)) >= 15 for name in PAIR_TABLES)


@pytest.mark.parametrize("case", ALL)
def test_the_cleaned_text_says_the_same(case: Case) -> None:
    assert ncvc.clean(case.text) in case.right, case.why


@pytest.mark.parametrize("pair", [pytest.param(pair, id=f"{pair[0]!a}") for pair in pairs("equal")])
def test_two_spellings_become_one(pair: tuple[str, str, str]) -> None:
    one, other, why = pair
    assert ncvc.clean(one) == ncvc.clean(other), why


@pytest.mark.parametrize("pair", [pytest.param(pair, id=f"{pair[0]!a}-{pair[1]!a}") for pair in pairs("distinct")])
def test_two_meanings_stay_two(pair: tuple[str, str, str]) -> None:
    one, other, why = pair
    assert ncvc.clean(one) != ncvc.clean(other), why


def test_cleaning_again_changes_nothing() -> None:
    once = ncvc.clean_batch(fragments())
    changed = [(text, again) for text, again in zip(once, ncvc.clean_batch(once), strict=True) if text != again]
    assert changed == []


@pytest.mark.parametrize("seed", range(10))
def test_cleaning_concatenated_fragments_again_changes_nothing(seed: int) -> None:
    draw = random.Random(seed)
    parts = fragments()
    glue = ["", "", " ", "\n", "、", "。", "　"]
    texts = []
    for _ in range(2000):
        chosen = [draw.choice(parts) for _ in range(draw.randint(2, 5))]
        if draw.random() < 0.5:
            chosen = [part[draw.randrange(len(part)) :] for part in chosen]
        texts.append("".join(part + draw.choice(glue) for part in chosen))
    once = ncvc.clean_batch(texts)
    changed = [(text, again) for text, again in zip(once, ncvc.clean_batch(once), strict=True) if text != again]
    assert changed == []
