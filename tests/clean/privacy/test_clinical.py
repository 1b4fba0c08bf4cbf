"""The clinical set finds what leads to a person, and leaves what only looks like it."""

import random
import sys
from itertools import product
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))  # for clinical_measure, which the tool uses too

from clinical_measure import measure_clinical
from clinical_written import CLINICAL, clinical_positive

import ncvc
from ncvc._native import clean_batch, clinical_categories
from ncvc.corpus.cleaning import CleaningConfig

REPLACEMENTS: list[Literal["nothing", "tag"]] = ["nothing", "tag"]


def test_recall_and_precision_a_category() -> None:
    measured = measure_clinical(positives=1_000, negatives=20_000)
    assert len(measured.rows) >= 12
    low = [row for row in measured.rows if row.recall < 0.999 or row.precision < 0.995]
    assert low == [], measured.missed[:10] + measured.changed[:10]


def test_off_by_default() -> None:
    text = "患者ID:1234567、山田太郎様"
    assert ncvc.clean(text) == text
    defaults = CleaningConfig()
    assert (defaults.clinical, defaults.replacement) == (None, "nothing")


def test_a_wrong_replacement_says_what_to_write() -> None:
    with pytest.raises(ValueError, match=r'"nothing" or "tag"'):
        ncvc.clean("x", replacement="stars")  # type: ignore[arg-type]


def test_tags_stand_where_the_data_stood() -> None:
    tags = [tag for _, tag, *_ in clinical_categories()]
    assert len(tags) >= 12
    for tag in tags:
        assert ncvc.clean(tag, clinical=True, replacement="tag") == tag
    text = "患者ID：1234567　電話 03-0000-1234\n〒100-0001 東京都新宿区西新宿2-8-1"
    assert ncvc.clean(text, clinical=True, replacement="tag") == (
        "患者ID:〔*患者番号〕▁電話▁〔*電話番号〕\n〒〔*郵便番号〕▁〔*住所〕"
    )


@given(st.randoms(use_true_random=False), st.lists(st.sampled_from(sorted(CLINICAL)), max_size=4))
@settings(max_examples=300, deadline=None)
def test_cleaning_twice_is_cleaning_once(rng: random.Random, categories: list[str]) -> None:
    text = "".join(clinical_positive(rng, category)[0] for category in categories)
    for clinical, replacement in product([False, True], REPLACEMENTS):
        once = clean_batch([text], clinical=clinical, replacement=replacement)
        assert clean_batch(once, clinical=clinical, replacement=replacement) == once
