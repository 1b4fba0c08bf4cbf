"""Reads a file of analogies, without numpy."""

from pathlib import Path

from ncvc.errors import InputError


def read_analogies(path: Path) -> list[tuple[int, tuple[str, ...]]]:
    """Reads lines of four words with tabs between them, with their numbers; empty lines are skipped.

    Raises `InputError` for a line with another number of words, and for a file without any or not in UTF-8.
    """
    found: list[tuple[int, tuple[str, ...]]] = []
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not UTF-8; convert the file first") from None
    for number, line in enumerate(lines, start=1):
        words = tuple(word.strip() for word in line.rstrip("\r").split("\t"))
        if words == ("",):
            continue
        if len(words) != 4 or not all(words):
            raise InputError(f"{path}:{number}: {len(words)} words; write a, b, c and d with a tab between them")
        found.append((number, words))
    if not found:
        raise InputError(f"{path}: has no analogies; write a, b, c and d with tabs between them, a line each")
    return found
