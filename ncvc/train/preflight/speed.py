"""Time of a training, estimated from its operations and the share of a GPU's peak that is reached."""

from collections.abc import Iterable

from ncvc.train.config import TrainConfig
from ncvc.train.preflight.checks import Prepared
from ncvc.train.preflight.flops import flops_per_token
from ncvc.train.preflight.gpu_specs import GpuSpec
from ncvc.train.step_plan import Stretch


def tokens_per_second(config: TrainConfig, spec: GpuSpec, mfu: float, length: int | None = None) -> float:
    """Tokens per second of one GPU at a share `mfu` of its peak, in sequences of `data.sequence_length` or `length`."""
    return mfu * spec.tflops * 1e12 / flops_per_token(config.model, length or config.data.sequence_length)


def speed_of_all(config: TrainConfig, ranks: int, spec: GpuSpec, mfu: float) -> float | None:
    """Tokens per second of all ranks; None if it cannot be estimated."""
    if config.compute.dtype != "bfloat16" or not spec.tflops:
        return None
    return tokens_per_second(config, spec, mfu) * ranks


def seconds_of(
    config: TrainConfig, parts: Iterable[tuple[Stretch, int]], ranks: int, spec: GpuSpec, mfu: float
) -> float | None:
    """Seconds of some steps; None if they cannot be estimated."""
    if speed_of_all(config, ranks, spec, mfu) is None:
        return None
    return sum(
        count * part.tokens_per_step / (tokens_per_second(config, spec, mfu, part.sequence_length) * ranks)
        for part, count in parts
    )


def validation_seconds(config: TrainConfig, prepared: Prepared, speed: float) -> float | None:
    """Seconds of all validations of a run of `speed` tokens a second; None without data.

    A forward pass takes a third of the operations of a step.
    """
    if prepared.missing and (config.data.validation_prefixes or config.data.validation_split):
        return None
    return validations(config) * sum(prepared.validation) * config.data.sequence_length / (3 * speed)


def validations(config: TrainConfig) -> int:
    """Validations of a run: before the first step, every `eval_interval` steps and after the last."""
    last, interval = config.schedule.train_iters, config.schedule.eval_interval
    return 1 + last // interval + (last % interval > 0)
