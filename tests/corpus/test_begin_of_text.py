"""`begin_of_text`: what stands before each document, what the manifest says, and outputs of versions before the key.

Written by another author than the rule, from the specification.
"""

import json
from pathlib import Path

import pytest

import ncvc
from ncvc.manifest import write_manifest
from tests.corpus.run import TEXTS, dataset, report, run, write

BEGIN, END = 1, 2


def documents(folder: Path) -> list[list[int]]:
    found = ncvc.IndexedDataset.open(folder / "out/corpus")
    return [found[number].tolist() for number in range(len(found))]


def manifest(folder: Path) -> dict:
    return json.loads((folder / "out/manifest.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("threads", [1, 3])
def test_each_document_lies_between_begin_and_end(tmp_path: Path, tokenizer_folder: Path, threads: int) -> None:
    write(tmp_path / "in/a.jsonl", TEXTS)
    run(tmp_path, tokenizer_folder, threads=threads)
    begun, counts = documents(tmp_path), report(tmp_path)
    run(tmp_path, tokenizer_folder, "--force", threads=threads, begin_of_text=False)
    assert manifest(tmp_path)["run"]["config"]["begin_of_text"] is False
    assert begun == [[BEGIN, *ids] for ids in documents(tmp_path)]
    for ids in documents(tmp_path):
        assert BEGIN not in ids
        assert ids.index(END) == len(ids) - 1
    tokenizer = ncvc.Tokenizer.load(tokenizer_folder)
    texts = [text for text in TEXTS if tokenizer.encode(text)]
    assert begun == [[BEGIN, *tokenizer.encode(text), END] for text in texts]
    assert counts["tokens"] == sum(map(len, begun))
    assert counts["morphemes"] == report(tmp_path)["morphemes"]
    assert counts["tokens"] == report(tmp_path)["tokens"] + counts["documents"]["out"]


def test_another_setting_is_another_dataset(tmp_path: Path, tokenizer_folder: Path) -> None:
    write(tmp_path / "in/a.jsonl", TEXTS)
    run(tmp_path, tokenizer_folder)
    assert manifest(tmp_path)["run"]["config"]["begin_of_text"] is True
    refused = run(tmp_path, tokenizer_folder, ok=False, begin_of_text=False)
    assert refused.returncode == 1
    assert "begin_of_text was true and is false" in refused.stderr


def test_an_output_of_before_the_key_has_none(tmp_path: Path, tokenizer_folder: Path) -> None:
    """It is as if it had been made with the key off: left as it is then, and refused to be mixed up otherwise."""
    write(tmp_path / "in/a.jsonl", TEXTS)
    run(tmp_path, tokenizer_folder, begin_of_text=False)
    before = manifest(tmp_path)
    del before["run"]["config"]["begin_of_text"]
    facts = {name: value for name, value in before.items() if name not in ("files", "empty_folders", "manifest_sha256")}
    write_manifest(tmp_path / "out", **facts)
    bytes_before = dataset(tmp_path)
    assert json.loads(run(tmp_path, tokenizer_folder, "--json", begin_of_text=False).stdout)["nothing_done"] is True
    refused = run(tmp_path, tokenizer_folder, ok=False)
    assert "begin_of_text was false and is true" in refused.stderr
    assert dataset(tmp_path) == bytes_before
