"""Hundreds of damaged files, and odd names: every one is read or set aside, and takes no neighbour along."""

import bz2
import gzip
import io
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from ncvc.documents.pages import Page, UnreadableError, read_warc
from tests.conftest import run_ncvc
from tests.corpus.malformed import LONGEST, SEED, Chance, Inputs, run


def flip(chance: Chance, data: bytearray) -> bytes:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def stretch(chance: Chance, data: bytes) -> tuple[int, int]:
    begin = chance.randrange(len(data))
    return begin, min(len(data), begin + chance.randrange(1, 64))


def without(chance: Chance, data: bytes) -> bytes:
    begin, end = stretch(chance, data)
    return data[:begin] + data[end:]


def blanked(chance: Chance, data: bytes) -> bytes:
    begin, end = stretch(chance, data)
    return data[:begin] + bytes(end - begin) + data[end:]


def doubled(chance: Chance, data: bytes) -> bytes:
    begin, end = stretch(chance, data)
    return data[:end] + data[begin:]


def noisy(chance: Chance, data: bytes) -> bytes:
    begin, end = stretch(chance, data)
    return data[:begin] + chance.randbytes(end - begin) + data[end:]


DAMAGE: dict[str, Callable[[Chance, bytes], bytes]] = {
    "cut off": lambda c, data: data[: c.randrange(len(data))],
    "nearly whole": lambda c, data: data[: -c.randrange(1, 12)],
    "begins late": lambda c, data: data[c.randrange(1, 16) :],
    "flipped bit": lambda c, data: flip(c, bytearray(data)),
    "stretch missing": without,
    "stretch zero": blanked,
    "stretch twice": doubled,
    "stretch of noise": noisy,
    "noise after": lambda c, data: data + c.randbytes(c.randrange(1, 99)),
    "noise before": lambda c, data: c.randbytes(c.randrange(1, 99)) + data,
    "halves swapped": lambda c, data: data[len(data) // 2 :] + data[: len(data) // 2],
    "wrong beginning": lambda c, data: (
        c.choice([b"PAR1", b"\x1f\x8b\x08\x00", b"BZh9", b"\x28\xb5\x2f\xfd", b"WARC/1.0"]) + data[4:]
    ),
}


def json_lines() -> bytes:
    return b"".join(json.dumps({"text": f"{i}日目、熱は下がった。" * 3}).encode() + b"\n" for i in range(30))


def parquet() -> bytes:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = pa.table({"text": [f"{i}日目、熱は下がった。" for i in range(40)], "n": range(40), "l": [["a", None]] * 40})
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=9, compression="zstd")
    return out.getvalue()


def warc() -> bytes:
    records = []
    for number in range(6):
        page = html()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(page)
        fields = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-00000000000{number}>\r\n"
            "WARC-Date: 2026-01-01T00:00:00Z\r\nWARC-Target-URI: http://example.jp/\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(head + page)}\r\n\r\n"
        )
        records.append(fields.encode() + head + page + b"\r\n\r\n")
    return b"".join(records)


def html() -> bytes:
    text = "".join(f"<p>{i}日目、熱は下がった。経過は良好である。</p>" for i in range(9))
    return f"<!doctype html><html><head><title>経過</title></head><body><main>{text}</main></body></html>".encode()


def plain() -> bytes:
    return "\n\n".join(f"{i}日目、熱は下がった。" for i in range(9)).encode()


# Suffix → a sound file, and how it is read.
FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "jsonl": (json_lines, "auto"),
    "jsonl.gz": (lambda: gzip.compress(json_lines()[:900]) + gzip.compress(b"") + gzip.compress(json_lines()), "auto"),
    "jsonl.zst": (lambda: zstandard.compress(json_lines()) + zstandard.compress(json_lines()), "auto"),
    "jsonl.bz2": (lambda: bz2.compress(json_lines()) + bz2.compress(json_lines()), "auto"),
    "parquet": (parquet, "auto"),
    "txt": (plain, "text"),
    "txt.gz": (lambda: gzip.compress(plain().decode().encode("shift_jis")), "paragraphs"),
    "html": (html, "auto"),
    "warc": (warc, "auto"),
    "warc.gz": (lambda: b"".join(gzip.compress(warc()) for _ in range(2)), "auto"),
}


