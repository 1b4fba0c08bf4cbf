"""Records that a stopped pass left behind: damage is one sentence that names the file."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import ncvc
from ncvc.corpus.config import PreprocessConfig, SourceConfig
from ncvc.corpus.duplicates import DuplicatesConfig
from ncvc.corpus.filters import FiltersConfig
from ncvc.corpus.preprocess import preprocess
from ncvc.executors import LocalExecutor
from tests.corpus.run import NO_DUPLICATES, NO_FILTERS, TEXTS, write

CONFIG = PreprocessConfig(
    sources=[SourceConfig(name="corpus", inputs=["in"], filters=FiltersConfig(**NO_FILTERS))],
    duplicates=DuplicatesConfig(**NO_DUPLICATES),
    output="out",
    threads=1,
    on_error="quarantine",
)
PREPARED = ".out.partial/prepared"


class Stopping(LocalExecutor):
    """Stops before a stage."""

    def __init__(self, before: str) -> None:
        super().__init__(1)
        self.before = before

    def run(self, stage: Any, *arguments: Any, **options: Any) -> None:
        if stage.__name__ == self.before:
            raise KeyboardInterrupt
        super().run(stage, *arguments, **options)


def stop(folder: Path, before: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        preprocess(CONFIG, folder, to="text", executor=Stopping(before))


def without(path: Path, member: str) -> str:
    record = json.loads(path.read_text(encoding="utf-8"))
    del record[member]
    return json.dumps(record)


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        ("000000.begun", lambda path: without(path, "files"), "files: Field required"),
        ("000000.done", lambda path: "[]", "should be an object"),
    ],
)
def test_a_damaged_record_is_named(tmp_path: Path, name: str, damage: Any, said: str) -> None:
    write(tmp_path / "in/a.jsonl", TEXTS)
    stop(tmp_path, "finish")
    path = tmp_path / PREPARED / name
    path.write_text(damage(path))
    with pytest.raises(
        ncvc.NcvcError, match=rf"^{re.escape(str(path))}: damaged: .*{said}.*; begin anew with --restart$"
    ):
        preprocess(CONFIG, tmp_path, to="text")
    assert preprocess(CONFIG, tmp_path, to="text", restart=True).documents.read == len(TEXTS)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.read_text()[:100],
        lambda path: without(path, "reasons"),
        lambda path: path.read_text().replace('"kept":', '"kapt":'),
    ],
)
def test_a_part_with_a_damaged_record_is_made_again(tmp_path: Path, damage: Any) -> None:
    write(tmp_path / "in/a.jsonl", TEXTS)
    stop(tmp_path, "finish")
    path = tmp_path / PREPARED / "000000-00000/part.json"
    path.write_text(damage(path))
    said = rf"^{re.escape(str(path))}: missing, or not as it was written; start again, and it is made again$"
    with pytest.raises(ncvc.NcvcError, match=said):
        preprocess(CONFIG, tmp_path, to="text")
    assert preprocess(CONFIG, tmp_path, to="text").documents.read == len(TEXTS)


def test_a_damaged_summary_is_named(tmp_path: Path) -> None:
    write(tmp_path / "in/a.jsonl", TEXTS)
    first = preprocess(CONFIG, tmp_path, to="text")
    assert preprocess(CONFIG, tmp_path, to="text") == first.model_copy(update={"nothing_done": True})
    path = tmp_path / "out/summary.json"
    path.write_text(without(path, "sources"))
    with pytest.raises(
        ncvc.NcvcError, match=rf"^{re.escape(str(path))}: damaged: sources: Field required; move .*/out away"
    ):
        preprocess(CONFIG, tmp_path, to="text")
