"""The demo's questions: fair, held out, with the right answers, and the same everywhere."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from ncvc.data.own import read
from ncvc.demo import questions
from ncvc.demo.questions import LONGEST, TEST, TRAIN, write_questions
from ncvc.demo.text import documents
from tests.conftest import ROOT

GRAMMAR = ROOT / "ncvc/demo/grammar"


@pytest.fixture(scope="module")
def corpus() -> str:
    return "\n".join(document["text"] for document in documents(seed=1))


@pytest.fixture(scope="module")
def written(corpus: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("questions")
    assert write_questions(folder / "train.jsonl", folder / "test.jsonl", 1, corpus) == (3 * TRAIN, 3 * TEST)
    return folder


def rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_no_note_is_asked_about_twice_or_in_the_corpus(written: Path, corpus: str) -> None:
    train, test = ([row["document"] for row in rows(written / f"{split}.jsonl")] for split in ("train", "test"))
    assert len({*train, *test}) == len(train) + len(test) == 3 * (TRAIN + TEST)
    assert not [note for note in test if note in corpus]
    assert not [note for note in train[::10] if note in corpus]
    assert max(map(len, [*train, *test])) <= LONGEST


def test_every_choice_is_right_as_often(written: Path) -> None:
    for split, count in (("train", TRAIN), ("test", TEST)):
        asked = [row for row in rows(written / f"{split}.jsonl") if "choices" in row]
        for task in ("note_kind", "department"):
            right = Counter(row["answer"] for row in asked if row["task"] == task)
            (choices,) = {tuple(row["choices"]) for row in asked if row["task"] == task}
            assert right == dict.fromkeys(choices, count // len(choices))


def test_answers_are_those_of_the_grammar(written: Path) -> None:
    """By plain look-ups in the grammar's files."""
    words = yaml.safe_load((GRAMMAR / "words-medical.yaml").read_text(encoding="utf-8"))
    cases = yaml.safe_load((GRAMMAR / "tables-cases.yaml").read_text(encoding="utf-8"))["case"]
    drugs = {*words["drug"].split(), *(drug for case in cases for drug in case["drug"])}
    of_case = {case["disease"]: case["department"] for case in cases}
    named = 0
    for row in rows(written / "test.jsonl"):
        note = row["document"]
        if row["task"] == "drugs":
            assert all(drug in note and drug in drugs for drug in row["answer"])
            # A name may lie within another one, and only so may it be left out.
            assert all(any(drug in taken for taken in row["answer"]) for drug in drugs if drug in note)
        elif row["task"] == "department":
            first = [disease for disease in of_case if note.startswith((f"{disease}に対し", f"病名：{disease}"))]
            named += len(first)
            assert all(of_case[disease] == row["answer"] for disease in first)
        elif note.startswith("退院時要約"):
            assert row["answer"] == "退院時の要約"
    assert named > 5


def test_the_files_are_what_data_own_reads(written: Path) -> None:
    train, test = read(written / "test.jsonl", written / "train.jsonl")
    assert (len(train), len(test)) == (3 * TRAIN, 3 * TEST)
    assert {row.task: row.kind for row in test} == {"note_kind": "choice", "department": "choice", "drugs": "entities"}
    assert not any(row.document_in_train for row in test)


def test_the_bytes_are_those_of_every_other_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "TRAIN", 24)
    monkeypatch.setattr(questions, "TEST", 12)
    digests = []
    for seed in (7, 8):
        write_questions(tmp_path / "a", tmp_path / "b", seed, "")
        digests.append(hashlib.sha256((tmp_path / "a").read_bytes() + (tmp_path / "b").read_bytes()).hexdigest())
    assert digests[0] == "feb5f7654136d6caf02c53ccd3fed86eed348192365dd56b254376a12295141b"
    assert digests[1] != digests[0]
