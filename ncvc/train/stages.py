"""Stages of a run and the ramp of its batch size, as a config has them."""

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Self

import pydantic

from ncvc.config import Config
from ncvc.model.config import Count, NotNegative, Positive

if TYPE_CHECKING:
    from ncvc.train.config import TrainConfig


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


def require_possible_stages(config: "TrainConfig") -> None:
    """Raises `ValueError` if the stages of a config fit neither each other nor the rest of it."""
    stages, data = config.stages, config.data
    for before, after in pairwise(stages):
        if after.from_step <= before.from_step:
            raise ValueError(
                f"stages: from {after.from_step} comes after from {before.from_step}; put the stages in order"
            )
    for number, stage in enumerate(stages):
        name = f"stages.{number}"
        if stage.from_step >= config.schedule.train_iters:
            raise ValueError(
                f"{name}.from {stage.from_step} leaves nothing of schedule.train_iters {config.schedule.train_iters};"
                " let the stage begin earlier, or leave it out"
            )
        if stage.blend is not None and len(stage.blend) != len(data.prefixes):
            raise ValueError(
                f"{name}.blend has {len(stage.blend)} weights for {len(data.prefixes)} data.prefixes"
                f" ({', '.join(data.prefixes)}); write one for each, in their order"
            )
        if stage.lr is not None and stage.lr < config.optimizer.min_lr:
            raise ValueError(f"{name}.lr {stage.lr} is below optimizer.min_lr {config.optimizer.min_lr}; lower min_lr")
        if stage.seq_length is not None:
            _require_possible_length(config, f"{name}.seq_length", stage.seq_length)
    require_order(config)
    blends = [weights for weights in (data.weights, *(stage.blend for stage in stages)) if weights is not None]
    if data.weights is None:
        return
    for prefix, *own in zip(data.prefixes, *blends, strict=True):
        if not any(own):
            raise ValueError(f"{prefix} has the weight 0 in every stage; give it one in a stage, or leave it out")


def _require_possible_length(config: "TrainConfig", name: str, length: int) -> None:
    longest, tensor = config.model.max_position_embeddings, config.parallel.tensor_model_parallel_size
    if length > longest:
        raise ValueError(f"{name} {length} is above model.max_position_embeddings {longest}; lower it")
    if config.parallel.sequence_parallel and length % tensor:
        raise ValueError(
            f"{name} {length} does not divide by parallel.tensor_model_parallel_size {tensor}, as sequence_parallel"
            " needs"
        )


def require_order(config: "TrainConfig") -> None:
    """Raises `ValueError` for stages of the data in the order `megatron`, which draws all samples at once."""
    for number, stage in enumerate(config.stages):
        if config.data.order == "megatron" and (stage.blend or stage.seq_length):
            raise ValueError(
                f"stages.{number} changes {'blend' if stage.blend else 'seq_length'}, and data.order megatron draws"
                " the samples of the whole run at once; leave it out, or begin another run with data.order epochs"
            )
