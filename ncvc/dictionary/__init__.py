"""Finds base dictionaries; the dictionary itself is built by `ncvc.build_dictionary`."""

import importlib.metadata
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from ncvc.errors import DictionaryError

MAGIC = b"ncvc dictionary\n"
"""The beginning of every dictionary file (rust/core/src/dictionary/file.rs)."""

PACKAGES = {"ipadic": "ipadic", "unidic-lite": "unidic_lite"}
"""Name of a base → its Python package, whose folder `dicdir` holds a compiled MeCab dictionary."""

NOTICES = ("COPYING", "LICENSE", "LICENCE", "BSD", "NOTICE", "AUTHORS")
"""How the names of files begin that say under which terms a dictionary may be passed on."""


@dataclass(frozen=True)
class Base:
    """A base dictionary: its name, its folder, and the licence notices that must stay with it."""

    name: str
    folder: Path
    licences: tuple[Path, ...]


def find_base(base: str) -> Base:
    """Finds the base dictionary `ipadic`, `unidic-lite` or the one in a folder.

    Raises `DictionaryError` if the package is not installed or there is no such folder.
    """
    folder = Path(base)
    if base not in PACKAGES:
        if not folder.is_dir():
            names = " or ".join(PACKAGES)
            raise DictionaryError(f"{base}: no such folder; give {names} or a folder with a MeCab dictionary")
        return Base(folder.resolve().name, folder, _notices(folder))
    # The package is not imported: its folder is all that is needed of it.
    spec = importlib.util.find_spec(PACKAGES[base])
    if spec is None or spec.origin is None:
        raise DictionaryError(f"{base} is not installed; run `pip install {base}`")
    folder = Path(spec.origin).parent / "dicdir"
    files = importlib.metadata.files(base) or []
    licences = [Path(str(file.locate())) for file in files if "licenses" in file.parts]
    return Base(base, folder, (*_notices(folder), *sorted(licences)))


def _notices(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.iterdir() if path.name.upper().startswith(NOTICES)))
