"""The checkpoint folder, `ncvc-checkpoint/1`; nothing here knows Megatron.

    step_00000100/
      rank_00000.safetensors    the pieces of tensors that rank 0 owns
      rank_00001.safetensors    …
      manifest.json             written last: what the run was, every file's SHA-256, where each tensor lies

Names of tensors, with the layers' numbers in the whole model:

    model.<parameter>                   the weight as the model computes with it
    optimizer.fp32_param.<parameter>    the float32 weight that the optimizer keeps
    optimizer.exp_avg.<parameter>       Adam's mean of the gradients, float32
    optimizer.exp_avg_sq.<parameter>    Adam's mean of the squared gradients, float32
    rng.<rank>.<generator>              a generator's state, uint8

A tensor is cut twice: tensor parallelism gives each rank a box of it, and the distributed optimizer gives
each data-parallel rank a stretch of that box in row-major order. A piece says which box and which stretch, so
that any number of ranks can read what any other number wrote.
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
from ncvc.manifest import CHECKPOINT, MANIFEST, is_whole
from ncvc.model.config import ModelConfig
from ncvc.outputs import require_output

Shape = tuple[int, ...]


class Piece(Config):
    """A part of a tensor, and where it is stored."""

    file: str
    """Name of the safetensors file in the folder."""
    key: str
    """Name of the tensor in that file."""
    offset: Shape
    """Where the box begins in the whole tensor."""
    shape: Shape
    """Size of the box."""
    stretch: tuple[int, int] | None = None
    """First element and the one after the last, of the box in row-major order; None is the whole box."""

    @property
    def elements(self) -> int:
        """Elements of the tensor that the piece holds."""
        if self.stretch is None:
            return math.prod(self.shape)
        return self.stretch[1] - self.stretch[0]


Owned = tuple[str, Shape, Piece, torch.Tensor]
"""What a rank saves of a tensor: its name, the shape of the whole, the piece, and the piece's data."""


class TensorEntry(Config):
    """One tensor of the checkpoint."""

    shape: Shape
    """Of the whole tensor."""
    dtype: str
    """torch's name without `torch.`, such as `float32`."""
    pieces: tuple[Piece, ...]
    """Together they cover the whole tensor, without overlap."""


class FileEntry(Config):
    """One file of the checkpoint."""

    bytes: int
    """Size of the file."""
    sha256: str
    """Hash of its content, in hexadecimal."""


class Layout(Config):
    """How the ranks that wrote the checkpoint shared the work."""

    dp: int
    """Data-parallel ranks."""
    tp: int
    """Tensor-parallel ranks."""
    pp: int
    """Pipeline-parallel ranks."""


class GuardState(Config):
    """What `ncvc.train.anomaly_guard` remembers of the steps before."""

    losses: tuple[float, ...] = ()
    """Of the last good steps, in nats, oldest first."""
    grad_norms: tuple[float, ...] = ()
    """Of the same steps."""
    row: int = 0
    """Bad steps in a row, up to this one."""
    skipped: int = 0
    """Steps that did not change the weights, left-out ones included."""
    left_out: tuple[tuple[int, int], ...] = ()
    """Steps that are not computed: first and last of each stretch, in order."""


class Facts(Config):
    """What a checkpoint says about the run that wrote it."""

    step: int = 0
    """Steps done, skipped ones included; the data and the learning rate go by it."""
    tokens_seen: int = 0
    """Tokens that went through the model in training."""
    model: ModelConfig
    """The shape of the model."""
    config: dict[str, Any] | None = None
    """The run's whole config; None if no run wrote the checkpoint."""
    layout: Layout = Layout(dp=1, tp=1, pp=1)
    """The ranks that wrote it."""
    tokenizer: str | None = None
    """SHA-256 of the tokenizer folder's manifest, in hexadecimal."""
    data: dict[str, str] = pydantic.Field(default_factory=dict)
    """SHA-256 of each dataset's content, by prefix."""
    optimizer_step: int | None = None
    """AdamW's own count of steps; None if there is no optimizer state."""
    guard: GuardState = GuardState()
    """What was remembered of the steps before."""
    versions: dict[str, str] = pydantic.Field(default_factory=dict)
    """Of the libraries that the run computed with, by name."""


class Manifest(Facts):
    """`manifest.json`."""

    format: Literal["ncvc-checkpoint/1"]
    """Name and version of this format."""
    ncvc: str
    """The version that wrote the checkpoint."""
    files: dict[str, FileEntry]
    """Every file but the manifest."""
    tensors: dict[str, TensorEntry]
    """Every tensor."""
    manifest_sha256: str = ""
    """SHA-256 of this file with these digits left out, in hexadecimal."""


class _ShardRecord(Config):
    """What one rank wrote, left for the rank that writes the manifest."""

    file: FileEntry
    tensors: dict[str, TensorEntry]


def write_shard(folder: Path, rank: int, tensors: Iterable[Owned]) -> None:
    """Writes one rank's pieces into `folder`.

    The pieces' `file` and `key` are filled in here. The tensors must not change meanwhile. Raises
    `CheckpointError` if the disk does not take them.
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
    """Joins what `ranks` ranks wrote into `folder` under one manifest."""
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
    """A manifest from its file's content; raises `ValueError` if it is not what was written."""
    manifest = Manifest.model_validate_json(text)
    if not is_whole(text, manifest.manifest_sha256):
        raise ValueError("its content is not what was written")
    return manifest


def write_weights(
    folder: str | Path,
    model: ModelConfig,
    tensors: Iterable[tuple[str, torch.Tensor]],
    *,
    replace: bool = False,
    **facts: Any,
) -> None:
    """Writes a checkpoint of weights only, which a run can start from.

    `tensors` gives (Megatron's parameter name, whole weight); `facts` are fields of `Facts`, such as
    `tokenizer`. Raises `CheckpointError` if the disk does not take it, `NcvcError` if `folder` exists.
    """
    pieces = (
        (f"model.{name}", tuple(tensor.shape), whole_piece(tuple(tensor.shape)), tensor) for name, tensor in tensors
    )
    with whole_folder(require_output(Path(folder), CHECKPOINT, reads=[], replace=replace)) as partial:
        write_shard(partial, 0, pieces)
        write_manifest(partial, 1, Facts(model=model, **facts))


def whole_piece(shape: Shape) -> Piece:
    """A piece that is the whole of a tensor, not stored yet."""
    return Piece(file="", key="", offset=(0,) * len(shape), shape=shape)


def _text(manifest: Manifest) -> bytes:
    return manifest.model_dump_json(indent=1).encode() + b"\n"


def shard_file(rank: int) -> str:
    """Name of the file that holds a rank's pieces."""
    return f"rank_{rank:05}.safetensors"


def shard_record(folder: Path, rank: int) -> Path:
    """What a rank leaves beside its file when that is written; `write_manifest` takes it away."""
    return folder / f"rank_{rank:05}.json"
