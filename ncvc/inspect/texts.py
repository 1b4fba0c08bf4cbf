"""Reads the texts of a file: those of JSON lines, or each line of another one."""

from collections.abc import Iterator
from pathlib import Path

from ncvc.documents.lines import read_lines, text_of_json
from ncvc.documents.sources import LONGEST_LINE
from ncvc.documents.unreadable import UnreadableError
from ncvc.errors import InputError


def read_texts(path: Path, text_field: str = "text") -> list[str]:
    """Reads the texts of a file; `.jsonl`, packed or not, holds JSON objects, and empty lines are left out.

    Raises `InputError` with file and line of what cannot be read, or without a text.
    """
    texts = [text for text in _texts(path, text_field, is_json=".jsonl" in path.suffixes) if text.strip()]
    if not texts:
        raise InputError(f"{path}: holds no text; give a file with one a line, or JSON lines named .jsonl")
    return texts


def _texts(path: Path, text_field: str, *, is_json: bool) -> Iterator[str]:
    try:
        for line in read_lines(path, None, LONGEST_LINE):
            place = f"{path}:{line.number}"
            if line.text is None:
                raise InputError(f"{place}: is longer than {LONGEST_LINE} bytes; leave the line out")
            if not line.is_decoded:
                raise InputError(f"{place}: has bytes outside the file's encoding; mend or leave out the line")
            if not line.text.strip():
                continue
            yield text_of_json(line.text, text_field, place) if is_json else line.text.rstrip("\r\n")
    except UnreadableError:
        raise InputError(f"{path}: is no text; give a file with one text a line, or JSON lines named .jsonl") from None
