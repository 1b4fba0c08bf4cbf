"""Ranges of files against plain Python: each begins with the first document at or behind its first byte."""

import hashlib
import json
import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard

import ncvc._native as native
from ncvc.corpus.records import FileSplit
from ncvc.documents.sources import FileFormat, Reading

PIECES = ["\n", "\n\n", "\r\n", "a", "{}", "熱発", "　", "表ソ"]
CODECS = {"utf-8": "utf-8", "shift_jis": "cp932", "euc-jp": "euc_jp"}


def split(path: Path, format: FileFormat, size: int, encoding: str = "auto") -> FileSplit:  # noqa: A002
    """The ranges of about `size` bytes that the engine finds."""
    reading = Reading(encoding=encoding).to_engine()  # type: ignore[arg-type]
    count = max(1, path.stat().st_size // size)
    return FileSplit.model_validate_json(native.split_file(reading, (path, format), size, count))


def line_starts(content: bytes, *, paragraphs: bool) -> Iterator[tuple[int, int]]:
    """Yields the beginnings of documents that a range can begin with, and the lines before each."""
    at, empty = 0, True
    for number, line in enumerate(content.split(b"\n")):
        if at < len(content) and (empty or not paragraphs):
            yield at, number
        at += len(line) + 1
        empty = line in (b"", b"\r")


def expected(content: bytes, size: int, count: int, frames: list[tuple[int, int]], *, paragraphs: bool) -> list[object]:
    """Each range's first byte, number of bytes and number of lines before it; `frames` are (byte on disk, position)."""
    starts = []
    for at, number in line_starts(content, paragraphs=paragraphs):
        disk = max(disk for disk, position in frames if position <= at) if frames else at
        while len(starts) < count and disk >= len(starts) * size:
            starts.append((at, number))
    lines = content.count(b"\n") + (not content.endswith(b"\n") and content != b"")
    starts += [(len(content), lines)] * (count - len(starts))
    ends = [*(at for at, _ in starts[1:]), len(content)]
    return [(at, end - at, number) for (at, number), end in zip(starts, ends, strict=True) if end > at]


@pytest.mark.parametrize("encoding", CODECS)
@pytest.mark.parametrize("format", ["jsonl", "paragraphs"])
def test_ranges_of_random_files(tmp_path: Path, encoding: str, format: FileFormat) -> None:  # noqa: A002
    random_ = random.Random(encoding + format)
    path = tmp_path / "file"
    ranges = 0
    for _ in range(30):
        content = "".join(random_.choices(PIECES, k=random_.randrange(60))).encode(CODECS[encoding])
        path.write_bytes(content)
        for size in (*range(1, 12), len(content) // 3, len(content)):
            if size == 0:
                continue
            found = split(path, format, size, encoding).ranges
            assert found is not None
            assert all(each.sha256 == hashlib.sha256(content).hexdigest() for each in found)
            rows = [(each.offset, each.bytes, each.lines) for each in found if each.bytes]
            assert rows == expected(content, size, len(found), [], paragraphs=format == "paragraphs")
            assert all(each.skip == 0 and not each.zstd for each in found)
            ranges += len(rows)
    assert ranges > 300


@pytest.mark.parametrize("format", ["jsonl", "paragraphs"])
def test_ranges_of_random_frames(tmp_path: Path, format: FileFormat) -> None:  # noqa: A002
    random_ = random.Random(format)
    path = tmp_path / "file"
    ranges = 0
    for _ in range(60):
        content = "".join(random_.choices(PIECES, k=80)).encode()
        cuts = sorted(random_.choices(range(len(content)), k=5))
        packed, frames, position = b"", [], 0
        for start, end in pairwise([0, *cuts, len(content)]):
            frames.append((len(packed), position))
            packed += zstandard.compress(content[start:end])
            position = end
        path.write_bytes(packed)
        first = frames[1][0]
        for size in range(first, len(packed), 9):
            found = split(path, format, size).ranges
            assert found is not None
            rows = []
            for each in found:
                # Content from a frame on can be decompressed, and holds the range behind what is left out.
                rest = zstandard.ZstdDecompressor().stream_reader(packed[each.offset :], read_across_frames=True)
                before = rest.read(each.skip)
                text = rest.read(each.bytes)
                at = (
                    max(position for disk, position in frames if disk == each.offset) + len(before) if each.bytes else 0
                )
                assert content[at : at + each.bytes] == text
                rows += [(at, each.bytes, each.lines)] if each.bytes else []
            assert rows == expected(content, size, len(found), frames, paragraphs=format == "paragraphs")
            ranges += len(rows)
        assert split(path, format, max(1, first - 1)).whole == "compression"
    assert ranges > 300


def test_json_that_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("".join(json.dumps({"text": "熱" * (n % 7)}) + "\n" for n in range(99)), encoding="utf-8")
    content = path.read_bytes()
    found = split(path, "jsonl", 100).ranges
    assert found is not None
    assert len(found) == len(content) // 100
    assert b"".join(content[each.offset : each.offset + each.bytes] for each in found) == content