@pytest.mark.parametrize("suffix", FILES)
def test_damaged_files(tmp_path: Path, suffix: str) -> None:
    make, format = FILES[suffix]  # noqa: A001
    sound = make()
    chance = random.Random(f"{SEED} {suffix}")
    inputs = Inputs(tmp_path / "in")
    for name, damage in DAMAGE.items():
        for _ in range(7):
            inputs.put(f"{name}.{suffix}", damage(chance, sound))
        if format == "auto":
            inputs.put_good()
    if format != "auto":
        (inputs.folder / "good.txt").write_text(inputs.good(), encoding="utf-8")
    report = run(inputs, tmp_path, format=format)
    assert inputs.malformed == 7 * len(DAMAGE) == 84
    # A sound file's documents come out of the files that are whole enough, and not all are.
    assert report["documents"]["out"] > len(inputs.planted)
    assert report["reasons"] or suffix == "html"


def test_a_flipped_bit_anywhere_in_a_packed_warc_raises_nothing(tmp_path: Path) -> None:
    def read(data: bytes) -> list[tuple[int, Page | UnreadableError]]:
        (tmp_path / "a.warc.gz").write_bytes(data)
        return list(read_warc(tmp_path / "a.warc.gz", LONGEST, Counter()))

    sound = gzip.compress(warc())
    assert [type(page) for _, page in read(sound)] == [Page] * 6
    damaged = 0
    for at in range(len(sound)):
        flipped = bytearray(sound)
        flipped[at] ^= 1 << at % 8
        damaged += any(isinstance(page, UnreadableError) for _, page in read(bytes(flipped)))
    # What is left are bits that stand for nothing: the time in gzip's header.
    assert damaged > len(sound) * 0.9


def names(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Odd things in a folder, and whether the line in them counts."""
    (folder / "nowhere.jsonl").symlink_to(folder / "nothing")
    yield folder / "nowhere.jsonl", False
    (folder / "circle.jsonl").symlink_to(folder / "circle.jsonl")
    yield folder / "circle.jsonl", False
    (folder / "folder.jsonl").mkdir()
    yield folder / "folder.jsonl", False
    os.mkfifo(folder / "pipe.jsonl")
    yield folder / "pipe.jsonl", False
    (folder / "memory.jsonl").symlink_to("/proc/self/mem")
    yield folder / "memory.jsonl", False
    for name in [
        "inside.jsonl/a.jsonl",
        "line\nfeed.jsonl",
        "tab\t\x1b[31m.jsonl",
        "<b>&amp;\"'.jsonl",
        "a" * 249 + ".jsonl",
    ]:
        yield folder / name, True
    for name in ["*?[].jsonl", " .jsonl", "UPPER.JSONL", "熱.jsonl", "\u0301\u202e.jsonl"]:
        yield folder / name, True


def test_odd_names_and_kinds_of_files(tmp_path: Path) -> None:
    inputs = Inputs(tmp_path / "in")
    count = 0
    for path, counts in names(inputs.folder):
        count += 1
        if counts:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(json.dumps({"text": inputs.good()}).encode())
    for number, suffix in enumerate(["jsonl", "jsonl.gz", "jsonl.zst", "jsonl.bz2", "parquet", "txt", "html", "warc"]):
        count += 2
        (inputs.folder / f"empty{number}.{suffix}").touch()
        # A name that says something else than what is there.
        (inputs.folder / f"other{number}.{suffix}").write_bytes(html() if suffix != "html" else json_lines())
    report = run(inputs, tmp_path)
    assert count == 31
    assert report["reasons"]["unreadable_file"] >= 1


@pytest.mark.parametrize(
    ("name", "escaped"),
    [(b"\xff\xfe.jsonl", r"\xff\xfe.jsonl"), ("熱.jsonl".encode("shift_jis"), r"\x94M.jsonl")],
)
def test_a_name_that_is_not_utf_8_is_counted_and_named(tmp_path: Path, name: bytes, escaped: str) -> None:
    inputs = Inputs(tmp_path / "in")
    Path(os.fsdecode(bytes(inputs.folder) + b"/" + name)).write_bytes(b"{}")
    inputs.put_good()
    report = run(inputs, tmp_path)
    assert report["documents"] == {"in": 1, "out": 1, "dropped": 0, "quarantined": 0}
    assert report["sources"][0]["skipped"] == {"name that is not UTF-8": 1}
    (row,) = map(json.loads, (tmp_path / "out/quarantine.jsonl").read_text(encoding="utf-8").splitlines())
    assert row == {"file": f"{inputs.folder}/{escaped}", "line": 0, "reason": "unknown_format", "bytes": 2}
    done = run_ncvc("preprocess", tmp_path / "config.yaml", "--force", "--set", "on_error=stop", ok=False)
    assert done.returncode == 1
    assert f"1 name that is not UTF-8, such as {escaped} (rename it)" in done.stderr
