"""Rows that cannot be tuned on are named by file and line, whatever the method."""

import json

import pytest

from ncvc.tune.rows import read_rows

BAD = {
    "continued": ({"text": "\ud800abc"}, "`text` holds half of a surrogate pair"),
    "dpo": ({"prompt": "a", "chosen": "\ud800", "rejected": "x"}, "`chosen` holds half of a surrogate pair"),
    "grpo": ({"prompt": "a", "answer": "\ud800"}, "`answer` holds half of a surrogate pair"),
    "full": ({"question": "a", "answer": "b", "task": "\ud800"}, "`task` holds half of a surrogate pair"),
}


@pytest.mark.parametrize("method", BAD)
def test_half_a_surrogate_pair_is_a_bad_row(tmp_path, method):
    row, reason = BAD[method]
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps(row) + "\n", encoding="ascii")
    rows = read_rows([file], method)
    assert [str(bad) for bad in rows.bad] == [f"{file}:1: {reason}"]
    assert not rows.good


def test_answers_that_cleaning_makes_equal_are_no_preference(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"prompt": "肺炎", "chosen": "薬", "rejected": "薬　"}\n', encoding="utf-8")
    assert "the same answer" in str(read_rows([file], "dpo").bad[0])


@pytest.mark.parametrize(("method", "row"), [("full", {"question": "a", "answer": "b"}), ("continued", {"text": "a"})])
def test_a_byte_order_mark_is_no_text(tmp_path, method, row):
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps(row) + "\n", encoding="utf-8-sig")
    rows = read_rows([file], method)
    assert len(rows.good) == 1
    assert not rows.bad
