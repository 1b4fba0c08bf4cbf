"""Checks folders that other commands of `ncvc quality` wrote, before they are read."""

from pathlib import Path
from typing import Any

from ncvc.errors import NcvcError
from ncvc.manifest import KINDS, changes, own_manifest


def require_folder(folder: Path, stage: str, *, whole: bool = True) -> dict[str, Any]:
    """Returns the manifest of a folder of this stage; with `whole`, every file is compared with it.

    Raises `NcvcError` for another folder, or one that was changed.
    """
    manifest = own_manifest(folder)
    if manifest is None or manifest.get("stage") != stage:
        raise NcvcError(f"{folder}: holds no {KINDS[stage].partition(' ')[2]}; name the folder that it wrote")
    difference = next(changes(folder, manifest), None) if whole else None
    if difference is not None:
        raise NcvcError(f"{difference}; write the folder again")
    return manifest
