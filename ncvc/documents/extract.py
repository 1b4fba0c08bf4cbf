"""Extracts the main text of the pages in HTML and WARC files into one file, which the engine then reads.

Its lines, parsed in `rust/core/src/source/extracted.rs`, are the place of a page and its document, or the reason why
there is none. A document has the members `text` and `title`, and from WARC `url`, `date` and `offset`.
"""

import hashlib
import importlib.util
import json
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from ncvc.documents.pages import PARSER, Page, UnreadableError, read_html, read_warc, to_document
from ncvc.documents.sources import Reading, SourceFile
from ncvc.errors import NcvcError
from ncvc.files import sha256_if_readable, whole_file

LEVEL = 1
"""Level of zstd, low because the file is read once and then removed."""


def extract(files: Sequence[SourceFile], folder: Path, reading: Reading) -> tuple[Path, list[str | None]]:
    """Extracts the pages of `files` into a file in `folder`; returns its path and the SHA-256 of each of `files`.

    The name of that file depends on the content of `files`, so that none is extracted twice. The digest of an
    unreadable file is None. Raises `NcvcError` without the extra `web`.
    """
    if not all(importlib.util.find_spec(name) for name in ("fastwarc", "resiliparse", "zstandard")):
        raise NcvcError("HTML and WARC need three more packages; install them with pip install 'ncvc[web]'")
    hashes = [sha256_if_readable(file.path) for file in files]
    settings = [reading.encoding, reading.longest_line, PARSER, version("resiliparse"), version("fastwarc")]
    inputs = [[str(file.path), file.format, digest] for file, digest in zip(files, hashes, strict=True)]
    name = hashlib.sha256(json.dumps([settings, inputs]).encode()).hexdigest()[:32]
    path = folder / f"{name}.tsv.zst"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as partial:
            _write(files, partial, reading)
    return path, hashes


def _write(files: Sequence[SourceFile], path: Path, reading: Reading) -> None:
    import zstandard

    encoding = None if reading.encoding == "auto" else reading.encoding
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    with path.open("wb") as raw, compressor.stream_writer(raw) as out:
        for number, file in enumerate(files):
            read = read_html if file.format == "html" else read_warc
            for offset, page in read(file.path, reading.longest_line):
                out.write(f"{number}\t{offset}\t{_entry(page, encoding)}\n".encode())


def _entry(page: Page | UnreadableError, encoding: str | None) -> str:
    try:
        if isinstance(page, UnreadableError):
            raise page
        return json.dumps(to_document(page, encoding), ensure_ascii=False)
    except UnreadableError as error:
        return f"{error.reason}\t{error.size}\t{int(error.is_document)}"
