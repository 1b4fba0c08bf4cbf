"""Reads checkpoints: whole tensors or any box of them, from pieces of any parallel layout."""

import logging
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import torch
from safetensors import SafetensorError, safe_open

from ncvc.checkpoint.manifest import (
    Manifest,
    Piece,
    Shape,
    TensorEntry,
    checkpoint_folders,
    read_at_its_place,
    read_manifest,
)
from ncvc.errors import CheckpointError
from ncvc.manifest import MANIFEST, file_difference
from ncvc.model.config import ModelConfig

_log = logging.getLogger(__name__)
MAPPED = 64 << 20
"""Bytes after which open files are closed; until then pages that were read count as memory of the process."""


class Checkpoint:
    """A checkpoint folder, open for reading; tensors are read on demand."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self._files: dict[str, Any] = {}
        self._pages = 0  # bytes that were read from open files

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Opens a folder by its manifest, without checking the tensors: see `verify`.

        Raises `CheckpointError` if it is no checkpoint or its manifest is damaged.
        """
        folder = Path(folder)
        return cls(folder, read_manifest(folder))

    @property
    def model(self) -> ModelConfig:
        """Shape of the model."""
        return self.manifest.model

    def names(self) -> list[str]:
        """Names of all tensors, sorted."""
        return list(self.manifest.tensors)

    def parameters(self) -> list[str]:
        """Megatron's names of the model's parameters, sorted."""
        return [name.removeprefix("model.") for name in self.names() if name.startswith("model.")]

    def tensor(self, name: str) -> torch.Tensor:
        """Reads a whole tensor, in its saved type, to the CPU."""
        shape = self._entry(name).shape
        return self.box(name, (0,) * len(shape), shape)

    def weight(self, parameter: str) -> torch.Tensor:
        """Reads a whole weight by Megatron's name: the optimizer's in float32 if it was saved, else the model's."""
        return self.tensor(self._weight_name(parameter))

    def weight_box(self, parameter: str, offset: Sequence[int], shape: Shape) -> torch.Tensor:
        """Reads the box of `weight(parameter)` at `offset` with `shape`."""
        return self.box(self._weight_name(parameter), offset, shape)

    def _weight_name(self, parameter: str) -> str:
        exact = f"optimizer.fp32_param.{parameter}"
        return exact if exact in self.manifest.tensors else f"model.{parameter}"

    def box(self, name: str, offset: Sequence[int], shape: Shape) -> torch.Tensor:
        """Reads the box of a tensor at `offset` with `shape`; one that was saved as it is stays in the mapped file."""
        entry = self._entry(name)
        if len(entry.pieces) == 1 and (entry.pieces[0].offset, entry.pieces[0].shape) == (tuple(offset), tuple(shape)):
            return self._join(list(entry.pieces), 0, math.prod(shape)).view(shape)  # not copied
        result = torch.empty(shape, dtype=getattr(torch, entry.dtype))
        by_box: dict[tuple[Shape, Shape], list[Piece]] = {}
        for piece in entry.pieces:
            by_box.setdefault((piece.offset, piece.shape), []).append(piece)
        for (begin, size), pieces in by_box.items():
            low = [max(a, b) for a, b in zip(offset, begin, strict=True)]
            high = [min(a + n, b + m) for a, n, b, m in zip(offset, shape, begin, size, strict=True)]
            if any(a >= b for a, b in zip(low, high, strict=True)):
                continue
            to = tuple(slice(a - o, b - o) for a, b, o in zip(low, high, offset, strict=True))
            of = tuple(slice(a - o, b - o) for a, b, o in zip(low, high, begin, strict=True))
            result[to] = self._join(pieces, 0, math.prod(size)).view(size)[of]
        return result

    def stretch(self, name: str, offset: Sequence[int], shape: Shape, first: int, end: int) -> torch.Tensor:
        """Reads the elements from `first` up to `end` of a box in row-major order.

        No other elements are read if the box was saved as one.
        """
        pieces = [piece for piece in self._entry(name).pieces if (piece.offset, piece.shape) == (tuple(offset), shape)]
        if not pieces:
            return self.box(name, offset, shape).flatten()[first:end]  # it was split into other boxes
        return self._join(pieces, first, end)

    def _join(self, pieces: list[Piece], first: int, end: int) -> torch.Tensor:
        """Reads elements of a box from its pieces."""
        found = []
        for piece in sorted(pieces, key=lambda piece: piece.stretch or (0, 0)):
            begin, stop = piece.stretch or (0, math.prod(piece.shape))
            low, high = max(begin, first), min(stop, end)
            if low < high:
                found.append(self._read(piece, low - begin, high - begin))
        return found[0] if len(found) == 1 else torch.cat(found)

    def _read(self, piece: Piece, first: int, end: int) -> torch.Tensor:
        try:
            if piece.file not in self._files:
                self._files[piece.file] = safe_open(self.folder / piece.file, framework="pt")
            if piece.stretch is None:
                tensor: torch.Tensor = self._files[piece.file].get_tensor(piece.key).flatten()[first:end]
            else:
                tensor = self._files[piece.file].get_slice(piece.key)[first:end]
        except (OSError, SafetensorError) as error:
            raise CheckpointError(f"{self.folder / piece.file}: damaged: {error}") from None
        self._pages += tensor.nbytes
        if self._pages > MAPPED:
            self._files, self._pages = {}, 0
        if tensor.shape != (end - first,):
            raise CheckpointError(f"{self.folder / piece.file}: damaged: {piece.key} is not as {MANIFEST} says")
        return tensor

    def _entry(self, name: str) -> TensorEntry:
        try:
            return self.manifest.tensors[name]
        except KeyError:
            raise CheckpointError(f"{self.folder}: the checkpoint has no tensor {name!r}") from None

    def damages(self, share: slice = slice(None)) -> list[str]:
        """Lists the files that differ from the manifest, a sentence each; `share` selects some of the files."""
        files = list(self.manifest.files.items())[share]
        found = (file_difference(self.folder / name, entry.bytes, entry.sha256) for name, entry in files)
        return [str(difference) for difference in found if difference]

    def verify(self) -> None:
        """Compares every file with the manifest; raises `CheckpointError` if one differs."""
        for sentence in self.damages():
            raise CheckpointError(sentence)


def open_at_its_place(folder: Path) -> Checkpoint:
    """Opens a run's checkpoint; raises `CheckpointError` also if its step is not that of the folder's name."""
    return Checkpoint(folder, read_at_its_place(folder))


def latest(run: str | Path, wanted: Callable[[int], bool] = lambda step: True) -> Checkpoint | None:
    """Finds the newest whole checkpoint of a run folder among the steps that `wanted` accepts.

    Skips damaged ones with a warning.
    """
    for folder in checkpoint_folders(run):
        if not wanted(int(folder.name.removeprefix("step_"))):
            continue
        try:
            checkpoint = open_at_its_place(folder)
            checkpoint.verify()
        except CheckpointError as error:
            _log.warning("SKIPPED A DAMAGED CHECKPOINT: %s", error)
        else:
            return checkpoint
    return None
