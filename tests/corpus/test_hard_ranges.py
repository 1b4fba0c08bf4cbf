"""Files whose ranges are hard to find, against a plain reading in Python; by another author than the rules for ranges.

Each case is a source of its own. All are read by one pass in small ranges, by one in larger ranges and by one that reads
whole files; the places of dropped and quarantined documents show whether lines were counted as in the whole file.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import ncvc._native as native
import ncvc.corpus.plan
from ncvc.corpus.config import PreprocessConfig
from ncvc.corpus.plan import Target
from ncvc.corpus.preprocess import preprocess
from ncvc.errors import InputError, NcvcError
from tests.corpus.hard_ranges import CASES, DAMAGED, LF, LONGEST, SHORTEST, Case, Row, cut, framed, line
from tests.corpus.run import NO_DUPLICATES, NO_FILTERS, outputs, read_zst

WHOLE = 10**12
"""Bytes of a range that holds any file."""


@dataclass(frozen=True)
class Pass:
    """The output of a pass, and the readers of its files."""

    output: Path
    ranges: dict[Path, int]
    """File → readers, of those that were to be split."""

    def rows(self, file: Path, source: str) -> list[Row]:
        """Documents of a file; the line of those that stay is not in the output."""
        kept = [(0, "", row["text"]) for row in read_zst(self.output / f"{source}.jsonl.zst")]
        gone = [
            (row["line"], row["reason"], row.get("text", ""))
            for path in sorted((self.output / "dropped").iterdir())
            for row in read_zst(path)
            if row["file"] == str(file)
        ]
        aside = [(row["line"], row["reason"], None) for row in self.quarantine if row["file"] == str(file)]
        return [*kept, *gone, *aside]

    @property
    def quarantine(self) -> list[dict[str, Any]]:
        return [json.loads(row) for row in (self.output / "quarantine.jsonl").read_text().splitlines()]

    @property
    def content(self) -> dict[str, Any]:
        """Everything that tells neither the time nor the config; where Zstandard's frames end depends on the parts."""
        files = outputs(self.output).items()
        return {name: read_zst(self.output / name) if name.endswith(".zst") else data for name, data in files}


def ordered(rows: list[Row]) -> list[Row]:
    """Rows of documents that stay, of dropped ones by reason, and of those set aside."""
    kept = [(0, reason, text) for _, reason, text in rows if not reason]
    gone = [row for row in rows if row[1] and row[2] is not None]
    return [*kept, *sorted(gone, key=lambda row: row[1]), *(row for row in rows if row[2] is None)]


def read(folder: Path, sources: list[dict[str, Any]], size: int, to: Target = "text", **more: Any) -> Pass:
    """Reads sources in ranges of `size` bytes, however small."""
    ranges: dict[Path, int] = {}
    split_file = native.split_file

    def split(reading: Any, file: Any, *rest: Any) -> str:
        found = split_file(reading, file, *rest)
        ranges[Path(file[0])] = len(json.loads(found).get("ranges") or [])
        return found

    values = {"output": f"out{size}", "duplicates": NO_DUPLICATES, "on_error": "quarantine", "threads": 2}
    config = PreprocessConfig.model_validate({"sources": sources, "part_bytes": size, **values, **more})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ncvc.corpus.plan, "SMALLEST_RANGE", 1)
        patch.setattr(native, "split_file", split)
        preprocess(config, folder, to=to)
    return Pass(folder / config.output, ranges)


def source(name: str, file: Path, case: Case) -> dict[str, Any]:
    filters = NO_FILTERS | {"too_short": {"least_characters": SHORTEST}}
    return {
        "name": name,
        "inputs": [str(file)],
        "format": case.format,
        "encoding": case.set_encoding,
        "filters": filters,
    }


def write(folder: Path, cases: dict[str, Case]) -> tuple[dict[str, Path], list[dict[str, Any]]]:
    """Writes the cases and returns their files and sources."""
    files = {name: folder / str(number) / case.name for number, (name, case) in enumerate(cases.items())}
    for name, file in files.items():
        file.parent.mkdir(parents=True)
        file.write_bytes(cases[name].raw if (stored := cases[name].stored) is None else stored)
    return files, [source(name.replace(" ", "_"), file, cases[name]) for name, file in files.items()]


def test_ranges_give_what_a_plain_reading_gives(tmp_path: Path) -> None:
    files, sources = write(tmp_path / "in", CASES)
    whole = read(tmp_path, sources, WHOLE, longest_line=LONGEST)
    assert whole.ranges == {}
    for name, file in files.items():
        assert whole.rows(file, name.replace(" ", "_")) == ordered(CASES[name].plain), name
    for size in (140, 450):
        small = read(tmp_path, sources, size, longest_line=LONGEST)
        split = {name for name, file in files.items() if small.ranges.get(file, 0) > 1}
        if size == 140:
            assert split == {name for name, case in CASES.items() if case.split}
        assert len(split) >= 20
        assert small.content == whole.content


def test_damaged_files_give_what_one_reader_gives(tmp_path: Path) -> None:
    files, sources = write(tmp_path / "in", DAMAGED)
    whole = read(tmp_path, sources, WHOLE, longest_line=LONGEST)
    small = read(tmp_path, sources, 400, longest_line=LONGEST)
    assert small.content == whole.content
    aside = {name for name, file in files.items() for row in small.quarantine if row["file"] == str(file)}
    assert aside >= {name for name in DAMAGED if "behind" in name or "cut off" in name or "wrong" in name}


