"""State of a training as pieces of a checkpoint, and back, on any number of ranks."""

from collections.abc import Callable, Iterator

import torch
from megatron.core.models.gpt.gpt_model import GPTModel
from megatron.core.optimizer.distrib_optimizer import DistributedOptimizer
from megatron.core.tensor_parallel.random import get_cuda_rng_tracker

from ncvc.checkpoint.format import Owned, whole_piece
from ncvc.checkpoint.manifest import Layout, Piece
from ncvc.checkpoint.reader import Checkpoint
from ncvc.errors import CheckpointError
from ncvc.model.parallel import Ranks
from ncvc.model.sharding import ParameterShard, parameter_shards
from ncvc.train.optimizer import EMA, set_moments, share


def layout(ranks: Ranks) -> Layout:
    """Parallel layout of the ranks."""
    return Layout(dp=ranks.dp_size, tp=ranks.tp_size, pp=ranks.pp_size)


def pieces(gpt: GPTModel, optimizer: DistributedOptimizer, ranks: Ranks) -> Iterator[Owned]:
    """Yields all that this rank saves, for `write_shard`; the tensors are not copied."""
    yield from _weights_and_moments(gpt, optimizer)
    yield from _generators(ranks)


def _weights_and_moments(gpt: GPTModel, optimizer: DistributedOptimizer) -> Iterator[Owned]:
    """Yields the stretches of weights and optimizer state that this rank owns."""
    for shard in parameter_shards(gpt):
        own = share(optimizer, shard.parameter)
        if own is None or shard.replicated:
            continue
        first, end = own.stretch
        piece = Piece(file="", key="", offset=shard.offset, shape=tuple(shard.parameter.shape), stretch=own.stretch)
        yield f"model.{shard.name}", shard.shape, piece, shard.parameter.detach().flatten()[first:end]
        yield f"optimizer.fp32_param.{shard.name}", shard.shape, piece, own.fp32_param
        for moment in own.moments:
            # Missing before the optimizer's first step; the first steps of a run may all be skipped.
            value = own.state.get(moment, torch.zeros(()).expand_as(own.fp32_param))
            yield f"optimizer.{moment}.{shard.name}", shard.shape, piece, value
        if EMA in own.state:
            yield f"optimizer.{EMA}.{shard.name}", shard.shape, piece, own.state[EMA]


def _generators(ranks: Ranks) -> Iterator[Owned]:
    """Yields the states of this rank's random generators."""
    states = {"cpu": torch.get_rng_state(), **get_cuda_rng_tracker().get_states()}
    if ranks.device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(ranks.device)
    for name, state in states.items():
        shape = tuple(state.shape)
        yield f"rng.{ranks.rank:05}.{name}", shape, whole_piece(shape), state


def load_weights(checkpoint: Checkpoint, gpt: GPTModel, optimizer: DistributedOptimizer) -> None:
    """Loads the weights into the model and the optimizer.

    Raises `CheckpointError` if the checkpoint has other parameters or shapes.
    """
    _require_same_parameters(checkpoint, gpt)
    fill_weights(
        gpt,
        optimizer,
        lambda shard: checkpoint.weight_box(shard.name, shard.offset, tuple(shard.parameter.shape)),
    )


@torch.no_grad()
def fill_weights(
    gpt: GPTModel, optimizer: DistributedOptimizer, value_of: Callable[[ParameterShard], torch.Tensor]
) -> None:
    """Fills the weights of model and optimizer; `value_of` returns the value of a rank's box of a parameter."""
    for shard in parameter_shards(gpt):
        value = value_of(shard)
        shard.parameter.copy_(value)
        own = share(optimizer, shard.parameter)
        if own is not None:
            own.fp32_param.copy_(value.flatten()[slice(*own.stretch)])


def load(
    checkpoint: Checkpoint, gpt: GPTModel, optimizer: DistributedOptimizer, ranks: Ranks, *, ema: bool = False
) -> None:
    """Loads weights, optimizer and, if layout and device are the same, random generators.

    With `ema` also the moving average of the weights, which begins with the next step where the checkpoint has none.
    Raises `CheckpointError` if the checkpoint is of another model, or has weights only.
    """
    load_weights(checkpoint, gpt, optimizer)
    step = checkpoint.manifest.optimizer_step
    if step is None:
        raise CheckpointError(f"{checkpoint.folder}: holds weights only; name it as checkpoints.init_from of a new run")
    for shard in parameter_shards(gpt):
        own = share(optimizer, shard.parameter)
        if own is None:
            continue
        own.state.clear()
        average = (EMA,) if ema and f"optimizer.{EMA}.{shard.name}" in checkpoint.manifest.tensors else ()
        moments = {
            moment: checkpoint.stretch(
                f"optimizer.{moment}.{shard.name}", shard.offset, tuple(shard.parameter.shape), *own.stretch
            )
            for moment in (*own.moments, *average)
        }
        set_moments(optimizer, own, step, moments)
    if checkpoint.manifest.layout == layout(ranks) and same_device(checkpoint, ranks):
        _set_generators(checkpoint, ranks)


def same_device(checkpoint: Checkpoint, ranks: Ranks) -> bool:
    """Tells whether checkpoint and ranks are both of GPUs or both of CPUs, since their generators differ."""
    return ("rng.00000.cuda" in checkpoint.manifest.tensors) == (ranks.device.type == "cuda")


def _set_generators(checkpoint: Checkpoint, ranks: Ranks) -> None:
    prefix = f"rng.{ranks.rank:05}."
    states = {
        name.removeprefix(prefix): checkpoint.tensor(name) for name in checkpoint.names() if name.startswith(prefix)
    }
    torch.set_rng_state(states.pop("cpu"))
    if "cuda" in states:
        torch.cuda.set_rng_state(states.pop("cuda"), ranks.device)
    get_cuda_rng_tracker().set_states(states)


def _require_same_parameters(checkpoint: Checkpoint, gpt: GPTModel) -> None:
    known = checkpoint.manifest.tensors
    for shard in parameter_shards(gpt):
        entry = known.get(f"model.{shard.name}")
        if entry is None:
            raise CheckpointError(f"{checkpoint.folder}: has no weight {shard.name}; its model is another")
        if entry.shape != shard.shape:
            raise CheckpointError(
                f"{checkpoint.folder}: {shard.name} has the shape {entry.shape}, the model's is"
                f" {shard.shape}; its model is another"
            )
