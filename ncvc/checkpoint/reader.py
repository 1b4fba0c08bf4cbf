"""Reads checkpoints: whole tensors or any box of them, from whatever pieces the ranks left."""

import logging
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import pydantic
import torch
from safetensors import SafetensorError, safe_open

from ncvc.checkpoint.format import Manifest, Piece, Shape, TensorEntry, parse_manifest
from ncvc.errors import CheckpointError
from ncvc.files import listed
from ncvc.manifest import MANIFEST, file_difference
from ncvc.model.config import ModelConfig

_log = logging.getLogger(__name__)


class Checkpoint:
    """A checkpoint folder, open for reading; tensors are read when they are asked for."""

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self._files: dict[str, Any] = {}

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """Opens a folder by its manifest; `verify` says whether the tensors are whole.

        Raises `CheckpointError` if it is no checkpoint or its manifest is damaged.
        """
        folder = Path(folder)
        try:
            text = (folder / MANIFEST).read_bytes()
        except OSError as error:
            raise CheckpointError(
                f"{folder}: not a checkpoint: {MANIFEST}: {error.strerror}; give a folder such as"
                " RUN/checkpoints/step_00000100"
            ) from None
        try:
            return cls(folder, parse_manifest(text))
        except pydantic.ValidationError as error:
            first = error.errors(include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise CheckpointError(
                f"{folder / MANIFEST}: damaged, or not a checkpoint's: {where}: {first['msg']}"
            ) from None
        except ValueError as error:
            raise CheckpointError(f"{folder / MANIFEST}: damaged: {error}") from None

    @property
    def model(self) -> ModelConfig:
        """The shape of the model."""
        return self.manifest.model

    def names(self) -> list[str]:
        """Every tensor's name, sorted."""
        return list(self.manifest.tensors)

    def parameters(self) -> list[str]:
        """The model's parameters, by Megatron's names, sorted."""
        return [name.removeprefix("model.") for name in self.names() if name.startswith("model.")]

    def tensor(self, name: str) -> torch.Tensor:
        """A whole tensor, in the type it was saved in, on the CPU."""
        shape = self._entry(name).shape
        return self.box(name, (0,) * len(shape), shape)

    def weight(self, parameter: str) -> torch.Tensor:
        """A whole weight by Megatron's name: float32 from the optimizer if it is there, else the model's."""
        return self.tensor(self._weight_name(parameter))

    def weight_box(self, parameter: str, offset: Sequence[int], shape: Shape) -> torch.Tensor:
        """The part of `weight(parameter)` that begins at `offset` and has `shape`."""
        return self.box(self._weight_name(parameter), offset, shape)

    def _weight_name(self, parameter: str) -> str:
        exact = f"optimizer.fp32_param.{parameter}"
        return exact if exact in self.manifest.tensors else f"model.{parameter}"

    def box(self, name: str, offset: Sequence[int], shape: Shape) -> torch.Tensor:
        """The part of a tensor that begins at `offset` and has `shape`."""
        entry = self._entry(name)
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
        """The elements from `first` up to `end` of the box, in row-major order.

        Where the box was saved as one, no other elements are read.
        """
        pieces = [piece for piece in self._entry(name).pieces if (piece.offset, piece.shape) == (tuple(offset), shape)]
        if not pieces:
            return self.box(name, offset, shape).flatten()[first:end]  # it was cut into other boxes
        return self._join(pieces, first, end)

    def _join(self, pieces: list[Piece], first: int, end: int) -> torch.Tensor:
        """Elements of a box from its pieces."""
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
        return tensor

    def _entry(self, name: str) -> TensorEntry:
        try:
            return self.manifest.tensors[name]
        except KeyError:
            raise CheckpointError(f"{self.folder}: the checkpoint has no tensor {name!r}") from None

    def damages(self, share: slice = slice(None)) -> list[str]:
        """What is wrong with the files, a sentence each, by the manifest; `share` takes some of them only."""
        files = list(self.manifest.files.items())[share]
        found = (file_difference(self.folder / name, entry.bytes, entry.sha256) for name, entry in files)
        return [str(difference) for difference in found if difference]

    def verify(self) -> None:
        """Compares every file with the manifest; raises `CheckpointError` if one is not what was written."""
        for sentence in self.damages():
            raise CheckpointError(sentence)


def checkpoint_folder(run: str | Path, step: int) -> Path:
    """Where the checkpoint of a step lies."""
    return Path(run) / "checkpoints" / f"step_{step:08}"


def checkpoint_folders(run: str | Path) -> list[Path]:
    """The checkpoints of a run, newest first, whole or not.

    Raises `OSError` if the folder cannot be read: that is not the same as having none.
    """
    folder = Path(run) / "checkpoints"
    return listed(folder, "step_????????")[::-1] if folder.exists() else []


def open_at_its_place(folder: Path) -> Checkpoint:
    """Opens a run's checkpoint; raises `CheckpointError` also if it is not that of the step that its name says."""
    checkpoint = Checkpoint.open(folder)
    if folder.name != checkpoint_folder("", checkpoint.manifest.step).name:
        raise CheckpointError(f"{folder / MANIFEST}: damaged: it is of step {checkpoint.manifest.step}")
    return checkpoint


def latest(run: str | Path, wanted: Callable[[int], bool] = lambda step: True) -> Checkpoint | None:
    """The newest whole checkpoint of a run folder, of the steps that are wanted.

    A damaged one is named in a warning and skipped.
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
