"""Reads the rows of CSV and TSV, where a damaged row costs only itself.

A cell in quotation marks may hold separators and line breaks, and a quotation mark if it stands twice (RFC 4180).
Other quotation marks are characters like any other. A row whose quotation marks do not fit costs its first line only:
reading goes on with the next line, so that an open quotation mark does not swallow the rows behind it.
"""

import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from ncvc.documents.lines import TextLine, read_lines
from ncvc.documents.unreadable import UnreadableError

INSIDE = re.compile(r'((?:[^"]++|"")*+)("?)')
"""The rest of a cell in quotation marks, and the mark that closes it unless it goes on in the next line."""
ENDS = ("", "\n", "\r", "\r\n")

Row = tuple[int, list[str] | UnreadableError]
"""Line on which a row begins, counted from 1, and its cells."""


def read_rows(path: Path, separator: str, encoding: str | None, longest: int) -> Iterator[Row]:
    """Yields the rows of a file; blank lines are none. `longest` is the limit of a row in bytes.

    Raises `OSError`, without an `errno` for damaged compressed data.
    """
    lines = _Lines(read_lines(path, encoding, longest))
    for first in lines:
        if first.text is None:
            yield first.number, UnreadableError("line_too_long", size=first.size)
        elif first.text.strip("\r\n"):
            yield first.number, _row(first, lines, separator, longest)


class _Lines:
    """Lines, some of which are read once more."""

    def __init__(self, lines: Iterator[TextLine]) -> None:
        self._lines = lines
        self._again: deque[TextLine] = deque()

    def __iter__(self) -> Iterator[TextLine]:
        return self

    def __next__(self) -> TextLine:
        return self._again.popleft() if self._again else next(self._lines)

    def put_back(self, lines: list[TextLine]) -> None:
        """Yields these lines first."""
        self._again.extendleft(reversed(lines))


def _row(first: TextLine, lines: _Lines, separator: str, longest: int) -> list[str] | UnreadableError:
    """Parses the row that begins with the line `first`."""
    assert first.text is not None
    if '"' not in first.text:
        if not first.is_decoded:
            return UnreadableError("undecodable", size=first.size)
        return first.text.rstrip("\r\n").split(separator)
    cells: list[str] = []
    taken = [first]
    size = first.size
    line, at = first.text, 0
    while True:
        if line.startswith('"', at):
            pieces = []
            found = INSIDE.match(line, at + 1)
            while found is not None:
                pieces.append(found[1])
                if found[2]:
                    break
                more = next(lines, None)
                if more is None:
                    return _malformed(taken, lines, separator, lost=size > longest)
                size += more.size
                if size <= longest and more.text is not None:
                    taken.append(more)
                    line = more.text
                    found = INSIDE.match(line, 0)
                else:
                    size = max(size, longest + 1)
                    line = more.text or ""
                    pieces.clear()
                    found = INSIDE.match(line, 0)
            assert found is not None
            cells.append("".join(pieces).replace('""', '"'))
            at = found.end()
        else:
            end = line.find(separator, at)
            end = end if end >= 0 else len(line.rstrip("\r\n"))
            cells.append(line[at:end])
            at = end
        if line.startswith(separator, at):
            at += 1
        elif line[at:] in ENDS:
            break
        else:
            return _malformed(taken, lines, separator, lost=size > longest)
    if size > longest:
        return UnreadableError("line_too_long", size=size)
    if not all(each.is_decoded for each in taken):
        return UnreadableError("undecodable", size=size)
    return cells


def _malformed(taken: list[TextLine], lines: _Lines, separator: str, *, lost: bool) -> list[str] | UnreadableError:
    """Puts back all lines of a malformed row but its first; those beyond the limit of a row are lost.

    In TSV the first line is a row without quotation marks: many programs write none there.
    """
    lines.put_back(taken[1:])
    first = taken[0]
    if separator == "\t" and first.is_decoded and first.text is not None and not lost:
        return first.text.rstrip("\r\n").split(separator)
    return UnreadableError("damaged_file" if lost else "malformed_row", size=first.size)
