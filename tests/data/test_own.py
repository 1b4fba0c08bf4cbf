"""Questions of one's own: the form of a line, the words that they are asked in, bad lines, leakage."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ncvc.data.prepare import find_prepared, prepare_own
from ncvc.data.rows import read_rows
from ncvc.errors import InputError
from ncvc.manifest import verify
from tests.conftest import run_ncvc

CHOICE = {
    "task": "診療科",
    "question": "どの科か。",
    "document": "咳が続く。",
    "choices": ["内科", "外科"],
    "answer": "外科",
}
ENTITY = {
    "task": "drugs",
    "question": "薬剤名を挙げよ。",
    "document": "アスピリンを中止。",
    "answer": ["アスピリン", "it's"],
}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def test_questions_become_rows_in_the_words_of_jmed_llm(tmp_path: Path) -> None:
    prepared = prepare_own(write(tmp_path / "test.jsonl", CHOICE, ENTITY), tmp_path / "out")
    assert (prepared.test, prepared.train, prepared.leakage) == ({"診療科": 1, "drugs": 1}, 0, {})
    choice, entity = read_rows(tmp_path / "out/test.jsonl")
    assert choice.messages[0].content.startswith("与えられた医学に関する質問と選択肢から、最も適切な回答を選択")
    assert choice.question == "質問: どの科か。\n咳が続く。\n選択肢:\nA. 内科\nB. 外科\n"
    assert (choice.kind, choice.answer, choice.gold) == ("choice", "B", ("B",))
    assert entity.question == "薬剤名を挙げよ。\nアスピリンを中止。"
    assert (entity.kind, entity.answer) == ("entities", """['アスピリン', "it's"]""")
    assert entity.gold == ("アスピリン", "it's")
    assert choice.document_in_train is None
    assert list(verify(tmp_path / "out")) == []
    assert find_prepared(tmp_path, "own") == tmp_path / "out"


def test_labels_and_a_system_turn_may_be_given(tmp_path: Path) -> None:
    row = CHOICE | {"choices": {"A": "内科", "B": "外科", "C": "眼科"}, "answer": "C", "system": "記号だけ。"}
    prepare_own(write(tmp_path / "test.jsonl", row), tmp_path / "out")
    (read,) = read_rows(tmp_path / "out/test.jsonl")
    assert (read.messages[0].content, read.gold, list(read.choices)) == ("記号だけ。", ("C",), ["A", "B", "C"])


def test_what_training_rows_have_too_is_counted_by_task(tmp_path: Path) -> None:
    test = write(tmp_path / "test.jsonl", CHOICE, ENTITY, ENTITY | {"document": "別の文。", "answer": ["文"]})
    other_question = ENTITY | {"question": "薬は？"}
    train = write(tmp_path / "train.jsonl", other_question, ENTITY | {"document": CHOICE["document"]})
    prepared = prepare_own(test, tmp_path / "out", train=train)
    assert prepared.leakage == {
        "診療科": {"test": 1, "train": 0, "document": 0, "question": 0},
        "drugs": {"test": 2, "train": 2, "document": 1, "question": 0},
    }
    assert [row.document_in_train for row in read_rows(tmp_path / "out/test.jsonl")] == [False, True, False]
    assert [row.split for row in read_rows(tmp_path / "out/train.jsonl")] == ["train", "train"]


def without(row: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != key}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (without(CHOICE, "question"), "`question`: Field required"),
        (CHOICE | {"frage": "?"}, "`frage`: Extra inputs"),
        (CHOICE | {"answer": "眼科"}, "'眼科' is none of the choices"),
        (CHOICE | {"choices": ["内科", "内科"], "answer": "内科"}, "'内科' is several of the choices"),
        (CHOICE | {"answer": ["A"]}, "`answer` is a list"),
        (CHOICE | {"choices": ["内科"], "answer": "A"}, "not two to 6 texts"),
        (CHOICE | {"choices": list("一二三四五六七"), "answer": "A"}, "not two to 6 texts"),
        (CHOICE | {"choices": {"B": "内科", "C": "外科"}, "answer": "B"}, "labels from A on"),
        (without(CHOICE, "choices"), "no list of entities"),
        (ENTITY | {"answer": []}, "no list of entities"),
        (ENTITY | {"answer": ["薬", " "]}, "`answer` is empty"),
        (ENTITY | {"document": "a<|user|>b"}, "stands for a special token"),
        (ENTITY | {"task": "../drugs"}, "`task` is '../drugs'"),
        (ENTITY | {"task": "nrner"}, "the name of a published one"),
        (ENTITY | {"task": "igakuqa_2018"}, "the name of a published one"),
        (ENTITY | {"task": "診療科"}, "questions with choices and without"),
    ],
)
def test_bad_lines_are_named(row: dict[str, Any], reason: str, tmp_path: Path) -> None:
    file = write(tmp_path / "test.jsonl", CHOICE, row)
    with pytest.raises(InputError) as caught:
        prepare_own(file, tmp_path / "out")
    assert str(caught.value).startswith(f"{file}:2: ")
    assert reason in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("change", [lambda text: "", lambda text: text + "{"])
def test_no_json_lines(change: Callable[[str], str], tmp_path: Path) -> None:
    file = write(tmp_path / "test.jsonl", CHOICE)
    file.write_text(change(file.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InputError, match=r"test.jsonl(: empty|:2: not JSON)"):
        prepare_own(file, tmp_path / "out")


def test_the_command(tmp_path: Path) -> None:
    test, train = write(tmp_path / "a.jsonl", CHOICE), write(tmp_path / "b.jsonl", CHOICE)
    done = run_ncvc("data", "own", test, tmp_path / "out", "--train", train)
    assert "has seen documents of the test" in done.stderr
    assert done.stdout.splitlines() == [
        "1 test rows of 1 task, 1 training rows",
        "  診療科: 1 to train; 1 of 1 test documents are in them",
        f"written to {tmp_path / 'out'}",
    ]
    refused = run_ncvc("data", "own", test, tmp_path / "out", ok=False)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "--force" in refused.stderr
