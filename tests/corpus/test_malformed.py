"""Hundreds of malformed lines: every one is read, dropped or set aside, and takes no neighbour along."""

import gzip
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.corpus.malformed import LONGEST, SEED, Chance, Inputs, run

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
