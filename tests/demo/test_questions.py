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
        for task in ("note_kind", "topic"):
            right = Counter(row["answer"] for row in asked if row["task"] == task)
            (choices,) = {tuple(row["choices"]) for row in asked if row["task"] == task}
            assert right == dict.fromkeys(choices, count // len(choices))


def test_answers_are_those_of_the_grammar(written: Path) -> None:
    """By plain look-ups: what stands in brackets, first words that one kind alone has, and the grammar's own words."""
    words = yaml.safe_load((GRAMMAR / "words-medical.yaml").read_text(encoding="utf-8"))
    medical = {*words["disease"].split(), *words["drug"].split(), *words["exam"].split()}
    seen = Counter[str]()
    for row in rows(written / "test.jsonl"):
        note, answer = row["document"], row["answer"]
        if row["task"] == "headings":
            pieces = note.split("【")[1:]
            assert answer == list(dict.fromkeys(piece.partition("】")[0] for piece in pieces))
            assert answer
        elif row["task"] == "note_kind":
            first = {"入院時要約": "入院時の記録", "退院時要約": "退院時の要約", "読影報告": "画像の所見"}
            for word, kind in first.items():
                if note.startswith(word):
                    assert answer == kind
                    seen[kind] += 1
        elif any(word in note for word in medical) and "mg" in note:
            assert answer == "診療"
            seen[answer] += 1
    assert len(seen) == 4


def test_the_files_are_what_data_own_reads(written: Path) -> None:
    train, test = read(written / "test.jsonl", written / "train.jsonl")
    assert (len(train), len(test)) == (3 * TRAIN, 3 * TEST)
    assert {row.task: row.kind for row in test} == {"note_kind": "choice", "topic": "choice", "headings": "entities"}
    assert not any(row.document_in_train for row in test)


def test_the_bytes_are_those_of_every_other_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "TRAIN", 24)
    monkeypatch.setattr(questions, "TEST", 12)
    digests = []
    for seed in (7, 8):
        write_questions(tmp_path / "a", tmp_path / "b", seed, "")
        digests.append(hashlib.sha256((tmp_path / "a").read_bytes() + (tmp_path / "b").read_bytes()).hexdigest())
    assert digests[0] == "ee37b8e42b711fbde5ea19aa30788858533ca7e2bed1beef500462b9cbc1179e"
    assert digests[1] != digests[0]
