"""Compares files with the lists of checksums that publishers deliver beside them, as `sha256sum` writes them."""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from ncvc.errors import InputError

LISTS = ("*.sha256", "*.sha1", "*.md5", "*sums.txt", "*SUMS", "*checksum*")
"""Names of such lists: OSCAR's checksum.sha256, Wikimedia's jawiki-20240401-sha1sums.txt."""
ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256"}
"""Digits of a checksum → algorithm."""
CHUNK = 2**20
LARGEST_LIST = 2**24
"""Bytes; a larger file is no list of checksums."""
_LINE = re.compile(r"\\?([0-9a-fA-F]{32,64}) [ *]?(.+)")


def find_checksums(files: Iterable[Path]) -> dict[Path, tuple[Path, str]]:
    """Finds the lists beside files; returns file → list and checksum of those that are listed, the longest one."""
    found: dict[Path, tuple[Path, str]] = {}
    listed: dict[Path, list[tuple[Path, dict[str, str]]]] = {}
    for path in files:
        lists = listed.setdefault(path.parent, _lists_in(path.parent) if path.parent not in listed else [])
        for source, sums in lists:
            checksum = sums.get(path.name)
            if checksum and (path not in found or len(checksum) > len(found[path][1])):
                found[path] = source, checksum
    return found


def unread_lists(files: Iterable[Path]) -> list[Path]:
    """Returns the files beside files that are named as lists of checksums and hold none."""
    folders = dict.fromkeys(path.parent for path in files)
    return [path for folder in folders for path in _named_in(folder) if not _sums(path)]


def compare(checksums: dict[Path, tuple[Path, str]], progress: Callable[[int, int], None]) -> None:
    """Raises `InputError` for the first file that is not as its list says; `progress` takes bytes read and to read."""
    total, done = sum(path.stat().st_size for path in checksums), 0
    for path, (source, expected) in checksums.items():
        digest = hashlib.new(ALGORITHMS[len(expected)], usedforsecurity=False)
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                done += len(chunk)
                progress(done, total)
        if digest.hexdigest() != expected.lower():
            raise InputError(f"{path}: differs from its checksum in {source.name}; fetch the file again")


def _lists_in(folder: Path) -> list[tuple[Path, dict[str, str]]]:
    return [(path, sums) for path in _named_in(folder) if (sums := _sums(path))]


def _named_in(folder: Path) -> list[Path]:
    return sorted({path for pattern in LISTS for path in folder.glob(pattern) if path.is_file()})


def _sums(path: Path) -> dict[str, str]:
    return _read(path) if path.stat().st_size <= LARGEST_LIST else {}


def _read(path: Path) -> dict[str, str]:
    """Returns name → checksum of a list; none of its lines is a checksum in another file."""
    lines: Sequence[str] = path.read_text(encoding="utf-8", errors="replace").splitlines()
    matches = (_LINE.fullmatch(line.strip()) for line in lines)
    return {Path(found[2].strip()).name: found[1] for found in matches if found and len(found[1]) in ALGORITHMS}
