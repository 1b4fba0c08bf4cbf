"""Reads the first documents of a file of a published corpus, and tells their language."""

import ast
import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import ncvc._native as native
from ncvc.documents.extract import read_documents
from ncvc.documents.lines import read_chunks, read_lines
from ncvc.documents.sources import LONGEST_LINE, Reading, SourceFile
from ncvc.documents.unreadable import UnreadableError
from ncvc.errors import InputError

DOCUMENTS = 50
"""First documents of a file that are looked at."""
POINTER = b"version https://git-lfs.github.com/spec/"
"""Beginning of what a clone without Git LFS has in a large file's place."""
LEAST_KANA = 0.1
"""Smallest share of kana among the letters of a Japanese text."""
_KANA = re.compile("[ぁ-ゖァ-ヺー]")
_LETTER = re.compile(r"[^\W\d_]")
_DUMP = re.compile(rb'<mediawiki[^>]*\bxml:lang="([\w-]+)"')


@dataclass(frozen=True)
class Head:
    """Beginning of a file."""

    documents: list[dict[str, Any]]
    rows: int | None = None
    """Documents of the whole file, where its end says so."""
    language: str | None = None
    """Language of the whole file, where its beginning says so."""


def read_head(file: SourceFile) -> Head:
    """Reads the first documents of a file; raises `InputError` with the place for what cannot be read."""
    try:
        with file.path.open("rb") as beginning:
            if beginning.read(len(POINTER)) == POINTER:
                raise InputError(f"{file.path}: is a pointer of Git LFS; fetch the file itself with `git lfs pull`")
        if file.format == "parquet":
            rows, lines = native.parquet_head(file.path, "text", DOCUMENTS)
            return Head([json.loads(line) for line in lines], rows)
        if file.needs_extraction:
            return Head(list(_extracted(file)), language=_language_of_dump(file))
        return Head(list(islice(_json_lines(file), DOCUMENTS)))
    except OSError as error:
        raise InputError(f"{file.path}: {error.strerror or 'damaged, or cut off'}") from None
    except ValueError as error:
        raise InputError(f"{file.path}: {error}") from None
    except UnreadableError:
        raise InputError(f"{file.path}: holds something else than text") from None


def count_documents(file: SourceFile) -> int | None:
    """Counts the documents of a file: rows, or lines that are not blank; None for those that have to be extracted."""
    if file.needs_extraction:
        return None
    if file.format == "parquet":
        return native.parquet_head(file.path, "text", 0)[0]
    count, in_line = 0, False
    for chunk in read_chunks(file.path):
        for number, piece in enumerate(chunk.split(b"\n")):
            if number:
                count, in_line = count + in_line, False
            in_line = in_line or bool(piece.strip())
    return count + in_line


def languages_of(head: Head) -> Counter[str]:
    """Counts the languages of a file's first documents, as the publisher names them.

    Without a name it is `ja` for a text with kana, and `another language` for others.
    """
    return Counter(
        head.language or _named_language(document) or _written_language(document) for document in head.documents
    )


def _named_language(document: dict[str, Any]) -> str | None:
    metadata = document.get("metadata")
    identification = metadata.get("identification") if isinstance(metadata, dict) else None
    label = identification.get("label") if isinstance(identification, dict) else None
    return label if isinstance(label, str) else None


def _written_language(document: dict[str, Any]) -> str:
    text = str(document.get("text") or document.get("content") or "")
    if text.startswith(("b'", 'b"')):  # Python's literal of bytes, in some copies of Wiki-40B
        with contextlib.suppress(ValueError, SyntaxError):
            text = ast.literal_eval(text).decode()
    letters = len(_LETTER.findall(text))
    return "ja" if letters and len(_KANA.findall(text)) >= LEAST_KANA * letters else "another language"


def _language_of_dump(file: SourceFile) -> str | None:
    found = _DUMP.search(next(read_chunks(file.path), b"")) if file.format == "wikipedia" else None
    return found[1].decode() if found else None


def _extracted(file: SourceFile) -> Iterator[dict[str, Any]]:
    """Yields the first documents that a reader of ours extracts, and passes over single pages that it cannot read."""
    for _, found in islice(read_documents(file, Reading(), Counter()), DOCUMENTS):
        if not isinstance(found, UnreadableError):
            yield dict(found)
        elif found.reason in ("damaged_file", "unreadable_file"):
            raise ValueError("damaged, or cut off")


def _json_lines(file: SourceFile) -> Iterator[dict[str, Any]]:
    for line in read_lines(file.path, "utf-8", LONGEST_LINE):
        if line.text is not None and not line.text.strip():
            continue
        if line.text is None:
            raise InputError(f"{file.path}:{line.number}: is longer than {LONGEST_LINE:,} bytes")
        if not line.is_decoded:
            raise InputError(f"{file.path}:{line.number}: is not UTF-8")
        try:
            value = json.loads(line.text)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise InputError(f"{file.path}:{line.number}: no line of JSON")
        yield value
