"""Checks folders that other commands of `ncvc quality` wrote, before they are read."""

import io
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

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


def write_array(path: Path, array: np.ndarray) -> None:
    """Writes an array without pickle; raises `OSError` with its reason, which numpy leaves out on a full disk."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    path.write_bytes(buffer.getbuffer())


def read_array(path: Path, dtype: np.dtype, *, dimensions: int) -> np.ndarray | None:
    """Reads an array of this type and number of dimensions, without pickle; None for anything else."""
    try:
        with path.open("rb") as file:  # numpy leaves a damaged one open
            array = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError, BadZipFile):
        return None
    is_known = isinstance(array, np.ndarray) and array.dtype == dtype and array.ndim == dimensions
    return array if is_known else None
