"""Manifest of a checkpoint folder, readable without torch; `ncvc.checkpoint.format` describes the folder."""

import math
import os
import re
from pathlib import Path
from typing import Any, Literal

import pydantic

from ncvc.config import Config
from ncvc.errors import CheckpointError, first_fault
from ncvc.files import listed
from ncvc.manifest import CHECKPOINT, MANIFEST, is_inside, is_whole, own_manifest
from ncvc.model.config import ModelConfig

Shape = tuple[int, ...]
WRITTEN = re.compile(r"rank_\d{5}\.(safetensors|json|error)|manifest\.json|\.rank_\d{5}\.\w+\.\w+\.partial")
"""Names of files that ranks write into a checkpoint's folder."""
NAMED = re.compile(r"step_\d{8}|\.step_\d{8}\.(partial|old|removed)")
"""Names of such folders, with those that a crash leaves hidden."""
DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
"""Types of tensors that a checkpoint may hold, by torch's names."""


class Piece(Config):
    """Part of a tensor, and its place in the folder."""

    file: str
    """Name of the safetensors file in the folder."""
    key: str
    """Name of the tensor in that file."""
    offset: Shape
    """First index of the box in the whole tensor, by dimension."""
    shape: Shape
    """Shape of the box."""
    stretch: tuple[int, int] | None = None
    """First element and the one after the last, within the box in row-major order; None is the whole box."""

    @property
    def elements(self) -> int:
        """Number of elements of the piece."""
        if self.stretch is None:
            return math.prod(self.shape)
        return self.stretch[1] - self.stretch[0]


class TensorEntry(Config):
    """One tensor of the checkpoint."""

    shape: Shape
    """Shape of the whole tensor."""
    dtype: str
    """Name of the type without `torch.`, such as `float32`."""
    pieces: tuple[Piece, ...]
    """Pieces that cover the whole tensor without overlap."""


class FileEntry(Config):
    """One file of the checkpoint."""

    bytes: int
    """Size of the file."""
    sha256: str
    """SHA-256 of its content, in hexadecimal."""


class Layout(Config):
    """Parallel layout of the ranks that wrote the checkpoint."""

    dp: int
    """Data-parallel ranks."""
    tp: int
    """Tensor-parallel ranks."""
    pp: int
    """Pipeline-parallel ranks."""


class GuardState(Config):
    """State of `ncvc.train.anomaly_guard`."""

    losses: tuple[float, ...] = ()
    """Losses of the last good steps, in nats, oldest first."""
    grad_norms: tuple[float, ...] = ()
    """Gradient norms of the same steps."""
    row: int = 0
    """Anomalous steps in a row, up to this one."""
    skipped: int = 0
    """Steps that did not change the weights, left-out ones included."""
    left_out: tuple[tuple[int, int], ...] = ()
    """First and last step of each stretch that is not computed, in order."""


class Change(Config):
    """A setting that was changed on purpose while its run was under way."""

    step: int
    """Last step before it."""
    key: str
    """Dotted name of the setting."""
    before: Any
    now: Any


class AveragedCheckpoint(Config):
    """A checkpoint whose weights are in an average."""

    step: int
    manifest_sha256: str
    """Hash of its manifest, in hexadecimal."""


class Facts(Config):
    """Facts about the run that wrote a checkpoint."""

    step: int = 0
    """Steps done, skipped ones included; determines data and learning rate of the next."""
    tokens_seen: int = 0
    """Tokens that went through the model in training."""
    model: ModelConfig
    """Shape of the model."""
    config: dict[str, Any] | None = None
    """Whole config of the run; None if no run wrote the checkpoint."""
    layout: Layout = Layout(dp=1, tp=1, pp=1)
    """Layout of the ranks that wrote it."""
    tokenizer: str | None = None
    """SHA-256 of the tokenizer folder's manifest, in hexadecimal."""
    begin_of_text: bool = False
    """True if the documents of its training data begin with `<|begin_of_text|>`."""
    data: dict[str, str] = pydantic.Field(default_factory=dict)
    """SHA-256 of each dataset's content, by prefix."""
    optimizer_step: int | None = None
    """AdamW's count of steps; None without optimizer state."""
    guard: GuardState = GuardState()
    """State of the anomaly guard."""
    changes: tuple[Change, ...] = ()
    """Settings that were changed in the run up to this step, oldest first."""
    versions: dict[str, str] = pydantic.Field(default_factory=dict)
    """Versions of the libraries that the run computed with, by name."""
    average_of: tuple[AveragedCheckpoint, ...] = ()
    """Checkpoints whose mean the weights are, oldest first; `step` and the rest are those of the last."""
    ema: float | None = None
    """Decay of the moving average that the weights are, of the one checkpoint in `average_of`."""

    @property
    def document_mask(self) -> bool:
        """True if attention stayed within a document in training."""
        return (self.config or {}).get("data", {}).get("document_mask") is True


class Manifest(Facts):
    """Content of `manifest.json`."""

    format: Literal["ncvc-checkpoint/1"]
    """Name and version of this format."""
    ncvc: str
    """Version of ncvc that wrote the checkpoint."""
    files: dict[str, FileEntry]
    """Every file but the manifest, by name."""
    tensors: dict[str, TensorEntry]
    """Every tensor, by name."""
    manifest_sha256: str = ""
    """SHA-256 of this file with these digits left out, in hexadecimal."""


