"""Format `ncvc-checkpoint/1` of a checkpoint folder; independent of megatron-core.

    step_00000100/
      rank_00000.safetensors    pieces of tensors that rank 0 owns
      rank_00001.safetensors    …
      manifest.json             written last: the run, every file's SHA-256, the place of each tensor

Names of tensors, with the layers' numbers in the whole model:

    model.<parameter>                   the weight as the model computes with it
    optimizer.fp32_param.<parameter>    the float32 weight that the optimizer keeps
    optimizer.exp_avg.<parameter>       Adam's mean of the gradients, float32
    optimizer.exp_avg_sq.<parameter>    Adam's mean of the squared gradients, float32
    rng.<rank>.<generator>              a generator's state, uint8

A tensor is split twice: tensor parallelism gives each rank a box of it, and the distributed optimizer gives each
data-parallel rank a stretch of that box in row-major order. A piece records its box and its stretch, so that any number
of ranks can read a checkpoint of any other number.
"""

import hashlib
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import pydantic
import torch

from ncvc import __version__
from ncvc.checkpoint.tensor_file import write_tensors
from ncvc.config import Config
from ncvc.errors import CheckpointError
from ncvc.files import whole_file, whole_folder
from ncvc.manifest import CHECKPOINT, MANIFEST, is_inside, is_whole
from ncvc.model.config import ModelConfig
from ncvc.outputs import require_output, require_untouched

Shape = tuple[int, ...]


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


Owned = tuple[str, Shape, Piece, torch.Tensor]
"""Piece of a tensor before it is saved: name and shape of the whole tensor, the piece, its data."""


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
    data: dict[str, str] = pydantic.Field(default_factory=dict)
    """SHA-256 of each dataset's content, by prefix."""
    optimizer_step: int | None = None
    """AdamW's count of steps; None without optimizer state."""
    guard: GuardState = GuardState()
    """State of the anomaly guard."""
    versions: dict[str, str] = pydantic.Field(default_factory=dict)
    """Versions of the libraries that the run computed with, by name."""


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


class _ShardRecord(Config):
    """Record of one rank's shard, for the rank that writes the manifest."""

    file: FileEntry
    tensors: dict[str, TensorEntry]


def write_shard(folder: Path, rank: int, tensors: Iterable[Owned]) -> None:
    """Writes one rank's shard and its record into `folder`; fills in `file` and `key` of the pieces.

    The tensors must not change meanwhile. Raises `CheckpointError` if the disk refuses them.
    """
    path = folder / shard_file(rank)
    stored: dict[str, torch.Tensor] = {}
    entries: dict[str, TensorEntry] = {}
    for name, shape, piece, data in tensors:
        stored[name] = data
        placed = piece.model_copy(update={"file": path.name, "key": name})
        dtype = str(data.dtype).removeprefix("torch.")
        entries[name] = TensorEntry(shape=shape, dtype=dtype, pieces=(placed,))
    try:
        size, digest = write_tensors(path, stored)
        part = _ShardRecord(file=FileEntry(bytes=size, sha256=digest), tensors=entries)
        with whole_file(shard_record(folder, rank)) as record:
            record.write_text(part.model_dump_json(), encoding="utf-8")
    except OSError as error:
        raise CheckpointError(f"{error.filename or path}: {error.strerror}") from None


def write_manifest(folder: Path, ranks: int, facts: Facts) -> Manifest:
    """Joins the shards of `ranks` ranks in `folder` under one manifest, and removes their records."""
    files: dict[str, FileEntry] = {}
    tensors: dict[str, TensorEntry] = {}
    for rank in range(ranks):
        record = shard_record(folder, rank)
        part = _ShardRecord.model_validate_json(record.read_bytes())
        record.unlink()
        files[shard_file(rank)] = part.file
        for name, entry in part.tensors.items():
            before = tensors[name].pieces if name in tensors else ()
            tensors[name] = entry.model_copy(update={"pieces": (*before, *entry.pieces)})
    for name, entry in tensors.items():
        held = sum(piece.elements for piece in entry.pieces)
        assert held == math.prod(entry.shape), f"{name}: {held} elements of {entry.shape}"
    manifest = Manifest(
        format=CHECKPOINT,
        ncvc=__version__,
        files=files,
        tensors=dict(sorted(tensors.items())),
        **{name: getattr(facts, name) for name in Facts.model_fields},
    )
    digest = hashlib.sha256(_text(manifest)).hexdigest()
    manifest = manifest.model_copy(update={"manifest_sha256": digest})
    (folder / MANIFEST).write_bytes(_text(manifest))
    return manifest


def parse_manifest(text: bytes) -> Manifest:
    """Parses a manifest; raises `ValueError` if it is none, not the bytes that were written, or cannot be true."""
    manifest = Manifest.model_validate_json(text)
    if not is_whole(text, manifest.manifest_sha256):
        raise ValueError("its content is not what was written")
    for name in manifest.files:
        if not is_inside(name):
            raise ValueError(f"the file {name!r} lies outside the folder")
    for name, entry in manifest.tensors.items():
        if not isinstance(getattr(torch, entry.dtype, None), torch.dtype):
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


def write_weights(
    folder: str | Path,
    model: ModelConfig,
    tensors: Iterable[tuple[str, torch.Tensor]],
    *,
    replace: bool = False,
    **facts: Any,
) -> None:
    """Writes a checkpoint of weights only, which a run can start from.

    `tensors`: Megatron's parameter names and whole weights; `facts`: fields of `Facts`, such as `tokenizer`. Raises
    `CheckpointError` if the disk refuses it, `NcvcError` if `folder` exists and may not be replaced.
    """
    pieces = (
        (f"model.{name}", tuple(tensor.shape), whole_piece(tuple(tensor.shape)), tensor) for name, tensor in tensors
    )
    with whole_folder(
        require_output(Path(folder), CHECKPOINT, reads=[], replace=replace), require_untouched
    ) as partial:
        write_shard(partial, 0, pieces)
        write_manifest(partial, 1, Facts(model=model, **facts))


def whole_piece(shape: Shape) -> Piece:
    """Makes a piece of a whole tensor, not stored yet."""
    return Piece(file="", key="", offset=(0,) * len(shape), shape=shape)


def _text(manifest: Manifest) -> bytes:
    return manifest.model_dump_json(indent=1).encode() + b"\n"


def shard_file(rank: int) -> str:
    """Name of a rank's shard."""
    return f"rank_{rank:05}.safetensors"


def shard_record(folder: Path, rank: int) -> Path:
    """Path of the record that a rank leaves beside its finished shard until the manifest is written."""
    return folder / f"rank_{rank:05}.json"
