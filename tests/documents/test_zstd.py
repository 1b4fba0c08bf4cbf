"""Zstandard files of several frames, some of which hold no data, as pzstd, t2sz and archivers write them."""

import json
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
import zstandard

from tests.documents.test_sources import clean, cleaned, put, texts

TEXTS = ["高血圧の患者。", "糖尿病で通院中。", "気管支喘息の発作。"]
FRAMES = [zstandard.compress(json.dumps({"text": text}).encode() + b"\n") for text in TEXTS]


def skippable(data: bytes, kind: int = 0) -> bytes:
    """A frame that holds no data (RFC 8878, 3.1.2)."""
    return struct.pack("<II", 0x184D2A50 + kind, len(data)) + data


SEEK_TABLE = skippable(struct.pack("<II", 1, 1) + struct.pack("<IBI", 1, 0, 0x8F92EAB1), 14)
CASES = {
    "one": b"".join(FRAMES[:1]),
    "several": b"".join(FRAMES),
    "skippable first": skippable(b"abc") + b"".join(FRAMES),
    "two skippable first": skippable(b"") + skippable(bytes(300_000), 15) + b"".join(FRAMES),
    "skippable between": FRAMES[0] + skippable(b"xyz", 7) + FRAMES[1] + FRAMES[2],
    "skippable last": b"".join(FRAMES) + skippable(b"end", 1),
    "pzstd": b"".join(skippable(struct.pack("<I", len(frame))) + frame for frame in FRAMES),
    "seekable": b"".join(FRAMES) + SEEK_TABLE,
    "empty frame first": zstandard.compress(b"") + b"".join(FRAMES),
}


@pytest.mark.parametrize("name", CASES)
def test_all_frames_are_read(tmp_path: Path, name: str) -> None:
    put(tmp_path / "in/a.jsonl.zst", CASES[name])
    if zstd := shutil.which("zstd"):
        raw = subprocess.run([zstd, "-dc", tmp_path / "in/a.jsonl.zst"], capture_output=True, check=True).stdout
        expected = [json.loads(line)["text"] for line in raw.splitlines()]
    else:
        expected = TEXTS[:1] if name == "one" else TEXTS
    assert expected == (TEXTS[:1] if name == "one" else TEXTS)
    assert texts(clean(tmp_path)[0]) == cleaned(expected)
