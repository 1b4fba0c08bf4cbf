"""Writes a safetensors file, hashes it on its way to the disk, and compares the hash with the bytes on the disk.

The safetensors library writes the same bytes, but cannot hash them meanwhile. A hash of the finished file would fit
bytes too that were damaged between memory and disk.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch

from ncvc.files import sha256

DTYPES = {torch.float32: "F32", torch.bfloat16: "BF16", torch.uint8: "U8"}
CHUNK = 1 << 20  # bytes; still in the processor's cache when they are written after hashing
SYNCED = 64  # chunks between two syncs, so that no sync of a slow disk takes so long that the rank seems to hang


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor]) -> tuple[int, str]:
    """Writes and syncs tensors (on any device, float32, bfloat16 or uint8); returns the file's size and SHA-256.

    Raises `OSError` if the disk refuses them or returns other bytes.
    """
    # Widest first, like the library, so that every tensor lies at a multiple of its element's size.
    names = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for number, chunk in enumerate(_chunks(names, tensors), 1):
            digest.update(chunk)
            file.write(chunk)
            if number % SYNCED == 0:
                os.fdatasync(file.fileno())
        file.flush()
        os.fsync(file.fileno())
        size = file.tell()
        if hasattr(os, "posix_fadvise"):
            # The comparison then reads the disk, not the page cache.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    if sha256(path) != digest.hexdigest():
        raise OSError(None, "the disk gives back something else than what was written; look after it", str(path))
    return size, digest.hexdigest()


def _header(names: list[str], tensors: Mapping[str, torch.Tensor]) -> bytes:
    header = {}
    begin = 0
    for name in names:
        tensor = tensors[name]
        end = begin + tensor.numel() * tensor.element_size()
        header[name] = {
            "dtype": DTYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [begin, end],
        }
        begin = end
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _chunks(names: list[str], tensors: Mapping[str, torch.Tensor]) -> Iterator[bytes | memoryview]:
    yield _header(names, tensors)
    for name in names:
        raw = memoryview(tensors[name].detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
        for begin in range(0, len(raw), CHUNK):
            yield raw[begin : begin + CHUNK]
