"""Extracts the text of files that the engine does not read into one file, which the engine then reads.

Its lines, parsed in `rust/core/src/source/extracted.rs`, are the place of a document and its members, or the reason
why there is none. A document has the member `text`; further ones are described with each reader.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import ncvc._native as native
from ncvc.documents.needed import require_packages, versions
from ncvc.documents.pages import Page, read_html, read_warc, to_document
from ncvc.documents.pdf import read_pdf
from ncvc.documents.sources import Reading, SourceFile
from ncvc.documents.tables import SEPARATORS, read_csv, read_excel
from ncvc.documents.unreadable import Members, UnreadableError
from ncvc.documents.wikipedia import read_dump
from ncvc.documents.word import read_docx
from ncvc.files import sha256_if_readable, whole_file, write_whole

BATCH = 2**20
"""Characters that are compressed together."""

Entries = Iterator[tuple[int, Members | UnreadableError]]
"""Documents of a file with their places."""


@dataclass(frozen=True)
class Extraction:
    """Extracted text of some files."""

    path: Path
    """File with the text, for the engine."""
    digests: list[str | None]
    """SHA-256 of each of the files; None for an unreadable one."""

    passed_over: dict[str, int]
    """Records of WARC files that are no pages: media type or status → records."""


def extract(files: Sequence[SourceFile], folder: Path, reading: Reading) -> Extraction:
    """Extracts the documents of `files` into a file in `folder`.

    The name of that file depends on the content of `files`, so that none is extracted twice. Raises `NcvcError` if a
    package is missing.
    """
    require_packages(files)
    hashes = [sha256_if_readable(file.path) for file in files]
    settings = [reading.encoding, reading.longest_line, reading.columns, reading.header, versions(files)]
    inputs = [[str(file.path), file.format, digest] for file, digest in zip(files, hashes, strict=True)]
    name = hashlib.sha256(json.dumps([settings, inputs]).encode()).hexdigest()[:32]
    path = folder / f"{name}.tsv.zst"
    counts = folder / f"{name}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            # The text comes last: where it is, the counts are.
            write_whole(counts, _write(files, partial, reading))
    return Extraction(path, hashes, json.loads(counts.read_bytes()))


def _write(files: Sequence[SourceFile], path: Path, reading: Reading) -> Counter[str]:
    """Writes the documents of `files`; returns the counts of what is passed over."""
    passed_over: Counter[str] = Counter()
    rows: list[str] = []
    size = 0
    with path.open("wb") as out:
        for number, file in enumerate(files):
            for place, found in read_documents(file, reading, passed_over):
                rows.append(f"{number}\t{place}\t{_entry(found)}\n")
                size += len(rows[-1])
                if size >= BATCH:
                    out.write(native.compress("".join(rows).encode()))
                    rows, size = [], 0
        out.write(native.compress("".join(rows).encode()))
    return passed_over


def _entry(found: Members | UnreadableError) -> str:
    if isinstance(found, UnreadableError):
        names = json.dumps(found.names, ensure_ascii=False)
        return f"{found.reason}\t{found.size}\t{int(found.is_document)}\t{names}"
    return json.dumps(found, ensure_ascii=False)


def read_documents(file: SourceFile, reading: Reading, passed_over: Counter[str]) -> Entries:
    """Yields the documents of a file with the reader of its format."""
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
        case "html":
            return _pages(read_html(path, longest), encoding)
        case _:
            return _pages(read_warc(path, longest, passed_over), encoding)


def _pages(pages: Iterator[tuple[int, Page | UnreadableError]], encoding: str | None) -> Entries:
    """Extracts the main text of web pages."""
    for offset, page in pages:
        try:
            yield offset, page if isinstance(page, UnreadableError) else to_document(page, encoding)
        except UnreadableError as error:
            yield offset, error
