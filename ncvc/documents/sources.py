"""Finds input files and declares the options of reading them."""

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict, get_args

import ncvc._native as native
from ncvc.documents.skipped import described, has_utf8_name
from ncvc.errors import NcvcError
from ncvc.progress import ProgressCallback

LONGEST_LINE = 64 * 2**20
"""Default of the longest line, in bytes."""
NO_LIMIT = 2**62

OnError = Literal["stop", "quarantine"]
FileFormat = Literal[
    "jsonl", "parquet", "text", "paragraphs", "html", "warc", "csv", "tsv", "excel", "wikipedia", "docx", "pdf"
]
SourceFormat = Literal["auto", FileFormat, "oscar", "wiki40b"]
Extracted = Literal["html", "warc", "csv", "tsv", "excel", "wikipedia", "docx", "pdf"]
"""Formats whose text `ncvc.documents.extract` extracts before the engine reads it."""
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
    ".wet": "warc",
    ".csv": "csv",
    ".tsv": "tsv",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".docx": "docx",
    ".docm": "docx",
    ".pdf": "pdf",
}
COMPRESSED = (".gz", ".zst", ".bz2", ".xz")
COMPRESSIBLE = {"jsonl", "text", "html", "csv", "tsv", "wikipedia"}
MAGIC: dict[bytes, FileFormat] = {
    b"PAR1": "parquet",
    b"WARC/": "warc",
    b"%PDF-": "pdf",
    b"<mediawiki": "wikipedia",
    b"<!doctype html": "html",
    b"<html": "html",
    b"{": "jsonl",
    b"[": "jsonl",
    b"\x1f\x8b": "jsonl",
    b"\x28\xb5\x2f\xfd": "jsonl",
    b"BZh": "jsonl",
    b"\xfd7zXZ": "jsonl",
}
"""First bytes of a file → format, where its name tells none; a compressed file holds JSON lines."""


@dataclass(frozen=True)
class SourceFile:
    """A file of the input."""

    path: Path
    format: FileFormat

    @property
    def needs_extraction(self) -> bool:
        """True if `ncvc.documents.extract` extracts its text before the engine reads it."""
        return self.format in get_args(Extracted)

    def to_engine(self) -> tuple[Path, str]:
        """Returns the path and the format as the engine takes them."""
        return self.path, self.format


@dataclass(frozen=True)
class Found:
    """The files of a source."""

    files: list[SourceFile] = field(default_factory=list)
    skipped: list[Path] = field(default_factory=list)
    """Files in its folders that are not of its format, or of a format that no reader takes."""

    def require_all(self) -> None:
        """Raises `NcvcError` if there are skipped files."""
        if self.skipped:
            raise NcvcError(
                f"{self.skipped[0].parent}: files that are not read: {described(self.skipped)}; name the files that"
                " are meant, as in notes/*.csv, or set `on_error: quarantine`"
            )


def find_sources(names: Sequence[str], folder: Path, format: SourceFormat = "auto") -> Found:  # noqa: A002
    """Finds the files of `names`: files, folders or patterns, relative to `folder`.

    Files of a folder or a pattern are sorted by name, so that the same tree gives the same dataset; a file that is
    named twice is read once, in its first place. A folder, named or matched by a pattern, stands for its visible files
    whose names are of the format, those of linked folders too; the others are skipped. Raises `NcvcError` for a name
    without files to read, and for a file, named or matched by a pattern, of unknown format or that is no regular one.
    """
    found: dict[str, SourceFile] = {}
    skipped: dict[Path, None] = {}
    for name in names:
        path = named_path(name, folder)
        if any(c in name for c in "*?[") and not path.exists():
            paths = _matches(path)
        else:
            paths = [path] if path.exists() else []
        files, others = _files_of(paths, format)
        others += [file.path for file in files if not has_utf8_name(file.path)]
        files = [file for file in files if has_utf8_name(file.path)]
        if not files:
            raise NcvcError(f"{path}: {_nothing(path, others, format)}")
        for file in files:
            found.setdefault(_real(file.path), file)
        skipped |= dict.fromkeys(others)
    return Found(list(found.values()), [other for other in skipped if _real(other) not in found])


def named_path(name: str, folder: Path) -> Path:
    """Returns the path of a name in a config: relative to `folder`, with the home folder for ~.

    A name that is not there as it is written, but in another normal form of Unicode, is taken in that one: macOS and
    some archives store が as か and a mark.
    """
    path = folder / Path(name).expanduser()
    forms = (Path(unicodedata.normalize(form, str(path))) for form in ("NFC", "NFD"))
    return path if path.exists() else next((other for other in forms if other.exists()), path)


