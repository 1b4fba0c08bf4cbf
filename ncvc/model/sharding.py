"""Shards of parameters that a rank holds, by their names and places in the whole model."""

from dataclasses import dataclass

import torch
from megatron.core.dist_checkpointing.mapping import ShardedTensor
from megatron.core.models.gpt.gpt_model import GPTModel

Shape = tuple[int, ...]


@dataclass(frozen=True)
class ParameterShard:
    """A rank's shard of one parameter: a box of the whole, split by tensor parallelism."""

    name: str
    """Megatron's name, with the layer's number in the whole model."""
    parameter: torch.nn.Parameter
    """This rank's box."""
    shape: Shape
    """Shape of the whole parameter."""
    offset: Shape
    """First index of the box in the whole parameter, by dimension."""
    replicated: bool
    """True if another tensor- or pipeline-parallel rank holds the same box and saves it."""

    @property
    def box(self) -> tuple[slice, ...]:
        """Index of the box in the whole parameter."""
        return tuple(slice(begin, begin + size) for begin, size in zip(self.offset, self.parameter.shape, strict=True))


def parameter_shards(model: GPTModel) -> list[ParameterShard]:
    """Lists every parameter shard of this rank, sorted by name."""
    # Without non_homogeneous_layers all layers are stacked under one key; extra states are empty here.
    sharded = model.sharded_state_dict(metadata={"non_homogeneous_layers": True})
    found = [
        ParameterShard(
            name=entry.key,
            parameter=entry.data,
            shape=tuple(entry.global_shape),
            offset=tuple(entry.global_offset),
            # replica_id is (pipeline, tensor, data parallel); each data-parallel rank saves a stretch of its own.
            replicated=any(entry.replica_id[:2]),
        )
        for entry in sharded.values()
        if isinstance(entry, ShardedTensor)
    ]
    assert {id(shard.parameter) for shard in found} == {id(parameter) for parameter in model.parameters()}
    return sorted(found, key=lambda shard: shard.name)
