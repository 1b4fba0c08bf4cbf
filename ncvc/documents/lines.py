"""Reads the lines of a file in any Japanese encoding and compression, each of bounded length."""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import ncvc._native as native

CHUNK = 2**18
"""Bytes to read at a time."""
SAMPLE = 2**20
"""Bytes of lines that are not ASCII, from which the encoding is detected."""
STATEFUL = {"utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "iso-2022-jp": "iso2022_jp_ext"}
"""Encodings in which a byte of ASCII may be a part of another character → Python's name."""
CANDIDATES = ("utf-8", "shift_jis", "euc-jp")
MARKS = {codecs.BOM_UTF16_LE: "utf-16le", codecs.BOM_UTF16_BE: "utf-16be"}
ESCAPES = (b"\x1b$", b"\x1b(")
"""Beginnings of the escapes of ISO-2022-JP."""
DOUBTFUL = re.compile("[\uff61-\uff9f\ue000-\uf8ff]")
"""Half-width katakana and private characters: as EUC-JP reads in Shift_JIS, where much of it is valid."""
UNDECODABLE = "ncvc.undecodable"
codecs.register_error(UNDECODABLE, lambda error: ("\udcff", getattr(error, "end", 0)))


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
    stream = native.SourceStream.open(path)
    while chunk := stream.read(CHUNK):
        yield chunk


def read_lines(path: Path, encoding: str | None, longest: int) -> Iterator[TextLine]:
    """Yields the lines of a file, with their ends: line feeds, carriage returns or both.

    `longest` is the limit of a line in bytes. Without `encoding` it is detected. Raises `OSError` like `read_chunks`.
    """
    if encoding is None:
        encoding = detect_encoding(path, longest)
    for number, (line, size) in enumerate(_split(_chunks(path, encoding), longest), 1):
        if line is None:
            yield TextLine(number, size, None)
            continue
        text = _decode(line, "utf-8" if encoding in STATEFUL else encoding)
        if text is None:
            yield TextLine(number, size, line.decode("latin-1"), is_decoded=False)
        else:
            yield TextLine(number, size, text.removeprefix("\ufeff") if number == 1 else text)


def detect_encoding(path: Path, longest: int) -> str:
    """Detects the encoding of a file: the one in which the fewest of its first lines beyond ASCII are damaged."""
    lines: list[bytes] = []
    left = SAMPLE
    for number, (line, size) in enumerate(_split(read_chunks(path), longest)):
        if line is None:
            continue
        if number == 0 and line[:2] in MARKS:
            return MARKS[line[:2]]
        if line.isascii() and any(escape in line for escape in ESCAPES):
            return "iso-2022-jp"
        if not line.isascii():
            lines.append(line)
            left -= size
        if left <= 0:
            break
    faults = {name: sum(_decode(line, name) is None for line in lines) for name in CANDIDATES}
    best = [name for name in CANDIDATES if faults[name] == min(faults.values())]
    if "utf-8" in best:
        return "utf-8"
    if len(best) > 1:
        texts = {name: "".join(_decode(line, name) or "" for line in lines) for name in best}
        likely = native.decode_text(b"".join(lines))
        doubts = {name: len(DOUBTFUL.findall(text)) for name, text in texts.items()}
        best.sort(key=lambda name: (texts[name] != likely, doubts[name]))
    return best[0]


def _decode(data: bytes, encoding: str) -> str | None:
    if encoding != "utf-8":
        return native.decode_text(data, encoding)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _chunks(path: Path, encoding: str) -> Iterator[bytes]:
    """Yields the bytes of a file, in UTF-8 where a line feed could be a part of another character otherwise.

    Characters that cannot be decoded become bytes that UTF-8 does not have.
    """
    chunks = read_chunks(path)
    if encoding not in STATEFUL:
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(STATEFUL[encoding])(UNDECODABLE)
    for chunk in chunks:
        yield decoder.decode(chunk).encode(errors="surrogatepass")
    yield decoder.decode(b"", True).encode(errors="surrogatepass")


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
