"""Knows the packages that formats of files need beyond the base install."""

import importlib.util
from collections.abc import Iterable
from importlib.metadata import version

from ncvc.documents.sources import FileFormat, SourceFile
from ncvc.errors import NcvcError

PACKAGES: dict[FileFormat, tuple[str, tuple[str, ...]]] = {
    "wikipedia": ("wikipedia", ("mwparserfromhell",)),
    "excel": ("office", ("python-calamine",)),
    "pdf": ("office", ("pypdfium2",)),
}
"""Format → extra of ncvc, and the packages of it that the format needs."""


def require_packages(files: Iterable[SourceFile]) -> None:
    """Raises `NcvcError` if a package is missing that one of the files needs."""
    checked: set[FileFormat] = set()
    for file in files:
        if file.format in PACKAGES and file.format not in checked:
            checked.add(file.format)
            extra, packages = PACKAGES[file.format]
            missing = [name for name in packages if importlib.util.find_spec(name.replace("-", "_")) is None]
            if missing:
                raise NcvcError(
                    f"{file.path}: reading it needs {' and '.join(missing)}; run pip install 'ncvc[{extra}]'"
                )


def versions(files: Iterable[SourceFile]) -> dict[str, str]:
    """Returns the versions of the packages that the files need."""
    formats = {file.format for file in files}
    return {name: version(name) for each in sorted(formats & PACKAGES.keys()) for name in PACKAGES[each][1]}
