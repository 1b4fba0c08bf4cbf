"""Files that are no text are named as such; UTF-16 without a byte order mark, which holds NULs too, is text."""

import sqlite3
from pathlib import Path

import pytest

import ncvc
from tests.documents.test_sources import clean, cleaned, put, quarantine, texts

FOLDER = b"\0\0\0\1Bud1\0\0\x10\0\0\0\x08\0\0\0\x10\0\0\0\x02\x09" + bytes(100)
PROGRAM = (
    b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0\xb8" + bytes(47) + b"\x0e\x1f\xba\x0e\0This program cannot be run\r\r\n$"
)


def database(folder: Path) -> bytes:
    with sqlite3.connect(folder / "notes.db") as connection:
        connection.execute("create table notes (text)")
        connection.execute("insert into notes values ('fever and cough')")
    return (folder / "notes.db").read_bytes()


@pytest.mark.parametrize("format", ["text", "paragraphs", "jsonl", "csv"])
@pytest.mark.parametrize("kind", ["database", "program", "folder"])
def test_binary_data_is_named(tmp_path: Path, kind: str, format: str) -> None:  # noqa: A002
    suffix = {"text": "txt", "paragraphs": "txt"}.get(format, format)
    put(tmp_path / f"in/a.{suffix}", {"database": database(tmp_path), "program": PROGRAM, "folder": FOLDER}[kind])
    with pytest.raises(ncvc.InputError, match=rf"a\.{suffix}:0: the file is no text but holds binary data"):
        clean(tmp_path, format=format)
    documents, report = clean(tmp_path, format=format, on_error="quarantine")
    assert documents == []
    assert report["documents"]["in"] == 0
    assert quarantine(tmp_path) == [(f"a.{suffix}", 0, "not_text")]


NOTES = ["発熱、咳嗽あり。肺炎を疑う。", "BT 38.2, CRP 12.3", "不眠。"]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_utf_16_without_a_mark(tmp_path: Path, codec: str, end: str) -> None:
    # The bytes of 不眠。 alone are ASCII.
    notes = NOTES if end else NOTES[:2]
    for number, note in enumerate(notes):
        put(tmp_path / f"in/{number}.txt", (note + end).encode(codec))
    assert texts(clean(tmp_path)[0]) == cleaned([note + "\n" * bool(end) for note in notes])


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_lines_and_tables_of_utf_16_without_a_mark(tmp_path: Path, codec: str) -> None:
    put(
        tmp_path / "in/a.csv",
        ("id,text\r\n" + "".join(f"{i},{note}\r\n" for i, note in enumerate(NOTES[::2]))).encode(codec),
    )
    put(tmp_path / "in/b.jsonl", '{"text": "腹痛。"}\n{"text": "頭痛。"}\n'.encode(codec))
    assert texts(clean(tmp_path)[0]) == cleaned([*NOTES[::2], "腹痛。", "頭痛。"])
