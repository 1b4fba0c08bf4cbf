"""Arrays as files of numpy's format, without pickle."""

import io
from pathlib import Path
from zipfile import BadZipFile

import numpy as np


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
