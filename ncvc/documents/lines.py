"""Reads the lines of a file in any Japanese encoding and compression, each of bounded length."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import ncvc._native as native
from ncvc.documents.unreadable import UnreadableError
from ncvc.errors import InputError
from ncvc.utf8 import whole_characters

CHUNK = 2**18
"""Bytes to read at a time."""


@dataclass(frozen=True)
class TextLine:
    """A line of a file."""

    number: int
    """Counted from 1."""
    size: int
    """Bytes, its end included."""
    text: str | None
    """None for a line that is too long."""
    is_decoded: bool = True
    """False if it has bytes outside its encoding; each byte is then a character, for the quotation marks in it."""


def read_chunks(path: Path) -> Iterator[bytes]:
    """Yields the decompressed bytes of a file; raises `OSError`, without an `errno` for damaged compressed data."""
    yield from _chunks(native.SourceStream.open(path))


def _chunks(stream: native.SourceStream) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


def read_lines(path: Path, encoding: str | None, longest: int) -> Iterator[TextLine]:
    """Yields the lines of a file, with their ends: line feeds, carriage returns or both.

    `longest` is the limit of a line in bytes of UTF-8. Without `encoding` it is recognised. Raises `OSError` like
    `read_chunks`, and `UnreadableError` for a file that is no text.
    """
    try:
        stream = native.SourceStream.open_text(path, encoding)
    except ValueError:
        raise UnreadableError("not_text", is_document=False) from None
    for number, (line, size) in enumerate(_split(_chunks(stream), longest), 1):
        if line is None:
            yield TextLine(number, size, None)
            continue
        try:
            yield TextLine(number, size, line.decode())
        except UnicodeDecodeError:
            yield TextLine(number, size, line.decode("latin-1"), is_decoded=False)


def text_of_json(line: str, text_field: str, place: str) -> str:
    """Returns the text in a line of JSON, in whole characters; raises `InputError` with `place` where there is none."""
    try:
        text = json.loads(line)[text_field]
    except (ValueError, LookupError, TypeError, RecursionError):
        text = None
    if not isinstance(text, str):
        raise InputError(f"{place}: is no JSON object with a text in {text_field!r}; --text-field names the member")
    return whole_characters(text)


def _split(chunks: Iterable[bytes], longest: int) -> Iterator[tuple[bytes | None, int]]:
    """Yields each line with its size, and None for one that is longer than `longest`."""
    pieces: list[bytes] = []
    size = 0
    held = b""
    for chunk in chunks:
        data = held + chunk
        held = b""
        if data.endswith(b"\r"):
            # The line feed that may follow is in the next chunk.
            data, held = data[:-1], b"\r"
        for piece in data.splitlines(keepends=True):
            size += len(piece)
            if size <= longest:
                pieces.append(piece)
            else:
                pieces.clear()
            if piece.endswith((b"\n", b"\r")):
                yield (b"".join(pieces) if size <= longest else None), size
                pieces, size = [], 0
    size += len(held)
    if size:
        yield (b"".join([*pieces, held]) if size <= longest else None), size
