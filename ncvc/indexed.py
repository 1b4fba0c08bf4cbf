"""Reads Megatron's indexed datasets, and writes their index, without megatron-core."""

import hashlib
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ncvc.errors import DatasetError

MAGIC = b"MMIDIDX\x00\x00"
HEADER = struct.Struct("<9sQBQQ")
DTYPES: dict[int, np.dtype[np.integer]] = {4: np.dtype("<i4"), 8: np.dtype("<u2")}
"""Codes of megatron-core's `DType` (core/datasets/indexed_dataset.py) that our datasets use."""
OTHER_DTYPES = {1: "uint8", 2: "int8", 3: "int16", 5: "int64", 6: "float64", 7: "float32"}
"""Codes that ours do not use."""
BLOCK = 1 << 18
"""Rows of an index that are checked at a time."""

type FileState = tuple[int, int]
"""Size in bytes and time of the last change in ns."""


class IndexedDataset:
    """Documents of token ids, mapped from disk.

    `len(dataset)` is the number of documents; `dataset[i]` is a read-only array of shape [tokens], uint16 or int32.
    A pickle holds the path and the state of both files; unpickling opens them again.
    """

    def __init__(
        self, prefix: Path, lengths: NDArray[np.int32], offsets: NDArray[np.int64], tokens: NDArray[np.integer]
    ) -> None:
        self._prefix = prefix
        self._state = _state(prefix)
        self.lengths = lengths
        """Tokens of each document, shape [documents]."""
        self._offsets = offsets
        self._tokens = tokens

    @classmethod
    def open(cls, prefix: str | Path) -> Self:
        """Opens `prefix.bin` and `prefix.idx`.

        Raises `DatasetError` if they are no indexed dataset, hold other things than token ids, are damaged or do not
        fit each other, `OSError` if they cannot be read.
        """
        idx, bin_ = Path(f"{prefix}.idx"), Path(f"{prefix}.bin")
        index = _map(idx, np.dtype(np.uint8))
        if len(index) < HEADER.size:
            raise DatasetError(f"{idx}: truncated: no header; write the dataset again")
        magic, version, code, sequences, documents = HEADER.unpack(index[: HEADER.size].tobytes())
        if magic != MAGIC or version != 1 or code not in {**DTYPES, **OTHER_DTYPES}:
            raise DatasetError(f"{idx}: not the index of a Megatron dataset of token ids")
        size = HEADER.size + 12 * sequences + 8 * documents
        if len(index) == size + sequences and sequences:
            raise DatasetError(f"{idx}: a multimodal dataset: it has a mode a sequence; ncvc reads text alone")
        if len(index) != size:
            raise DatasetError(f"{idx}: truncated or damaged: its size does not fit {sequences} documents")
        if code in OTHER_DTYPES:
            kind = OTHER_DTYPES[code]
            raise DatasetError(f"{idx}: a dataset of {kind}; ncvc reads token ids in uint16 or int32: write it so")
        dtype = DTYPES[code]
        lengths = np.frombuffer(index, "<i4", sequences, HEADER.size)
        offsets = np.frombuffer(index, "<i8", sequences, HEADER.size + 4 * sequences)
        total = _check(idx, sequences, documents, dtype.itemsize)
        size = bin_.stat().st_size
        if size != total:
            raise DatasetError(f"{bin_}: does not fit its index: {size} bytes; write the dataset again")
        return cls(Path(prefix).absolute(), lengths, offsets, _map(bin_, dtype))

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> NDArray[np.integer]:
        """Returns the token ids of a document, the end of text included; raises `IndexError`."""
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"document {index} of {count}")
        return self.joined(index % count, index % count + 1)

    def __reduce__(self) -> tuple[Callable[[Path, tuple[FileState, FileState]], Self], tuple[object, ...]]:
        return type(self)._reopen, (self._prefix, self._state)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    @classmethod
    def _reopen(cls, prefix: Path, state: tuple[FileState, FileState]) -> Self:
        """Opens what was pickled; raises `DatasetError` if one of the files changed since."""
        if _state(prefix) != state:
            raise DatasetError(f"{prefix}.bin: changed since the dataset was pickled; open it again")
        return cls.open(prefix)

    def joined(self, first: int, end: int) -> NDArray[np.integer]:
        """Returns the ids of the documents `first` to `end` - 1, concatenated as they are in the file."""
        return self._tokens[self._start(first) : self._start(end)]

    @property
    def tokens(self) -> int:
        """Number of all tokens."""
        return len(self._tokens)

    def stretch(self, start: int, end: int) -> NDArray[np.integer]:
        """Returns the tokens from place `start` up to `end` of all documents together, as they are in the file."""
        return self._tokens[start:end]

    def are_one_document(self, starts: NDArray[np.intp], length: int) -> NDArray[np.bool_]:
        """Tells, for each place, whether `length` tokens from it on are of one document; shape [places]."""
        size = self._tokens.itemsize
        first = np.searchsorted(self._offsets, starts * size, side="right")
        last = np.searchsorted(self._offsets, (starts + length - 1) * size, side="right")
        return np.asarray(first == last)

    def _start(self, document: int) -> int:
        """Returns the place of a document's first token; that after the last document is the end of the file."""
        return int(self._offsets[document]) // self._tokens.itemsize if document < len(self) else len(self._tokens)


