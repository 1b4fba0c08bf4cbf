"""Finds base dictionaries; `ncvc.build_dictionary` builds a dictionary from one."""

import importlib.metadata
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from ncvc._native import Analyzer
from ncvc.errors import DictionaryError
from ncvc.manifest import Difference

MAGIC = b"ncvc dictionary\n"
"""Beginning of a dictionary file."""

PACKAGES = {"ipadic": "ipadic", "unidic-lite": "unidic_lite"}
"""Name of a base → Python package, whose folder `dicdir` holds a compiled MeCab dictionary."""

NOTICES = ("COPYING", "LICENSE", "LICENCE", "BSD", "NOTICE", "AUTHORS")
"""Prefixes of the names of files with the licence of a dictionary."""


class InputFile(TypedDict):
    """A file that a dictionary was made of."""

    name: str
    bytes: int
    sha256: str


class Licence(TypedDict):
    """A licence notice."""

    name: str
    text: str


class AnalyserSettings(TypedDict):
    """Settings of the analyser, for comparison with MeCab's; lengths in characters."""

    ignore_space: bool
    max_grouping_len: int
    longest_line: int


class DictionaryInfo(TypedDict):
    """Header of a dictionary file."""

    format: int
    base: str
    rows: int
    """Rows of the base, without those left out."""
    terms: int
    """Terms that were added."""
    skipped: dict[str, int]
    """Reason → terms, or rows of the base, that were left out for it."""
    analyser: AnalyserSettings
    inputs: list[InputFile]
    licences: list[Licence]


@dataclass(frozen=True)
class Base:
    """A base dictionary, and the licence notices that must be passed on with it."""

    name: str
    folder: Path
    licences: tuple[Path, ...]


def is_dictionary(file: Path) -> bool:
    """Returns whether a file is a whole dictionary that ncvc built, by its checksum."""
    try:
        Analyzer.load(file)
    except DictionaryError:
        return False
    return True


def verify_dictionary(file: Path) -> Iterator[Difference]:
    """Yields the difference if a dictionary is not as it was written, by its checksum.

    Raises `DictionaryError` for a file that is no dictionary of ours.
    """
    with file.open("rb") as opened:
        if opened.read(len(MAGIC)) != MAGIC:
            raise DictionaryError(f"{file}: no dictionary that ncvc built; name one, or a folder that ncvc wrote")
    try:
        Analyzer.load(file)
    except DictionaryError as error:
        yield Difference(file, "changed", str(error).removeprefix(f"{file}: "))


def find_base(base: str) -> Base:
    """Finds the base dictionary `ipadic`, `unidic-lite` or the one in a folder.

    Raises `DictionaryError` if the package is not installed or the folder does not exist.
    """
    folder = Path(base)
    if base not in PACKAGES:
        if not folder.is_dir():
            names = " or ".join(PACKAGES)
            raise DictionaryError(f"{base}: no such folder; give {names} or a folder with a MeCab dictionary")
        return Base(folder.resolve().name, folder, _notices(folder))
    # Only the folder of the package is needed, so that it is not imported.
    spec = importlib.util.find_spec(PACKAGES[base])
    if spec is None or spec.origin is None:
        raise DictionaryError(f"{base} is not installed; run `pip install {base}`")
    folder = Path(spec.origin).parent / "dicdir"
    files = importlib.metadata.files(base) or []
    licences = [Path(str(file.locate())) for file in files if "licenses" in file.parts]
    return Base(base, folder, (*_notices(folder), *sorted(licences)))


def _notices(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.iterdir() if path.name.upper().startswith(NOTICES)))
