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
    optimizer.momentum_buffer.<parameter>    Muon's momentum, float32, in place of Adam's two
    optimizer.ema.<parameter>           the moving average of the float32 weight, if the run keeps one
    rng.<rank>.<generator>              a generator's state, uint8

A tensor is split twice: tensor parallelism gives each rank a box of it, and the distributed optimizer gives each
data-parallel rank a stretch of that box in row-major order. A piece records its box and its stretch, so that any number
of ranks can read a checkpoint of any other number.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch

from ncvc import __version__
from ncvc.checkpoint.manifest import Facts, FileEntry, Manifest, Piece, Shape, TensorEntry
from ncvc.checkpoint.tensor_file import write_tensors
from ncvc.config import Config
from ncvc.errors import CheckpointError
from ncvc.files import whole_file, whole_folder
from ncvc.manifest import CHECKPOINT, MANIFEST
from ncvc.model.config import ModelConfig
from ncvc.outputs import require_output, require_untouched

SHARD_BYTES = 2**28
"""Most bytes of a shard of weights only, which is in memory while it is written."""
Owned = tuple[str, Shape, Piece, torch.Tensor]
"""Piece of a tensor before it is saved: name and shape of the whole tensor, the piece, its data."""


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


def write_weights(
    folder: str | Path,
    model: ModelConfig,
    tensors: Iterable[tuple[str, torch.Tensor]],
    *,
    replace: bool = False,
    **facts: Any,
) -> None:
    """Writes a checkpoint of weights only, which a run can start from.

    `tensors`: Megatron's parameter names and whole weights, of which a shard's are held in memory; `facts`: fields of
    `Facts`, such as `tokenizer`. Raises `CheckpointError` if the disk refuses it, `NcvcError` if `folder` exists and
    may not be replaced.
    """
    with whole_folder(
        require_output(Path(folder), CHECKPOINT, reads=[], replace=replace), require_untouched
    ) as partial:
        shards = 0
        for shards, shard in enumerate(_shards(tensors), 1):
            pieces = ((f"model.{name}", tuple(own.shape), whole_piece(tuple(own.shape)), own) for name, own in shard)
            write_shard(partial, shards - 1, pieces)
        write_manifest(partial, shards, Facts(model=model, **facts))


def _shards(tensors: Iterable[tuple[str, torch.Tensor]]) -> Iterator[list[tuple[str, torch.Tensor]]]:
    """Groups tensors into shards of at most `SHARD_BYTES`, or of one tensor that is larger."""
    shard: list[tuple[str, torch.Tensor]] = []
    held = 0
    for name, tensor in tensors:
        if shard and held + tensor.nbytes > SHARD_BYTES:
            yield shard
            shard, held = [], 0
        shard.append((name, tensor))
        held += tensor.nbytes
    if shard:
        yield shard


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
