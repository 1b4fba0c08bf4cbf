"""Reads standard input in batches of lines, for commands that are filters in a pipe."""

import itertools
import json
import os
import select
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence

from ncvc.errors import InputError

BATCH_BYTES = 2**20
"""Most bytes of a batch; slow input gives smaller ones."""
LONGEST_LINE = 64 * 2**20
"""Most bytes of a line."""
LINE_BREAKS = str.maketrans(dict.fromkeys("\r\v\f\x85\u2028\u2029", " "))
"""Characters other than a line feed that end a line for cleaning, as spaces."""
FIRST_LINES = 10
"""Lines that are tested for JSON."""
JSON_LINES = (
    "The first lines are JSON objects and are taken as text, names of members included; --jsonl --text-field NAME"
    " cleans one member of each, and so does ncvc preprocess --to text with text_field."
)
"""Sentence for input of which `begin_as_json` is true."""


def filter_lines(work: Callable[[Sequence[str], int], Sequence[str]]) -> None:
    """Writes `work(lines, number of the first)` for the lines of standard input, one line out for a line in.

    What has come in is written before more is waited for, so a person at a terminal sees each line at once.
    Raises `InputError` for a line that is not UTF-8 or too long, after everything before it is written.
    """
    for number, block in _blocks(sys.stdin.fileno()):
        text, broken = _decode(block)
        # Only line feeds end lines: str.splitlines would also cut at U+2028 and at a form feed.
        lines = [line.removesuffix("\r") for line in text.split("\n")[:-1]]
        if lines:
            sys.stdout.buffer.write("".join(f"{line}\n" for line in work(lines, number)).encode("utf-8"))
            sys.stdout.buffer.flush()
        if broken:
            raise InputError(f"standard input:{number + len(lines)}: {broken}")


def as_one_line(line: str) -> str:
    """Replaces line breaks inside a line by spaces, so that one line comes out of it."""
    return line.translate(LINE_BREAKS)


def begin_as_json(lines: Iterable[str]) -> bool:
    """Tests whether the first lines are JSON objects; empty ones do not count."""
    first = list(itertools.islice(filter(str.strip, lines), FIRST_LINES))
    return bool(first) and all(map(_is_json_object, first))


def _is_json_object(line: str) -> bool:
    if not line.lstrip().startswith("{"):
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _blocks(file: int) -> Iterator[tuple[int, bytes]]:
    """Yields blocks of whole lines, each with the number of its first; completes a last line without line feed."""
    number = 1
    begun: list[bytes] = []
    size = 0
    while more := _read(file):
        head, feed, tail = more.rpartition(b"\n")
        if feed:
            block = b"".join((*begun, head, feed))
            yield number, block
            number += block.count(b"\n")
            begun, size = [], 0
        begun.append(tail)
        size += len(tail)
        if size > LONGEST_LINE:
            raise InputError(f"standard input:{number}: longer than {LONGEST_LINE // 2**20} MiB; break the line up")
    if size:
        yield number, b"".join((*begun, b"\n"))


def _read(file: int) -> bytes:
    """Reads what is available, up to a batch, after waiting for the first byte; empty at the end of the input."""
    parts = [os.read(file, BATCH_BYTES)]
    size = len(parts[0])
    # A pipe hands out 64 KiB at a time, which is little for several threads.
    while 0 < size < BATCH_BYTES and parts[-1] and select.select([file], [], [], 0)[0]:
        parts.append(os.read(file, BATCH_BYTES - size))
        size += len(parts[-1])
    return b"".join(parts)


def _decode(block: bytes) -> tuple[str, str | None]:
    """Returns the text up to the first line that is not UTF-8, and a message about that line, or None."""
    try:
        return block.decode("utf-8"), None
    except UnicodeDecodeError as error:
        start = block.rfind(b"\n", 0, error.start) + 1
        where = f"not valid UTF-8 at byte {error.start - start + 1} of the line"
        return block[:start].decode("utf-8"), f"{where}; convert the text first, as with iconv -f CP932 -t UTF-8"