def token_type(vocab_size: int) -> np.dtype[np.integer]:
    """Returns the type of the tokens of a vocabulary (megatron-core's `DType.optimal_dtype`)."""
    return DTYPES[8] if vocab_size < 65_500 else DTYPES[4]


def write_index(path: Path, lengths: Sequence[Path], dtype: np.dtype[np.integer], size: int) -> str:
    """Writes the index of a dataset of `size` bytes and returns its SHA-256.

    The bytes are those of megatron-core's `IndexedDatasetBuilder` with a sequence a document. `lengths` are files with
    the number of tokens of each document in 32 bits. Raises `DatasetError` if they do not add up to the size.
    """
    code = next(code for code, known in DTYPES.items() if known == dtype)
    sizes = [part.stat().st_size for part in lengths]
    documents = sum(sizes) // 4
    fits = all(size % 4 == 0 for size in sizes)
    digest = hashlib.sha256()
    with path.open("wb") as file:

        def write(block: bytes) -> None:
            digest.update(block)
            file.write(block)

        write(HEADER.pack(MAGIC, 1, code, documents, documents + 1))
        for part in lengths:
            write(part.read_bytes())
        end = 0
        for part in lengths:
            bytes_ = dtype.itemsize * np.fromfile(part, "<i4").astype("<i8")
            ends = end + np.cumsum(bytes_, dtype="<i8")
            write((ends - bytes_).tobytes())
            fits &= bool((bytes_ >= 0).all())
            end = int(ends[-1]) if len(ends) else end
        for first in range(0, documents + 1, BLOCK):
            write(np.arange(first, min(first + BLOCK, documents + 1), dtype="<i8").tobytes())
    if not fits or end != size:
        raise DatasetError(f"{path}: the lengths of the documents do not add up to the tokens; encode again")
    return digest.hexdigest()


def _check(idx: Path, sequences: int, documents: int, itemsize: int) -> int:
    """Checks that the documents follow each other in the file, and returns their bytes.

    Reads blocks of rows, since the pages of a map would stay in the process's memory. Raises `DatasetError` that names
    the first document that does not follow.
    """
    total = 0
    starts = _blocks(idx, np.dtype("<i8"), sequences, HEADER.size + 4 * sequences)
    lengths = _blocks(idx, np.dtype("<i4"), sequences, HEADER.size)
    for first, (block, offsets) in zip(range(0, sequences, BLOCK), zip(lengths, starts, strict=True), strict=True):
        size = itemsize * block.astype(np.int64)
        ends = total + np.cumsum(size)
        wrong = (block < 0) | (offsets != ends - size)
        if wrong.any():
            row = int(wrong.argmax())
            raise DatasetError(
                f"{idx}: damaged: document {first + row} has {block[row]} tokens from byte {offsets[row]} on,"
                " which is not where the one before it ends; write the dataset again"
            )
        total = int(ends[-1])
    before, in_order = 0, documents > 0
    for number, bounds in enumerate(_blocks(idx, np.dtype("<i8"), documents, HEADER.size + 12 * sequences)):
        in_order &= bool(bounds[0] == before if number == 0 else bounds[0] >= before)
        in_order &= bool((np.diff(bounds) >= 0).all())
        before = int(bounds[-1])
    if not in_order or before != sequences:
        raise DatasetError(f"{idx}: damaged: its list of documents is not in order; write the dataset again")
    return total


def _blocks[S: np.generic](path: Path, dtype: np.dtype[S], rows: int, offset: int) -> Iterator[NDArray[S]]:
    """Yields `rows` rows of a file from the byte `offset` on, at most `BLOCK` at a time."""
    with path.open("rb") as file:
        file.seek(offset)
        for first in range(0, rows, BLOCK):
            yield np.fromfile(file, dtype, min(BLOCK, rows - first))


def _state(prefix: Path) -> tuple[FileState, FileState]:
    """Returns the state of `prefix.idx` and `prefix.bin`."""
    idx, bin_ = (Path(f"{prefix}{suffix}").stat() for suffix in (".idx", ".bin"))
    return (idx.st_size, idx.st_mtime_ns), (bin_.st_size, bin_.st_mtime_ns)


def _map[S: np.generic](path: Path, dtype: np.dtype[S]) -> NDArray[S]:
    """Maps a file as a read-only array; numpy maps no empty files."""
    if path.stat().st_size == 0:
        return np.zeros(0, dtype)
    return np.memmap(path, dtype=dtype, mode="r")
