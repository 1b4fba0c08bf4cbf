"""Extracts the text of files that the engine does not read into one file, which the engine then reads.

Its lines, parsed in `rust/core/src/source/extracted.rs`, are the place of a document and its members, or the reason
why there is none. A document has the member `text`; further ones are described with each reader.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import ncvc._native as native
from ncvc.documents.needed import require_packages, versions
from ncvc.documents.pages import PARSER, Members, UnreadableError, read_html, read_warc, to_document
from ncvc.documents.pdf import read_pdf
from ncvc.documents.sources import Reading, SourceFile
from ncvc.documents.tables import SEPARATORS, read_csv, read_excel
from ncvc.documents.wikipedia import read_dump
from ncvc.documents.word import read_docx
from ncvc.files import sha256_if_readable, whole_file

BATCH = 2**20
"""Characters that are compressed together."""

Entries = Iterator[tuple[int, Members | UnreadableError]]
"""Documents of a file with their places."""


def extract(files: Sequence[SourceFile], folder: Path, reading: Reading) -> tuple[Path, list[str | None]]:
    """Extracts the documents of `files` into a file in `folder`; returns its path and the SHA-256 of each of `files`.

    The name of that file depends on the content of `files`, so that none is extracted twice. The digest of an
    unreadable file is None. Raises `NcvcError` if a package is missing.
    """
    require_packages(files)
    hashes = [sha256_if_readable(file.path) for file in files]
    settings = [reading.encoding, reading.longest_line, reading.columns, reading.header, PARSER, versions(files)]
    inputs = [[str(file.path), file.format, digest] for file, digest in zip(files, hashes, strict=True)]
    name = hashlib.sha256(json.dumps([settings, inputs]).encode()).hexdigest()[:32]
    path = folder / f"{name}.tsv.zst"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            _write(files, partial, reading)
    return path, hashes


def _write(files: Sequence[SourceFile], path: Path, reading: Reading) -> None:
    rows: list[str] = []
    size = 0
    with path.open("wb") as out:
        for number, file in enumerate(files):
            for place, found in _documents(file, reading):
                rows.append(f"{number}\t{place}\t{_entry(found)}\n")
                size += len(rows[-1])
                if size >= BATCH:
                    out.write(native.compress("".join(rows).encode()))
                    rows, size = [], 0
        out.write(native.compress("".join(rows).encode()))


def _entry(found: Members | UnreadableError) -> str:
    if isinstance(found, UnreadableError):
        return f"{found.reason}\t{found.size}\t{int(found.is_document)}"
    return json.dumps(found, ensure_ascii=False)


def _documents(file: SourceFile, reading: Reading) -> Entries:
    """Reads a file with the reader of its format."""
    path, longest = file.path, reading.longest_line
    encoding = None if reading.encoding == "auto" else reading.encoding
    match file.format:
        case "csv" | "tsv":
            separator = SEPARATORS[file.format]
            return read_csv(path, separator, reading.columns, header=reading.header, encoding=encoding, longest=longest)
        case "excel":
            return read_excel(path, reading.columns, header=reading.header, longest=longest)
        case "wikipedia":
            return read_dump(path, longest)
        case "docx":
            return read_docx(path, longest)
        case "pdf":
            return read_pdf(path, longest)
        case _:
            return _pages(file, encoding, longest)


def _pages(file: SourceFile, encoding: str | None, longest: int) -> Entries:
    """Reads the main text of web pages."""
    read = read_html if file.format == "html" else read_warc
    for offset, page in read(file.path, longest):
        try:
            yield offset, page if isinstance(page, UnreadableError) else to_document(page, encoding)
        except UnreadableError as error:
            yield offset, error
