"""Finds input files and declares the options of reading them."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

from ncvc.errors import NcvcError
from ncvc.files import files_below
from ncvc.progress import ProgressCallback

LONGEST_LINE = 64 * 2**20
"""Default of the longest line, in bytes."""
NO_LIMIT = 2**62

OnError = Literal["stop", "quarantine"]
FileFormat = Literal["jsonl", "parquet", "text", "paragraphs", "html", "warc"]
SourceFormat = Literal["auto", "jsonl", "parquet", "text", "paragraphs", "html", "warc", "oscar", "wiki40b"]
TextEncoding = Literal["auto", "utf-8", "shift_jis", "euc-jp", "iso-2022-jp", "utf-16le", "utf-16be"]

FORMATS: dict[str, FileFormat] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".warc": "warc",
}
COMPRESSED = (".gz", ".zst", ".bz2")
COMPRESSIBLE = {"jsonl", "text"}
MAGIC: dict[bytes, FileFormat] = {
    b"PAR1": "parquet",
    b"WARC/": "warc",
    b"<!doctype html": "html",
    b"<html": "html",
    b"{": "jsonl",
    b"\x1f\x8b": "jsonl",
    b"\x28\xb5\x2f\xfd": "jsonl",
    b"BZh": "jsonl",
}
"""First bytes of a file → format, where its name tells none; a compressed file holds JSON lines."""


@dataclass(frozen=True)
class SourceFile:
    """A file of the input."""

    path: Path
    format: FileFormat

    @property
    def needs_extraction(self) -> bool:
        """True for web pages, whose text `ncvc.documents.extract` extracts before the engine reads it."""
        return self.format in ("html", "warc")

    def to_engine(self) -> tuple[Path, str]:
        """Returns the path and the format as the engine takes them."""
        return self.path, self.format


def find_sources(names: Sequence[str], folder: Path, format: SourceFormat = "auto") -> list[SourceFile]:  # noqa: A002
    """Finds the files of `names`: files, folders or patterns, relative to `folder`.

    Files of a folder or a pattern are sorted by name, so that the same tree gives the same dataset; a file that is
    named twice is read once, in its first place. A folder stands for its visible files whose names are of the format.
    Raises `NcvcError` for a name without files, and for a file, named or matched by a pattern, of unknown format.
    """
    found: dict[Path, SourceFile] = {}
    for name in names:
        path = folder / name
        if path.is_dir():
            matches = list(_files_of(path, format))
        elif any(c in name for c in "*?[") and not path.exists():
            anchor = Path(path.anchor)
            # As in a shell, a star matches no hidden file.
            shown = (p for p in anchor.glob(str(path.relative_to(anchor))) if p.name[0] != "." or path.name[0] == ".")
            paths = sorted(p for p in shown if p.is_file())
            matches = [SourceFile(p, _format(p, format)) for p in paths]
        else:
            matches = [SourceFile(path, _format(path, format))] if path.exists() else []
        if not matches:
            raise NcvcError(f"{path}: no such input; name files, folders or patterns{_described(format)}")
        for file in matches:
            _require_utf8_name(file.path)
            found.setdefault(file.path.resolve(), file)
    return list(found.values())


def _require_utf8_name(path: Path) -> None:
    """Raises `NcvcError` for a name that records and reports, which are UTF-8, cannot hold."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        name = os.fsencode(path).decode(errors="backslashreplace")
        raise NcvcError(f"{name}: the name is not UTF-8; rename it") from None


def _described(format: SourceFormat) -> str:  # noqa: A002
    return " of JSON lines, Parquet, text, HTML or WARC" if format == "auto" else f" of format '{format}'"


def _files_of(folder: Path, format: SourceFormat) -> Iterator[SourceFile]:  # noqa: A002
    for path in files_below(folder):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts) and path.is_file():
            by_name = _format_by_name(path)
            chosen = _chosen(by_name, format)
            alike = chosen == by_name or (chosen, by_name) == ("paragraphs", "text")
            if by_name is not None and alike:
                yield SourceFile(path, chosen)


def _format(path: Path, format: SourceFormat) -> FileFormat:  # noqa: A002
    by_name = _format_by_name(path)
    if format == "auto" and by_name is None:
        return _format_by_beginning(path)
    return _chosen(by_name, format)


def _chosen(by_name: FileFormat | None, format: SourceFormat) -> FileFormat:  # noqa: A002
    if format == "auto":
        return by_name or "jsonl"
    if format == "oscar" or format == "wiki40b":
        return "parquet" if by_name == "parquet" else "jsonl"
    return format


def _format_by_name(path: Path) -> FileFormat | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = bool(suffixes) and suffixes[-1] in COMPRESSED
    known = FORMATS.get(suffixes[-1 - packed]) if len(suffixes) > packed else None
    readable = known in COMPRESSIBLE or (known == "warc" and suffixes[-1] == ".gz")
    return known if readable or not packed else None


def _format_by_beginning(path: Path) -> FileFormat:
    try:
        with path.open("rb") as file:
            head = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError:
        return "jsonl"  # the reader reports it as unreadable
    for beginning, known in MAGIC.items():
        if head.startswith(beginning) or (known == "html" and head.lower().startswith(beginning)):
            return known
    if not head:
        return "jsonl"
    raise NcvcError(f"{path}: unknown format, by name and by content; set `format`")


class EngineReading(TypedDict):
    """Options of reading, as the engine takes them."""

    text_field: str
    encoding: str | None
    form: str
    quality_warnings: list[str]
    threads: int
    longest_line: int
    quarantine: bool
    part_bytes: int
    most_lines: int
    progress: ProgressCallback | None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Options of reading documents."""

    text_field: str = "text"
    """Member of each JSON object, or column of Parquet, that holds the text."""
    format: SourceFormat = "auto"
    """Format of the source; `auto` recognises published corpora document by document."""
    encoding: TextEncoding = "auto"
    """Encoding of plain text; `auto` detects it file by file."""
    quality_warnings: Sequence[str] = ()
    """Quality warnings of OSCAR for which a document is dropped."""
    threads: int = 0
    """Worker threads, 0 for one a core."""
    on_error: OnError = "stop"
    """Treatment of unreadable input."""
    longest_line: int = LONGEST_LINE
    """Longest line or document, in bytes."""
    part_bytes: int = NO_LIMIT
    """Approximate size of a part in bytes."""
    most_lines: int = NO_LIMIT
    """Lines to read of all files together at most."""

    def to_engine(self, progress: ProgressCallback | None = None) -> EngineReading:
        """Returns the options as the engine takes them."""
        return {
            "text_field": self.text_field,
            "encoding": None if self.encoding == "auto" else self.encoding,
            "form": self._form,
            "quality_warnings": list(self.quality_warnings),
            "threads": self.threads,
            "longest_line": self.longest_line,
            "quarantine": self.on_error == "quarantine",
            "part_bytes": self.part_bytes,
            "most_lines": self.most_lines,
            "progress": progress,
        }

    @property
    def _form(self) -> str:
        """Name of the form of documents in the engine."""
        match self.format:
            case "oscar" | "wiki40b":
                return self.format
            case "text" | "paragraphs" | "html" | "warc":
                return "plain"
            case _:
                return "auto"