def test_a_range_of_one_byte(tmp_path: Path) -> None:
    case = Case('{"text": "熱"}\n\n \r\n1\n\ufeff{}\n'.encode() + b"\xff\n{\n[")
    _, sources = write(tmp_path / "in", {"a": case})
    small, whole = (read(tmp_path, sources, size) for size in (1, WHOLE))
    assert next(iter(small.ranges.values())) > 5
    assert small.content == whole.content
    assert [row["line"] for row in small.quarantine] == [4, 5, 6, 7, 8]


@pytest.mark.parametrize("threads", [1, 4])
def test_the_first_error_is_the_one_of_one_reader(threads: int, tmp_path: Path) -> None:
    """Later ranges have errors too, and none of them may be told first."""
    lines = [line(number).encode() for number in range(30)]
    lines[9] = b'{"text": 1}'
    lines[10:] = [b"\xff"] * 10
    _, sources = write(tmp_path / "in", {"a": Case(b"\n".join(lines))})
    said = []
    for size in (WHOLE, 150):
        with pytest.raises(InputError) as error:
            read(tmp_path, sources, size, on_error="stop", threads=threads)
        said.append(str(error.value))
    assert said[0] == said[1]
    assert "a.jsonl:10:" in said[0]


def test_datasets_do_not_depend_on_ranges(tmp_path: Path, tokenizer_folder: Path, lines: list[str]) -> None:
    """Duplicates and near-duplicates lie in other ranges and files than the first of them."""
    texts = [*lines[:40], *(text[:-3] for text in lines[:40:3]), *lines[5:15]]
    raw, other = ("\n".join(line(n, text) for n, text in enumerate(each)).encode() for each in (texts, lines[80:120]))
    cases = {"a": Case(raw), "b": framed(cut(raw, 700)), "c": framed(cut(other, 500))}
    _, sources = write(tmp_path / "in", cases)
    duplicates = {"near": 0.7}
    tokenizer = str(tokenizer_folder)
    given = [
        read(tmp_path, sources, size, to="tokens", duplicates=duplicates, tokenizer=tokenizer, threads=threads)
        for size, threads in [(WHOLE, 1), (4000, 1), (4001, 4)]
    ]
    assert min(given[1].ranges.values()) > 1
    assert (given[0].output / "c.bin").stat().st_size > 0
    reasons = {path.name.partition(".")[0] for path in (given[0].output / "dropped").iterdir()}
    assert reasons >= {"duplicate_document", "near_duplicate_document"}
    assert given[0].content == given[1].content == given[2].content


def test_names_of_the_same_file(tmp_path: Path) -> None:
    case = Case(LF.encode() + b"\n\xff\n")
    files, _ = write(tmp_path / "in", {"a": case})
    (tmp_path / "link.jsonl").symlink_to(files["a"])
    os.link(files["a"], tmp_path / "hard.jsonl")
    names = [files["a"], files["a"], tmp_path / "link.jsonl", tmp_path / "hard.jsonl"]
    both = [source("a", files["a"], case) | {"inputs": [*map(str, names)]}, source("b", files["a"], case)]
    small, whole = (read(tmp_path, both, size) for size in (200, WHOLE))
    assert small.content == whole.content
    manifests = [json.loads((each.output / "manifest.json").read_text())["inputs"] for each in (small, whole)]
    assert manifests[0] == manifests[1]


def become_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


OTHER = LF.replace("熱", "咳").encode() + b"\n"
CHANGES: dict[str, Callable[[Path], object]] = {
    "grows": lambda file: file.write_bytes(file.read_bytes() + OTHER),
    "shrinks": lambda file: os.truncate(file, 300),
    "is emptied": lambda file: os.truncate(file, 0),
    "is replaced": lambda file: (file.with_name("b").write_bytes(OTHER), file.with_name("b").rename(file)),
    "is overwritten": lambda file: file.write_bytes(OTHER),
    "is removed": lambda file: file.unlink(),
    "becomes a folder": become_folder,
}


@pytest.mark.parametrize("on_error", ["stop", "quarantine"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_between_its_ranges(
    change: str, on_error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either the pass ends with an error, or its output is that of the file as it was, or says what lacks."""
    files, sources = write(tmp_path / "in", {"a": Case(LF.encode() + b"\n")})
    before = read(tmp_path, sources, WHOLE)
    prepare = native.prepare

    def changing(reading: Any, task: int, *rest: Any) -> Any:
        if task == 2:
            CHANGES[change](files["a"])
        return prepare(reading, task, *rest)

    monkeypatch.setattr(native, "prepare", changing)
    said = None
    try:
        small = read(tmp_path, sources, 200, on_error=on_error, threads=1)
    except NcvcError as error:
        said = str(error)
    if said is not None:
        assert str(files["a"]) in said
        assert not (tmp_path / "out200").exists()
    elif change in ("is removed", "becomes a folder"):
        assert {row["reason"] for row in small.quarantine} == {"unreadable_file"}
    else:
        assert small.content == before.content