def parse_manifest(text: bytes) -> Manifest:
    """Parses a manifest; raises `ValueError` if it is none, not the bytes that were written, or cannot be true."""
    manifest = Manifest.model_validate_json(text)
    if not is_whole(text, manifest.manifest_sha256):
        raise ValueError("its content is not what was written")
    for name in manifest.files:
        if not is_inside(name):
            raise ValueError(f"the file {name!r} lies outside the folder")
    for name, entry in manifest.tensors.items():
        if entry.dtype not in DTYPES:
            raise ValueError(f"{name} has the unknown type {entry.dtype!r}")
        if any(piece.file not in manifest.files for piece in entry.pieces):
            raise ValueError(f"a piece of {name} lies in a file that is not listed")
        if not _is_covered(entry):
            raise ValueError(f"the pieces of {name} are not the whole tensor")
    return manifest


def _is_covered(entry: TensorEntry) -> bool:
    """Returns whether the pieces hold every element of the tensor once."""
    stretches: dict[tuple[Shape, Shape], list[tuple[int, int]]] = {}
    for piece in entry.pieces:
        stretch = piece.stretch or (0, math.prod(piece.shape))
        stretches.setdefault((piece.offset, piece.shape), []).append(stretch)
    for (offset, shape), own in stretches.items():
        if not len(offset) == len(shape) == len(entry.shape):
            return False
        if any(
            at < 0 or size < 0 or at + size > whole for at, size, whole in zip(offset, shape, entry.shape, strict=True)
        ):
            return False
        own.sort()
        ends = [0, *(end for _, end in own)]
        if [first for first, _ in own] != ends[:-1] or ends[-1] != math.prod(shape):
            return False
    boxes = list(stretches)
    if any(_overlap(one, other) for number, one in enumerate(boxes) for other in boxes[:number]):
        return False
    return sum(math.prod(shape) for _, shape in boxes) == math.prod(entry.shape)


def _overlap(one: tuple[Shape, Shape], other: tuple[Shape, Shape]) -> bool:
    """Returns whether two boxes, each an offset and a shape, have an element in common."""
    rows = zip(*one, *other, strict=True)
    return all(max(at, begin) < min(at + size, begin + length) for at, size, begin, length in rows)


def read_manifest(folder: Path) -> Manifest:
    """Reads a checkpoint's manifest; raises `CheckpointError` if the folder is none or its manifest is damaged."""
    try:
        text = (folder / MANIFEST).read_bytes()
    except OSError as error:
        raise CheckpointError(
            f"{folder}: not a checkpoint: {MANIFEST}: {error.strerror}; give a folder such as"
            " RUN/checkpoints/step_00000100"
        ) from None
    try:
        return parse_manifest(text)
    except pydantic.ValidationError as error:
        raise CheckpointError(f"{folder / MANIFEST}: damaged, or not a checkpoint's: {first_fault(error)}") from None
    except ValueError as error:
        raise CheckpointError(f"{folder / MANIFEST}: damaged: {error}") from None


def read_at_its_place(folder: Path) -> Manifest:
    """Reads the manifest of a run's checkpoint.

    Raises `CheckpointError` also if its step is not that of the folder's name.
    """
    manifest = read_manifest(folder)
    if folder.name != checkpoint_folder("", manifest.step).name:
        raise CheckpointError(f"{folder / MANIFEST}: damaged: it is of step {manifest.step}")
    return manifest


def checkpoint_folder(run: str | Path, step: int) -> Path:
    """Path of a step's checkpoint in a run folder."""
    return Path(run) / "checkpoints" / f"step_{step:08}"


def foreign_files(folder: Path) -> list[Path]:
    """Lists what is in a checkpoint's folder and was not written by ranks; such a folder is never deleted."""
    return [path for path in folder.iterdir() if not WRITTEN.fullmatch(path.name)]


def foreign_in(path: Path) -> list[Path]:
    """Lists what ranks did not write at a path among checkpoints: files in a folder that they named, or the path."""
    ours = path.is_dir() and not path.is_symlink() and NAMED.fullmatch(path.name)
    return foreign_files(path) if ours else [path]


def require_ours(path: Path) -> None:
    """Raises `CheckpointError` if something is at a path among checkpoints that ranks did not write."""
    foreign = foreign_in(path) if os.path.lexists(path) else []
    if foreign:
        raise CheckpointError(f"{foreign[0]}: is in the way of a checkpoint and not ncvc's; move it away")


def require_checkpoints(run: str | Path) -> None:
    """Raises `CheckpointError` if a folder among a run's checkpoints is none, and holds what ranks did not write."""
    for folder in checkpoint_folders(run):
        if (own_manifest(folder) or {}).get("format") != CHECKPOINT:
            require_ours(folder)


def checkpoint_folders(run: str | Path) -> list[Path]:
    """Lists a run's checkpoints, newest first, whole or not.

    Raises `OSError` if the folder cannot be read, which is not the same as having none.
    """
    folder = Path(run) / "checkpoints"
    return listed(folder, "step_????????")[::-1] if folder.exists() else []
