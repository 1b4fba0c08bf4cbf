"""Reads Megatron's indexed datasets without megatron-core."""

import struct
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ncvc.errors import DatasetError

MAGIC = b"MMIDIDX\x00\x00"
HEADER = struct.Struct("<9sQBQQ")
DTYPES: dict[int, np.dtype[np.integer]] = {4: np.dtype("<i4"), 8: np.dtype("<u2")}
"""Codes of megatron-core's `DType` (core/datasets/indexed_dataset.py) that our datasets use."""


class IndexedDataset:
    """Documents of token ids, mapped from disk.

    `len(dataset)` is the number of documents; `dataset[i]` is a read-only array of shape [tokens], uint16 or int32.
    """

    def __init__(self, lengths: NDArray[np.int32], offsets: NDArray[np.int64], tokens: NDArray[np.integer]) -> None:
        self.lengths = lengths
        """Tokens of each document, shape [documents]."""
        self._starts = offsets // tokens.itemsize
        self._tokens = tokens

    @classmethod
    def open(cls, prefix: str | Path) -> Self:
        """Opens `prefix.bin` and `prefix.idx`.

        Raises `DatasetError` if they are no indexed dataset or do not fit each other, `OSError` if they cannot be read.
        """
        idx, bin_ = Path(f"{prefix}.idx"), Path(f"{prefix}.bin")
        index = _map(idx, np.dtype(np.uint8))
        if len(index) < HEADER.size:
            raise DatasetError(f"{idx}: truncated: no header; write the dataset again")
        magic, version, code, sequences, documents = HEADER.unpack(index[: HEADER.size].tobytes())
        if magic != MAGIC or version != 1 or code not in DTYPES:
            raise DatasetError(f"{idx}: not the index of a Megatron dataset of token ids")
        if len(index) != HEADER.size + 12 * sequences + 8 * documents:
            raise DatasetError(f"{idx}: truncated or damaged: its size does not fit {sequences} documents")
        lengths = np.frombuffer(index, "<i4", sequences, HEADER.size)
        offsets = np.frombuffer(index, "<i8", sequences, HEADER.size + 4 * sequences)
        dtype = DTYPES[code]
        size = bin_.stat().st_size
        if size != int(lengths.sum(dtype=np.int64)) * dtype.itemsize:
            raise DatasetError(f"{bin_}: does not fit its index: {size} bytes; write the dataset again")
        tokens = _map(bin_, dtype)
        return cls(lengths, offsets, tokens)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> NDArray[np.integer]:
        """Returns the token ids of a document, the end of text included; raises `IndexError`."""
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"document {index} of {count}")
        start = int(self._starts[index])
        return self._tokens[start : start + int(self.lengths[index])]

    def joined(self, first: int, end: int) -> NDArray[np.integer]:
        """Returns the ids of the documents `first` to `end` - 1, concatenated as they are in the file."""
        start = int(self._starts[first]) if first < end else 0
        return self._tokens[start : start + int(self.lengths[first:end].sum(dtype=np.int64))]


def _map[S: np.generic](path: Path, dtype: np.dtype[S]) -> NDArray[S]:
    """Maps a file as a read-only array; numpy maps no empty files."""
    if path.stat().st_size == 0:
        return np.zeros(0, dtype)
    return np.memmap(path, dtype=dtype, mode="r")
