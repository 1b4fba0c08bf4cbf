"""Stages of a run and the ramp of its batch size, as a config has them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Self

import pydantic

from ncvc.config import Config
from ncvc.model.config import Count, NotNegative, Positive


class StageConfig(Config):
    """Settings of a run from a step on; what a stage leaves out is as in the stage before."""

    from_step: Annotated[int, pydantic.Field(ge=1, alias="from")]
    """Step behind which the stage begins, as with `--from-step`."""
    blend: list[NotNegative] | None = None
    """`data.weights` from there on; 0 leaves a dataset out."""
    lr: Positive | None = None
    """`optimizer.lr` from there on; the shape of the schedule goes on."""
    seq_length: Count | None = None
    """`data.sequence_length` from there on, of training samples; validation keeps its own."""

    @pydantic.model_validator(mode="after")
    def _check(self) -> Self:
        if self.blend is None and self.lr is None and self.seq_length is None:
            raise ValueError("the stage changes nothing; set blend, lr or seq_length, or leave it out")
        if self.blend is not None and not any(self.blend):
            raise ValueError("blend gives no dataset a weight; make one larger than 0")
        return self


class RampupConfig(Config):
    """Ramp of the batch size, Megatron's `--rampup-batch-size`."""

    start: Count
    """Samples of the first steps."""
    increment: Count
    """Samples by which the steps grow, again and again, up to `global_batch_size`."""
    samples: Count
    """Samples of the whole ramp, as many for each size."""


def require_possible_rampup(rampup: RampupConfig, global_batch_size: int, micro_batch_size: int) -> None:
    """Raises `ValueError` if the ramp does not lead to the batch, or its sizes do not divide by the micro-batch."""
    if rampup.start >= global_batch_size or (global_batch_size - rampup.start) % rampup.increment:
        raise ValueError(
            f"rampup does not lead from start {rampup.start} by increments of {rampup.increment} to global_batch_size"
            f" {global_batch_size}; choose an increment that divides their difference"
        )
    for name in ("start", "increment"):
        if getattr(rampup, name) % micro_batch_size:
            raise ValueError(
                f"rampup.{name} {getattr(rampup, name)} must be a multiple of micro_batch_size {micro_batch_size}"
            )


def require_possible_stages(
    stages: Sequence[StageConfig],
    *,
    train_iters: int,
    prefixes: Sequence[str],
    weights: Sequence[float] | None,
    min_lr: float,
    longest: int,
    divisor: int,
) -> None:
    """Raises `ValueError` if stages fit neither each other nor the rest of a config.

    `longest`: tokens of the longest sequence; `divisor`: number that the length of each must divide by.
    """
    for before, after in pairwise(stages):
        if after.from_step <= before.from_step:
            raise ValueError(
                f"stages: from {after.from_step} comes after from {before.from_step}; put the stages in order"
            )
    for number, stage in enumerate(stages):
        name = f"stages.{number}"
        if stage.from_step >= train_iters:
            raise ValueError(
                f"{name}.from {stage.from_step} leaves nothing of schedule.train_iters {train_iters};"
                " let the stage begin earlier, or leave it out"
            )
        if stage.blend is not None and len(stage.blend) != len(prefixes):
            raise ValueError(
                f"{name}.blend has {len(stage.blend)} weights for {len(prefixes)} data.prefixes"
                f" ({', '.join(prefixes)}); write one for each, in their order"
            )
        if stage.lr is not None and stage.lr < min_lr:
            raise ValueError(f"{name}.lr {stage.lr} is below optimizer.min_lr {min_lr}; lower min_lr")
        length = stage.seq_length or divisor
        if length > longest:
            raise ValueError(f"{name}.seq_length {length} is above model.max_position_embeddings {longest}; lower it")
        if length % divisor:
            raise ValueError(
                f"{name}.seq_length {length} does not divide by parallel.tensor_model_parallel_size {divisor}, as"
                " sequence_parallel needs"
            )
    if weights is None:
        return
    blends = [weights, *(stage.blend for stage in stages if stage.blend is not None)]
    for prefix, *own in zip(prefixes, *blends, strict=True):
        if not any(own):
            raise ValueError(f"{prefix} has the weight 0 in every stage; give it one in a stage, or leave it out")


def require_order(stages: Sequence[StageConfig], order: str | None) -> None:
    """Raises `ValueError` for stages of the data in the order `megatron`, which draws all samples at once."""
    for number, stage in enumerate(stages):
        if order == "megatron" and (stage.blend or stage.seq_length):
            raise ValueError(
                f"stages.{number} changes {'blend' if stage.blend else 'seq_length'}, and data.order megatron draws"
                " the samples of the whole run at once; leave it out, or begin another run with data.order epochs"
            )
