"""Saves the state of a running training and puts it back, on any number of ranks."""

from collections.abc import Iterator
from pathlib import Path

import torch
import torch.distributed as dist
from megatron.core.models.gpt.gpt_model import GPTModel
from megatron.core.optimizer.distrib_optimizer import DistributedOptimizer
from megatron.core.tensor_parallel.random import get_cuda_rng_tracker

from ncvc.train.checkpoint.format import (
    CheckpointError,
    Facts,
    Layout,
    Piece,
    Shape,
    whole_piece,
    write_manifest,
    write_part,
)
from ncvc.train.checkpoint.reader import Checkpoint
from ncvc.train.optimizer import MOMENTS, set_moments, share
from ncvc.train.parameters import shards
from ncvc.train.ranks import Ranks, shared_folder


def layout(ranks: Ranks) -> Layout:
    """How the ranks share the work."""
    return Layout(dp=ranks.dp_size, tp=ranks.tp_size, pp=ranks.pp_size)


def save(final: Path, gpt: GPTModel, optimizer: DistributedOptimizer, ranks: Ranks, facts: Facts) -> None:
    """Writes a checkpoint; every rank calls it, and each writes its own pieces without gathering any."""
    with shared_folder(final, ranks) as folder:
        write_part(folder, ranks.rank, [*_pieces(gpt, optimizer), *_generators(ranks)])
        dist.barrier()
        if ranks.is_first:
            write_manifest(folder, ranks.world_size, facts)


def _pieces(gpt: GPTModel, optimizer: DistributedOptimizer) -> Iterator[tuple[str, Shape, Piece, torch.Tensor]]:
    """The stretches of weights and optimizer state that this rank saves."""
    for shard in shards(gpt):
        own = share(optimizer, shard.parameter)
        if own is None or shard.replicated:
            continue
        first, end = own.stretch
        piece = Piece(file="", key="", offset=shard.offset, shape=tuple(shard.parameter.shape), stretch=own.stretch)
        yield f"model.{shard.name}", shard.shape, piece, shard.parameter.detach().flatten()[first:end]
        yield f"optimizer.fp32_param.{shard.name}", shard.shape, piece, own.fp32_param
        for moment in MOMENTS:
            # There is none before the optimizer's first step, and the first steps may all be skipped.
            value = own.state.get(moment, torch.zeros(()).expand_as(own.fp32_param))
            yield f"optimizer.{moment}.{shard.name}", shard.shape, piece, value


def _generators(ranks: Ranks) -> Iterator[tuple[str, Shape, Piece, torch.Tensor]]:
    """The states of this rank's random generators."""
    states = {"cpu": torch.get_rng_state(), **get_cuda_rng_tracker().get_states()}
    if ranks.device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(ranks.device)
    for name, state in states.items():
        shape = tuple(state.shape)
        yield f"rng.{ranks.rank:05}.{name}", shape, whole_piece(shape), state


@torch.no_grad()
def load_weights(checkpoint: Checkpoint, gpt: GPTModel, optimizer: DistributedOptimizer) -> None:
    """Fills the weights, in the model and in the optimizer.

    Raises `CheckpointError` if the checkpoint's model is another.
    """
    _require_same_parameters(checkpoint, gpt)
    for shard in shards(gpt):
        value = checkpoint.weight_box(shard.name, shard.offset, tuple(shard.parameter.shape))
        shard.parameter.copy_(value)
        own = share(optimizer, shard.parameter)
        if own is not None:
            own.fp32_param.copy_(value.flatten()[slice(*own.stretch)])


def load(checkpoint: Checkpoint, gpt: GPTModel, optimizer: DistributedOptimizer, ranks: Ranks) -> None:
    """Fills weights, optimizer and, if the ranks are laid out the same, random generators."""
    load_weights(checkpoint, gpt, optimizer)
    step = checkpoint.manifest.optimizer_step
    if step is None:
        raise CheckpointError(
            f"{checkpoint.folder}: holds weights only; name it as checkpoints.start_from of a new run"
        )
    for shard in shards(gpt):
        own = share(optimizer, shard.parameter)
        if own is None:
            continue
        moments = {
            moment: checkpoint.box(
                f"optimizer.{moment}.{shard.name}", shard.offset, tuple(shard.parameter.shape)
            ).flatten()[slice(*own.stretch)]
            for moment in MOMENTS
        }
        set_moments(optimizer, own, step, moments)
    if checkpoint.manifest.layout == layout(ranks):
        _set_generators(checkpoint, ranks)


def _set_generators(checkpoint: Checkpoint, ranks: Ranks) -> None:
    prefix = f"rng.{ranks.rank:05}."
    states = {
        name.removeprefix(prefix): checkpoint.tensor(name) for name in checkpoint.names() if name.startswith(prefix)
    }
    torch.set_rng_state(states.pop("cpu"))
    if "cuda" in states:
        state = states.pop("cuda")
        if ranks.device.type == "cuda":
            torch.cuda.set_rng_state(state, ranks.device)
    get_cuda_rng_tracker().set_states(states)


def _require_same_parameters(checkpoint: Checkpoint, gpt: GPTModel) -> None:
    known = checkpoint.manifest.tensors
    for shard in shards(gpt):
        entry = known.get(f"model.{shard.name}")
        if entry is None:
            raise CheckpointError(f"{checkpoint.folder}: has no weight {shard.name}; its model is another")
        if entry.shape != shard.shape:
            raise CheckpointError(
                f"{checkpoint.folder}: {shard.name} has the shape {entry.shape}, the model's is"
                f" {shard.shape}; its model is another"
            )
