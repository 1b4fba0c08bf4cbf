"""Runs cases of the readers of `ncvc preprocess`: many sources in one pass, without filters and deduplication.

The cases are written from the documentation, without sight of the readers.
"""

import dataclasses
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml
import zstandard

import ncvc
from tests.conftest import run_ncvc
from tests.corpus.run import NO_DUPLICATES, NO_FILTERS


@dataclass(frozen=True)
class Case:
    """Files of one source and the texts, before cleaning, that must come out of it in this order."""

    name: str
    files: Mapping[str, bytes]
    texts: Sequence[str]
    quarantined: int = 0
    source: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    field: str = "text"  # the member of the output that holds the text


@dataclass(frozen=True)
class Read:
    """Documents, counts and quarantined places of one source."""

    documents: list[dict[str, Any]]
    summary: dict[str, Any]
    quarantine: list[dict[str, Any]]

    @property
    def texts(self) -> list[str]:
        return self.members("text")

    def members(self, name: str) -> list[Any]:
        """The member of each document, by name or, with points, in an object of the document."""
        return [member(document, name) for document in self.documents]


def member(document: dict[str, Any], name: str) -> Any:
    """A member by its name or, with points, of an object of the document."""
    found: Any = document
    for key in [name] if name in document else name.split("."):
        found = found[key]
    return found


@dataclass(frozen=True)
class Output:
    """Folder and messages of a pass."""

    folder: Path
    process: CompletedProcess[str]

    def source(self, name: str) -> Read:
        summary = next(s for s in self.summary["sources"] if s["name"] == name)
        inside = f"/in-{name}/"
        quarantine = [q for q in self.quarantine if inside in q["file"]]
        return Read(list(objects(self.folder / f"out/{name}.jsonl.zst")), summary, quarantine)

    @property
    def summary(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / "out/summary.json").read_text(encoding="utf-8"))
        return loaded

    @property
    def quarantine(self) -> list[dict[str, Any]]:
        path = self.folder / "out/quarantine.jsonl"
        lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
        return [json.loads(line) for line in lines if line]


def objects(path: Path) -> Iterable[dict[str, Any]]:
    """Objects of a compressed JSON Lines file; none where it does not exist."""
    if path.exists():
        with path.open("rb") as file:
            yield from map(json.loads, io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), "utf-8"))


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Files in a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def preprocess(folder: Path, sources: Sequence[Mapping[str, Any]], ok: bool = True, **config: Any) -> Output:
    """`ncvc preprocess --to text` with these sources in `folder`; unreadable input is set aside unless `config` says so."""
    values = {"output": "out", "duplicates": NO_DUPLICATES, "on_error": "quarantine", "threads": 1, **config}
    values["sources"] = [{"filters": NO_FILTERS, **source} for source in sources]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(values, allow_unicode=True), encoding="utf-8")
    return Output(folder, run_ncvc("preprocess", folder / "config.yaml", "--to", "text", ok=ok))


def run_cases(folder: Path, cases: Sequence[Case], **config: Any) -> Output:
    """One pass over the cases, each a source of its own."""
    for case in cases:
        write(folder / f"in-{case.name}", case.files)
    sources = [{"name": case.name, "inputs": [f"in-{case.name}"], **case.source} for case in cases]
    return preprocess(folder, sources, **config)


def check(output: Output, case: Case) -> Read:
    """Texts as they must be, and nothing uncounted."""
    read = output.source(case.name)
    assert read.members(case.field) == [ncvc.clean(text) for text in case.texts], read.summary["reasons"]
    documents = read.summary["documents"]
    assert documents["in"] == documents["out"] + documents["dropped"] + documents["quarantined"]
    assert (documents["out"], documents["dropped"]) == (len(case.texts), 0)
    assert sum(read.summary["reasons"].values()) == case.quarantined == len(read.quarantine), read.quarantine
    return read


def by_name(cases: Sequence[Case]) -> pytest.MarkDecorator:
    """A test for each case, under its name."""
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)
