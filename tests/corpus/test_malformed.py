"""A thousand malformed inputs: every one is read, dropped or set aside, and takes no neighbour along."""

import bz2
import gzip
import io
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
import zstandard

import ncvc
from ncvc.corpus.filters import FiltersConfig
from ncvc.documents.pages import Page, UnreadableError, read_warc
from tests.conftest import run_ncvc

SEED = 20261121
LONGEST = 20_000
REASONS = {
    "damaged_file",
    "invalid_utf8",
    "line_too_long",
    "malformed_json",
    "malformed_page",
    "page_too_complex",
    "missing_column",
    "missing_field",
    "not_a_string",
    "not_a_text_column",
    "not_text",
    "not_an_object",
    "undecodable",
    "unknown_format",
    "unreadable_file",
}

Chance = random.Random


class Inputs:
    """A folder of inputs, and the good documents among them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.planted: list[str] = []
        self.malformed = 0
        folder.mkdir()

    def good(self) -> str:
        """A document that has to arrive."""
        self.planted.append(f"{len(self.planted)}番目の患者は、熱が下がったので退院した。")
        return self.planted[-1]

    def put(self, name: str, data: bytes) -> None:
        (self.folder / f"{self.malformed:04}-{name}").write_bytes(data)
        self.malformed += 1

    def put_good(self) -> None:
        line = json.dumps({"text": self.good()}).encode()
        (self.folder / f"{self.malformed:04}-0good.jsonl").write_bytes(line)


def run(inputs: Inputs, folder: Path, **settings: Any) -> dict[str, Any]:
    """Runs the pass; whatever the inputs are, its books balance and what is good arrives."""
    source = {"name": "a", "inputs": [inputs.folder.name], "filters": dict.fromkeys(FiltersConfig.model_fields)}
    duplicates = {"documents": False, "sentences": False}
    config = {
        "sources": [source | settings],
        "output": "out",
        "on_error": "quarantine",
        "duplicates": duplicates,
        "longest_line": LONGEST,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    done = run_ncvc("preprocess", folder / "config.yaml", "--to", "text", ok=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "panicked" not in done.stderr
    report: dict[str, Any] = json.loads((folder / "out/summary.json").read_text(encoding="utf-8"))
    counts = report["documents"]
    assert counts["in"] == counts["out"] + counts["dropped"] + counts["quarantined"]
    rows = [json.loads(line) for line in (folder / "out/quarantine.jsonl").read_text(encoding="utf-8").splitlines()]
    set_aside = {reason: count for reason, count in report["reasons"].items() if reason != "empty_after_cleaning"}
    assert Counter(row["reason"] for row in rows) == set_aside
    assert set(set_aside) <= REASONS
    packed = (folder / "out/a.jsonl.zst").read_bytes()
    raw = zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True).read()
    documents = [json.loads(line)["text"] for line in raw.decode().splitlines()]
    assert len(documents) == counts["out"]
    arrived = set(documents)
    assert [text for text in inputs.planted if ncvc.clean(text) not in arrived] == []
    return report


# --- lines -------------------------------------------------------------------------------------------------

READ = "read"


def letters(chance: Chance) -> str:
    return "".join(chance.choices("高血圧糖尿病の熱、。ab 1", k=chance.randrange(1, 40)))


def text_line(chance: Chance) -> bytes:
    return json.dumps({"text": letters(chance)}, ensure_ascii=False).encode()


def raw_text(chance: Chance, inside: bytes) -> bytes:
    """A line with these bytes in the text."""
    return b'{"text": "' + letters(chance).encode() + inside + letters(chance).encode() + b'"}'


def beside(value: bytes) -> bytes:
    """A line with a good text and this in another member."""
    return b'{"text": "\xe7\x86\xb1", "other": ' + value + b"}"


# What is wrong with a line → what becomes of it, and the line.
LINES: dict[str, tuple[str, Callable[[Chance], bytes]]] = {
    "cut off": (
        "malformed_json",
        lambda c: (line := rb'{"text": "\u71b1\n", "other": [1, {}]}')[: c.randrange(1, len(line))],
    ),
    "cut off inside a character": ("invalid_utf8", lambda c: text_line(c)[:-2] + b"\xe7\x86"),
    "Shift_JIS": ("invalid_utf8", lambda c: raw_text(c, "熱".encode("shift_jis"))),
    "EUC-JP": ("invalid_utf8", lambda c: raw_text(c, "熱が".encode("euc_jp"))),
    "overlong UTF-8": ("invalid_utf8", lambda c: raw_text(c, c.choice([b"\xc0\xaf", b"\xe0\x80\xaf", b"\xc1\xbf"]))),
    "surrogates in UTF-8": ("invalid_utf8", lambda c: raw_text(c, c.choice([b"\xed\xa0\x80", b"\xed\xbf\xbf"]))),
    "beyond Unicode": ("invalid_utf8", lambda c: raw_text(c, c.choice([b"\xf4\x90\x80\x80", b"\xff", b"\xfe"]))),
    "lone continuation": ("invalid_utf8", lambda c: raw_text(c, bytes([c.randrange(0x80, 0xC0)]))),
    "UTF-16": ("invalid_utf8", lambda c: b"\xff\xfe" + '{"text": "熱"}'.encode("utf-16-le").replace(b"\n", b"")),
    "NUL inside": ("malformed_json", lambda c: raw_text(c, b"\0")),
    "NULs": ("malformed_json", lambda c: bytes(c.randrange(1, 500))),
    "control characters": ("malformed_json", lambda c: raw_text(c, bytes([c.choice([1, 8, 9, 11, 27, 31])]))),
    "lone surrogate escaped": (
        READ,  # as U+FFFD, with the text around it
        lambda c: raw_text(c, c.choice([rb"\ud800", rb"\udc00", rb"\ud83dx"])),
    ),
    "bad escape": ("malformed_json", lambda c: raw_text(c, c.choice([rb"\x41", rb"\u12g4", b"\\'", rb"\u12"]))),
    "single quotes": ("malformed_json", lambda c: text_line(c).replace(b'"', b"'")),
    "no colon": ("malformed_json", lambda c: text_line(c).replace(b":", b" ", 1)),
    "comma at the end": ("malformed_json", lambda c: text_line(c)[:-1] + b",}"),
    "comment": ("malformed_json", lambda c: text_line(c)[:-1] + b"/* */}"),
    "two objects": ("malformed_json", lambda c: text_line(c) + text_line(c)),
    "rest of another line": ("malformed_json", lambda c: text_line(c)[c.randrange(2, 6) :]),
    "deep nesting": ("malformed_json", lambda c: beside(b"[" * c.randrange(200, 9000))),
    "NaN": (READ, lambda c: beside(c.choice([b"NaN", b"-Infinity", b"Infinity"]))),
    "no number": ("malformed_json", lambda c: beside(c.choice([b"01", b"1.", b".5", b"+1", b"0x1"]))),
    "not JSON": ("malformed_json", lambda c: b"x" + letters(c).encode()),
    "random bytes": ("", lambda c: c.randbytes(c.randrange(1, 300)).replace(b"\n", b"")),
    "array": ("not_an_object", lambda c: b"[" + text_line(c) + b"]"),
    "scalar": ("not_an_object", lambda c: c.choice([b"null", b"true", b"17", b'"text"', b"-0.0"])),
    "no text": ("missing_field", lambda c: b'{"Text": "", "body": "a"}'),
    "empty object": ("missing_field", lambda c: b"{}"),
    "text is no string": (
        "not_a_string",
        lambda c: b'{"text": %b}' % c.choice([b"1", b"null", b"[]", b'{"a": ""}', b"true"]),
    ),
    "too long": ("line_too_long", lambda c: raw_text(c, b"a" * c.randrange(LONGEST, 3 * LONGEST))),
    "huge number": (READ, lambda c: beside(c.choice([b"9" * 400, b"1e999999", b"-1e-999999", b"0." + b"1" * 900]))),
    "lone surrogate elsewhere": (READ, lambda c: beside(rb'"\ud800"')),
    "duplicate keys": (READ, lambda c: b'{"text": null, "text": "\xe7\x86\xb1", "a": 1, "a": 2}'),
    "escaped key": (READ, lambda c: rb'{"\u0074ext": "\u71b1"}'),
    "byte order mark escaped": (READ, lambda c: raw_text(c, b"\xef\xbb\xbf" + rb"\ufeff")),
    "noncharacters": (READ, lambda c: raw_text(c, rb"\uffff" + "\uffff\U0010ffff".encode())),
    "escaped NUL": (READ, lambda c: raw_text(c, rb"\u0000\u001b")),
    "only marks": (READ, lambda c: b'{"text": "%b"}' % ("\u0301" * c.randrange(1, 900)).encode()),
    "white space around": (READ, lambda c: b" \t\r " + text_line(c) + b" \t "),
}


@pytest.mark.parametrize("packing", ["jsonl", "jsonl.gz"])
def test_malformed_lines(tmp_path: Path, packing: str) -> None:
    chance = random.Random(SEED)
    inputs = Inputs(tmp_path / "in")
    expected: Counter[str] = Counter()
    documents = 0
    for name, (becomes, line) in LINES.items():
        for number in range(5):
            good = [json.dumps({"text": inputs.good()}, ensure_ascii=number % 2 == 0).encode() for _ in range(2)]
            bad = line(chance)
            end = [b"\n", b"\r\n", b"\n\n", b" \n", b"\n\r\n"][number]
            whole = [good[0], bad, good[1]] if number else [good[0], good[1], bad]
            data = (b"" if number % 3 else b"\xef\xbb\xbf") + end.join(whole) + (end if number % 2 else b"")
            inputs.put(f"{name}.{packing}", gzip.compress(data) if packing.endswith("gz") else data)
            documents += 3
            if becomes not in (READ, ""):
                expected[becomes] += 1
    report = run(inputs, tmp_path)
    assert inputs.malformed == 5 * len(LINES) >= 5 * 38
    assert report["documents"]["in"] == documents
    noise = Counter(report["reasons"]) - expected
    # What random bytes and characters that mean nothing become is not said above.
    assert noise.total() <= 20, noise
    assert expected - Counter(report["reasons"]) == Counter()


# --- damaged files -----------------------------------------------------------------------------------------


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


# --- names -------------------------------------------------------------------------------------------------


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
