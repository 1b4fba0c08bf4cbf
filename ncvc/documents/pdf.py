"""Reads the text of PDF files with PDFium, the reader of Chrome, through pypdfium2.

It has the character maps of Japanese fonts built in; pypdf takes three times as long, pdfminer.six twelve times
(docs/lab-notes.md).
"""

import statistics
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ncvc.documents.superscript import RAISED, superscript
from ncvc.documents.unreadable import Members, UnreadableError

PASSWORD = 4
"""PDFium's error FPDF_ERR_PASSWORD."""
SOFT_HYPHENS = "\x02\xad\ufffe"
"""Characters by which PDFium marks a hyphen that a line's end has put into a word."""
SENTENCE_ENDS = "。．.！!？?」』）)】:：;；"
MARGIN = 1.5
"""Characters by which a line may end before the longest one of its block and be full."""
SPACING = 2.0
"""Heights of a line from one line to the next of the same block, at the most."""
GAP = 0.25
"""Width of a space, at the least, to the height of its line."""
SMALL = 0.85
"""Size of a raised character to the largest of its line, at the most."""
RISE = 0.1
"""Height of a raised character above the others, at the least, to the size of the largest."""
UNMAPPED = ("Cn", "Co", "Cs", "Cc")
"""Categories of characters that a font without a map to Unicode gives."""

_PDFIUM = threading.Lock()
"""PDFium is used by one thread at a time."""


@dataclass(frozen=True)
class _Line:
    """A line of a page; sizes in points."""

    text: str
    left: float
    right: float
    bottom: float
    height: float


def read_pdf(path: Path, longest: int) -> Iterator[tuple[int, Members | UnreadableError]]:
    """Yields the document in a PDF file, and before it the pages that show something but hold no text.

    `longest` is the limit of the text in bytes. Lines that end at the margin within a sentence are joined.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            file.read(1)
    except OSError:
        yield 0, UnreadableError("unreadable_file", is_document=False)
        return
    with _PDFIUM:
        found = list(_read(path, size, longest))
    yield from found


def _read(path: Path, size: int, longest: int) -> Iterator[tuple[int, Members | UnreadableError]]:
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(path) as document:
            pages: list[str] = []
            unread: list[tuple[int, UnreadableError]] = []
            left = longest
            for number in range(1, len(document) + 1):
                try:
                    text = _page(document, number)
                except UnreadableError as error:
                    unread.append((number, error))
                    continue
                left -= len(text.encode())
                if left < 0:
                    yield 0, UnreadableError("line_too_long", size=size)
                    return
                pages.append(text)
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", None)
        yield 0, UnreadableError("encrypted" if code == PASSWORD else "damaged_file", size=size)
        return
    text = "\n".join(page for page in pages if page)
    if not text and unread:
        yield 0, UnreadableError(unread[0][1].reason, size=size)
        return
    yield from unread
    yield 1, {"text": text}


def _page(document: Any, number: int) -> str:
    """Returns the text of a page; raises `UnreadableError` if it shows something and holds none."""
    import pypdfium2

    try:
        page = document[number - 1]
        textpage = page.get_textpage()
        lines = list(_rejoined(list(_lines(textpage))))
        shows = bool(lines) or next(page.get_objects(max_depth=2), None) is not None
        textpage.close()
        page.close()
    except pypdfium2.PdfiumError:
        raise UnreadableError("damaged_file", is_document=False) from None
    text = _joined(lines)
    if shows and not text.strip():
        raise UnreadableError("no_text", is_document=False)
    unmapped = sum(unicodedata.category(character) in UNMAPPED and character != "\n" for character in text)
    if (unmapped + text.count("\ufffd")) * 2 > len(text) > 0:
        raise UnreadableError("undecodable", is_document=False)
    return text


def _lines(textpage: Any) -> Iterator[_Line]:
    """Yields the lines of a page in the order of the file, with their places."""
    at = 0
    last = textpage.count_chars() - 1
    for line in textpage.get_text_range().split("\n"):
        text = line.rstrip("\r ")
        start = at + len(text) - len(text.lstrip())
        if text.strip():
            left, bottom, _, top = textpage.get_charbox(min(start, last), loose=True)
            right = textpage.get_charbox(min(at + len(text) - 1, last), loose=True)[2]
            shown = _with_superscripts(textpage, text, at)
            yield _Line(shown.strip(), left, right, bottom, max(top - bottom, 1.0))
        at += len(line) + 1


def _with_superscripts(textpage: Any, text: str, at: int) -> str:
    """Writes small raised digits and signs of a line, which begins at the character `at`, as superscripts."""
    import pypdfium2.raw

    if not any(ord(character) in RAISED for character in text[1:]):
        return text
    numbers = range(at, min(at + len(text), textpage.count_chars()))
    sizes = [pypdfium2.raw.FPDFText_GetFontSize(textpage.raw, number) for number in numbers]
    boxes = [textpage.get_charbox(number, loose=True) for number in numbers]
    most = max(sizes, default=0.0)
    full = [box[1] for box, size in zip(boxes, sizes, strict=True) if size > SMALL * most]
    is_raised = [
        size < SMALL * most and ord(character) in RAISED and box[1] > statistics.median(full) + RISE * most
        for character, size, box in zip(text, sizes, boxes, strict=False)
    ]
    is_raised += [False] * (len(text) - len(is_raised))
    return "".join(superscript(c) if raised else c for c, raised in zip(text, is_raised, strict=True))


def _rejoined(lines: list[_Line]) -> Iterator[_Line]:
    """Joins pieces that stand beside each other: PDFium ends a line where a raised character does."""
    last: _Line | None = None
    for line in lines:
        if last is None:
            last = line
        elif abs(line.bottom - last.bottom) < max(line.height, last.height) / 2 and line.left >= last.right - 1:
            gap = " " if line.left - last.right > GAP * min(line.height, last.height) else ""
            bottom, height = min(line.bottom, last.bottom), max(line.height, last.height)
            last = _Line(last.text + gap + line.text, last.left, line.right, bottom, height)
        else:
            yield last
            last = line
    if last is not None:
        yield last


def _joined(lines: list[_Line]) -> str:
    """Joins the lines of a block that end at its margin within a sentence."""
    text: list[str] = []
    for block in _blocks(lines):
        margin = max(line.right for line in block)
        for i, line in enumerate(block):
            text.append(line.text.rstrip(SOFT_HYPHENS))
            is_full = line.right >= margin - MARGIN * line.height and line.text[-1] not in SENTENCE_ENDS
            if i + 1 == len(block) or not is_full:
                text.append("\n")
            elif line.text[-1] not in SOFT_HYPHENS and line.text[-1].isascii() and block[i + 1].text[0].isascii():
                text.append(" ")
    return "".join(text).rstrip("\n")


def _blocks(lines: list[_Line]) -> Iterator[list[_Line]]:
    """Groups lines that follow each other downwards at the spacing of a paragraph."""
    block: list[_Line] = []
    for line in lines:
        if block:
            last = block[-1]
            drop = last.bottom - line.bottom
            alike = 0 < drop <= SPACING * max(last.height, line.height) and line.left < last.right
            if not alike:
                yield block
                block = []
        block.append(line)
    if block:
        yield block
