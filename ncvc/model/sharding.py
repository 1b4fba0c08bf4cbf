"""The parameters that a rank holds, by their names and places in the whole model."""

from dataclasses import dataclass

import torch
from megatron.core.dist_checkpointing.mapping import ShardedTensor
from megatron.core.models.gpt.gpt_model import GPTModel

Shape = tuple[int, ...]


@dataclass(frozen=True)
class ParameterShard:
    """A rank's part of one parameter: a box of the whole, cut by tensor parallelism."""

    name: str
    """Megatron's name, with the layer's number in the whole model."""
    parameter: torch.nn.Parameter
    """The part that this rank holds."""
    shape: Shape
    """Of the whole parameter."""
    offset: Shape
    """Where the part begins in the whole."""
    replicated: bool
    """Whether another tensor- or pipeline-parallel rank holds the same part and saves it."""

    @property
    def box(self) -> tuple[slice, ...]:
        """The part as an index of the whole."""
        return tuple(slice(begin, begin + size) for begin, size in zip(self.offset, self.parameter.shape, strict=True))


def parameter_shards(model: GPTModel) -> list[ParameterShard]:
    """Every parameter that this rank holds, sorted by name."""
    # Without non_homogeneous_layers all layers are stacked under one key; extra states hold nothing here.
    sharded = model.sharded_state_dict(metadata={"non_homogeneous_layers": True})
    found = [
        ParameterShard(
            name=entry.key,
            parameter=entry.data,
            shape=tuple(entry.global_shape),
            offset=tuple(entry.global_offset),
            # A replica's number is (pipeline, tensor, data parallel); of the last, each saves a stretch.
            replicated=any(entry.replica_id[:2]),
        )
        for entry in sharded.values()
        if isinstance(entry, ShardedTensor)
    ]
    assert {id(shard.parameter) for shard in found} == {id(parameter) for parameter in model.parameters()}
    return sorted(found, key=lambda shard: shard.name)