def _matches(pattern: Path) -> list[Path]:
    """Lists what matches a pattern, in either normal form of Unicode, sorted.

    As in a shell, a star matches no hidden file.
    """
    forms = {unicodedata.normalize(form, str(pattern)) for form in ("NFC", "NFD")} | {str(pattern)}
    anchor = Path(pattern.anchor)
    found = {path for form in forms for path in anchor.glob(str(Path(form).relative_to(anchor)))}
    return sorted(path for path in found if path.name[0] != "." or pattern.name[0] == ".")


def _nothing(path: Path, skipped: Sequence[Path], format: SourceFormat) -> str:  # noqa: A002
    """Says in words why a name stands for no file."""
    kind = "" if format == "auto" else f" of format '{format}'"
    if skipped:
        return f"no file{kind or ' that can be read'} is in it; it holds {described(skipped)}"
    if path.is_dir():
        return "the folder holds no file; name files, folders or patterns"
    return f"no such input; name files, folders or patterns{kind}"


def _files_of(paths: Sequence[Path], format: SourceFormat) -> tuple[list[SourceFile], list[Path]]:  # noqa: A002
    """Finds the files to read among files and in folders, and those in folders that are skipped."""
    files, skipped = [], []
    for path in paths:
        if path.is_dir():
            for file in _visible_files(path):
                by_name = _format_by_name(file) if file.is_file() else None
                chosen = _chosen(by_name, format)
                alike = chosen == by_name or (chosen, by_name) == ("paragraphs", "text")
                if by_name is not None and alike:
                    files.append(SourceFile(file, chosen))
                else:
                    skipped.append(file)
        elif path.is_file():
            files.append(SourceFile(path, _format(path, format)))
        elif path.exists():
            raise NcvcError(f"{path}: no regular file, so that it could not be read twice; write it to a file first")
        else:
            skipped.append(path)  # a broken link that a pattern matches
    return files, skipped


def _real(path: Path) -> str:
    """Returns a path without links; unlike `Path.resolve` it takes links in a circle as they are."""
    return os.path.realpath(path)


def _visible_files(folder: Path) -> list[Path]:
    """Lists what is no folder in a folder and below, sorted; a folder that cannot be read is an error.

    Linked folders are entered, but none twice, so that a link to a folder above is no circle.
    """

    def refuse(error: OSError) -> None:
        raise error

    found: list[Path] = []
    seen: set[str] = set()
    left = [folder]
    while left:
        top = left.pop(0)
        if _real(top) in seen:
            continue
        for parent, folders, names in os.walk(top, onerror=refuse):
            seen.add(_real(Path(parent)))
            folders[:] = [name for name in folders if name[0] != "." and _real(Path(parent, name)) not in seen]
            left += [Path(parent, name) for name in folders if Path(parent, name).is_symlink()]
            found += [Path(parent, name) for name in names if name[0] != "."]
    return sorted(found)


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
    suffix = suffixes[-1 - packed] if len(suffixes) > packed else ""
    # Parts of dumps are named as in articles1.xml-p1p114794.bz2.
    xml = suffix.partition("-")[0] == ".xml"
    known: FileFormat | None = ("wikipedia" if _is_dump(path) else None) if xml else FORMATS.get(suffix)
    readable = known in COMPRESSIBLE or (known == "warc" and suffixes[-1] == ".gz")
    return known if readable or not packed else None


def _is_dump(path: Path) -> bool:
    """Tests whether an XML file is a dump of MediaWiki."""
    try:
        return b"<mediawiki" in native.SourceStream.open(path).read(4096)
    except OSError:
        return False


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
    categories: list[str]
    least_harmful_pp: float | None
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
    """Encoding of plain text, JSON lines and tables; `auto` recognises it file by file."""
    columns: tuple[str | int, ...] = ()
    """Columns of a table that make the text, by name or by number from 1."""
    header: bool = True
    """True if the first row of a table names its columns."""
    quality_warnings: Sequence[str] = ()
    """Quality warnings of OSCAR for which a document is dropped."""
    categories: Sequence[str] = ()
    """Categories of web sites, as OSCAR names them, for which a document is dropped."""
    least_harmful_pp: float | None = None
    """Value of OSCAR's `harmful_pp` below which a document is dropped."""
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
            "categories": list(self.categories),
            "least_harmful_pp": self.least_harmful_pp,
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
            case "auto" | "jsonl" | "parquet":
                return "auto"
            case _:
                return "plain"
