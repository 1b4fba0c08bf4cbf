"""Which files a pass reads, and how."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ncvc.errors import NcvcError
from ncvc.files import files_below
from ncvc.progress import ProgressCallback

LONGEST_LINE = 64 * 2**20
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
# How files begin whose names say nothing. A file that is compressed holds JSON lines.
BEGINNINGS: dict[bytes, FileFormat] = {
    b"PAR1": "parquet",
    b"WARC/": "warc",
    b"<!doctype html": "html",
    b"<html": "html",
    b"{": "jsonl",
    b"\x1f\x8b": "jsonl",
    b"\x28\xb5\x2f\xfd": "jsonl",
    b"BZh": "jsonl",
}


@dataclass(frozen=True)
class SourceFile:
    """A file of the input."""

    path: Path
    """Where it is."""
    format: FileFormat
    """How it holds its documents."""

    @property
    def holds_pages(self) -> bool:
        """Whether `ncvc.documents.extract` must read it first."""
        return self.format in ("html", "warc")

    def native(self) -> tuple[Path, str]:
        """What the engine takes."""
        return self.path, self.format


def find_sources(names: Sequence[str], folder: Path, format: SourceFormat = "auto") -> list[SourceFile]:  # noqa: A002
    """The files that `names` stand for: files, folders or patterns, relative to `folder`.

    Folders and patterns are taken in the order of their names, so that the same tree gives the same dataset; a
    file that is named twice is read once, in its first place. Of a folder those files are taken whose names say
    that they are of the format, and that are not hidden. Raises `NcvcError` for a name without files, and for a
    file, named or matched by a pattern, that is of no known format.
    """
    found: dict[Path, SourceFile] = {}
    for name in names:
        path = folder / name
        if path.is_dir():
            matches = list(_files_of(path, format))
        elif any(c in name for c in "*?[") and not path.exists():
            anchor = Path(path.anchor)
            # A star stands for no hidden file, as in a shell.
            shown = (p for p in anchor.glob(str(path.relative_to(anchor))) if p.name[0] != "." or path.name[0] == ".")
            paths = sorted(p for p in shown if p.is_file())
            matches = [SourceFile(p, _format(p, format)) for p in paths]
        else:
            matches = [SourceFile(path, _format(path, format))] if path.exists() else []
        if not matches:
            raise NcvcError(f"{path}: no such input; name files, folders or patterns{_of(format)}")
        for file in matches:
            _check_name(file.path)
            found.setdefault(file.path.resolve(), file)
    return list(found.values())


def _check_name(path: Path) -> None:
    """Records and reports are UTF-8 and say where every document is from."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        name = os.fsencode(path).decode(errors="backslashreplace")
        raise NcvcError(f"{name}: the name is not UTF-8; rename it") from None


def _of(format: SourceFormat) -> str:  # noqa: A002
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
        return "jsonl"  # the pass says of every file that it cannot read why, and may go on without it
    for beginning, known in BEGINNINGS.items():
        if head.startswith(beginning) or (known == "html" and head.lower().startswith(beginning)):
            return known
    if not head:
        return "jsonl"
    raise NcvcError(f"{path}: neither its name nor its beginning says what it is; set `format`")


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How documents are read."""

    text_field: str = "text"
    """The member of each JSON object, or the column, that holds the text."""
    format: SourceFormat = "auto"
    """The format of the source; published corpora are recognised document by document unless it says which."""
    encoding: TextEncoding = "auto"
    """The encoding of plain text; recognised file by file unless it is given."""
    quality_warnings: Sequence[str] = ()
    """Documents with one of these quality warnings of OSCAR are dropped."""
    threads: int = 0
    """Worker threads; 0 is one a core."""
    on_error: OnError = "stop"
    """What to do with what cannot be read."""
    longest_line: int = LONGEST_LINE
    """The longest line or document that is read, in bytes."""

    part_bytes: int = NO_LIMIT
    """About how many bytes make a part."""
    most_lines: int = NO_LIMIT
    """The most lines that are read of all files together."""

    def native(self, progress: ProgressCallback | None = None) -> dict[str, Any]:
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
        """The engine's name for the form of documents."""
        match self.format:
            case "oscar" | "wiki40b":
                return self.format
            case "text" | "paragraphs" | "html" | "warc":
                return "plain"
            case _:
                return "auto"
