"""Reads the text of Word files (.docx), as a stream with Python's own XML parser.

python-docx leaves out content controls, tracked insertions, text boxes and ruby, mammoth ruby (docs/lab-notes.md).
"""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from ncvc.documents.lines import CHUNK
from ncvc.documents.superscript import superscript
from ncvc.documents.unreadable import Members, UnreadableError

NAMESPACES = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
)
"""Namespaces of WordprocessingML, transitional and strict."""
FALLBACK = "http://schemas.openxmlformats.org/markup-compatibility/2006 Fallback"
"""Second form of a text box, for older programs."""
LEFT_OUT = {"rt", "moveFrom", "instrText", "delText"}
"""Readings of ruby, text that was moved away or deleted, codes of fields."""
CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
SYMBOLS = {
    "F0FC": "✓",
    "F0FB": "✗",
    "F0FE": "☑",
    "F0FD": "☒",
    "F0A8": "□",
    "F06F": "□",
    "F06C": "●",
    "F0E0": "→",
    "F0DF": "←",
    "F0E1": "↑",
    "F0E2": "↓",
}
"""Characters of the font Wingdings → those of Unicode."""
NOTES = ("word/footnotes.xml", "word/endnotes.xml")
OLE = b"\xd0\xcf\x11\xe0"
"""Beginning of an encrypted file, and of the older .doc."""


@dataclass
class _Run:
    """Characters of one format."""

    text: list[str] = field(default_factory=list)
    is_raised: bool = False
    is_hidden: bool = False


class _TooLongError(Exception):
    """The text is longer than it may be."""


class _Body:
    """Collects the lines of text from the events of the parser."""

    def __init__(self, longest: int) -> None:
        self.lines: list[str] = []
        self._left = longest
        self._paragraphs: list[list[str]] = []
        """Runs of the open paragraphs; a text box is a paragraph in one."""
        self._containers: list[list[str]] = [self.lines]
        """Lines of the body, cells of the open rows, lines of the open cells."""
        self._run = _Run()
        self._in_text = False
        self._skipped = 0
        """Depth of elements in one that is left out."""

    def parse(self, chunks: Iterator[bytes]) -> None:
        """Parses a part of the file; raises `ExpatError` or `ValueError` if it is no XML of Word."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = _refuse
        for chunk in chunks:
            parser.Parse(chunk)
        parser.Parse(b"", True)

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        name = _local(element)
        if self._skipped or name in LEFT_OUT or element == FALLBACK:
            self._skipped += 1
            return
        value = next((value for key, value in attributes.items() if _local(key) == "val"), "true")
        match name:
            case "p":
                self._paragraphs.append([])
            case "tr" | "tc":
                self._containers.append([])
            case "r":
                self._run = _Run()
            case "vertAlign":
                self._run.is_raised = value == "superscript"
            case "vanish":
                self._run.is_hidden = value not in ("0", "false", "off")
            case "t":
                self._in_text = True
            case "sym":
                code = next((value for key, value in attributes.items() if _local(key) == "char"), "").upper()
                self._run.text.append(SYMBOLS.get(code, "□"))
            case _ if name in CHARACTERS and self._paragraphs:
                self._run.text.append(CHARACTERS[name])

    def _end(self, element: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        match _local(element):
            case "t":
                self._in_text = False
            case "r":
                self._end_run()
            case "p" if self._paragraphs:
                self._add("".join(self._paragraphs.pop()))
            case "tc":
                self._containers[-2].append(" ".join(self._containers.pop()))
            case "tr":
                self._add("\t".join(self._containers.pop()))

    def _end_run(self) -> None:
        text = "".join(self._run.text)
        if self._paragraphs and not self._run.is_hidden:
            self._paragraphs[-1].append(superscript(text) if self._run.is_raised else text)
        self._run = _Run()

    def _add(self, line: str) -> None:
        if line.strip():
            self._containers[-1].append(line.strip())

    def _characters(self, data: str) -> None:
        if self._in_text and not self._skipped:
            self._left -= len(data.encode())
            if self._left < 0:
                raise _TooLongError
            self._run.text.append(data)


def _local(name: str) -> str:
    """Returns the local part of a name of WordprocessingML; another name as it is."""
    namespace, _, local = name.rpartition(" ")
    return local if namespace in NAMESPACES else name


def _refuse(*_: object) -> None:
    raise ValueError("a Word file has no document type, which could define endless entities")


def read_docx(path: Path, longest: int) -> Iterator[tuple[int, Members | UnreadableError]]:
    """Yields the document in a Word file: paragraphs and rows of tables, a line each, then the notes.

    `longest` is the limit of the text in bytes. Headers, footers, comments and deleted text are left out.
    """
    try:
        size = path.stat().st_size
        yield 1, _document(path, size, longest)
    except OSError:
        yield 0, UnreadableError("unreadable_file", is_document=False)
    except UnreadableError as error:
        yield 0, error


def _document(path: Path, size: int, longest: int) -> Members:
    with path.open("rb") as file:
        if file.read(4) == OLE:
            raise UnreadableError(
                "encrypted" if b"E\0n\0c\0r\0y\0p\0t" in file.read(2**20) else "damaged_file", size=size
            )
    body = _Body(longest)
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            for part in ("word/document.xml", *(note for note in NOTES if note in names)):
                body.parse(_chunks(archive, part))
    except _TooLongError:
        raise UnreadableError("line_too_long", size=size) from None
    except RuntimeError:  # zipfile's error for a member with a password
        raise UnreadableError("encrypted", size=size) from None
    except (zipfile.BadZipFile, zlib.error, expat.ExpatError, KeyError, ValueError, EOFError, NotImplementedError):
        raise UnreadableError("damaged_file", size=size) from None
    return {"text": "\n".join(body.lines)}


def _chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as part:
        while chunk := part.read(CHUNK):
            yield chunk
