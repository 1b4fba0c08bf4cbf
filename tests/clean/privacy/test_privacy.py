"""Telephone numbers and e-mail addresses go; what looks like them stays."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for measure, which the tool uses too

from measure import Measurement, measure

import ncvc


@pytest.fixture(scope="module")
def measured() -> Measurement:
    return measure()


def test_recall_and_precision_a_category(measured: Measurement) -> None:
    assert len(measured.rows) >= 12
    assert all(row.total == 3_000 for row in measured.rows)
    assert sum(measured.negatives.values()) == 100_000
    low = [row for row in measured.rows if row.recall < 0.999 or row.precision < 0.995]
    assert low == [], measured.missed[:10] + measured.changed[:10]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("TEL03-0000-1234FAX03-0000-1235", "TELFAX"),
        ("電話 03-0000-1234/090-0000-1234", "電話▁/"),
        ("電話(自宅):0300001234", "電話(自宅):"),
        ("03-0000-1234\n1. 高血圧", "1.▁高血圧"),
        ("090-0000-1234\n090-0000-1235\n", ""),
        ("(090-0000-1234)", "()"),
        ("＋８１－９０－００００－１２３４", ""),
    ],
)
def test_numbers_beside_each_other(before: str, after: str) -> None:
    assert ncvc.clean(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "〒060-0042\n1234",
        "06-12-3456-78",
        "hotel▁0312345678",
        "ISBN978-4-06-123456-7",
        "0830▁36▁1210",
        "080-12-345678",
        "内線▁なし",
        "自宅▁08-10-2021▁09:30",
        "代表:0012345678",
    ],
)
def test_what_only_looks_like_a_number_stays(text: str) -> None:
    assert ncvc.clean(text) == text
