"""Plan of a run's steps: samples, tokens, learning rate and weights of each, by the config and its changes alone."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ncvc.checkpoint.manifest import Change
from ncvc.train.config import OptimizerConfig, ScheduleConfig, TrainConfig
from ncvc.train.stages import StageConfig


@dataclass(frozen=True)
class Stretch:
    """Steps that are alike."""

    begin: int
    """Steps of the run before it."""
    samples: int
    """Samples of these steps."""
    tokens: int
    """Tokens of these steps."""
    stage: int
    """Number of its stage, from 1."""
    batch_size: int
    """Samples of a step, over all ranks."""
    sequence_length: int
    """Tokens of a sample."""
    lr: float
    """Top of the learning rate's shape."""
    weights: Sequence[float] | None
    """Relative weights of the datasets; None is in proportion to their tokens."""

    @property
    def tokens_per_step(self) -> int:
        """Tokens of a step, over all ranks."""
        return self.batch_size * self.sequence_length


@dataclass(frozen=True)
class Version:
    """Settings of the stages that hold from a step on, until they are changed on purpose."""

    begin: int
    """Step behind which they hold."""
    weights: Sequence[float] | None
    """`data.weights`."""
    stages: Sequence[StageConfig]

    def stretches(self, config: TrainConfig) -> Iterator[Stretch]:
        """Yields its stages from the first step on, with nothing counted yet."""
        batch, length = config.schedule.global_batch_size, config.data.sequence_length
        stretch = Stretch(0, 0, 0, 1, batch, length, config.optimizer.lr, self.weights)
        yield stretch
        for stage in self.stages:
            stretch = replace(
                stretch,
                begin=stage.from_step,
                stage=stretch.stage + 1,
                sequence_length=stage.seq_length or stretch.sequence_length,
                lr=stage.lr or stretch.lr,
                weights=stage.blend or stretch.weights,
            )
            yield stretch


class StepPlan:
    """Steps of a run from the first one on, beyond its end too; steps are counted from 1."""

    def __init__(self, config: TrainConfig, versions: Sequence[Version] | None = None) -> None:
        """Takes the settings that held from each of some steps on; by default those of the config for all."""
        self._optimizer = config.optimizer
        versions = versions or _versions(config, ())
        ends = [*(version.begin for version in versions[1:]), math.inf]
        stretches: list[Stretch] = []
        for version, end in zip(versions, ends, strict=True):
            planned = list(version.stretches(config))
            current = [stretch for stretch in planned if stretch.begin <= version.begin][-1]
            later = [stretch for stretch in planned if version.begin < stretch.begin < end]
            stretches += [replace(current, begin=version.begin), *later]
        self.stretches = list(_counted(_ramped(stretches, list(batch_sizes(config.schedule)))))
        """All of them, in order."""
        self._begins = [stretch.begin for stretch in self.stretches]

    def at(self, step: int) -> Stretch:
        """Returns the stretch of a step."""
        return self.stretches[bisect_left(self._begins, step) - 1]

    def samples(self, done: int) -> int:
        """Counts the samples of the first `done` steps."""
        stretch = self.at(max(done, 1))
        return stretch.samples + (done - stretch.begin) * stretch.batch_size

    def tokens(self, done: int) -> int:
        """Counts the tokens of the first `done` steps."""
        stretch = self.at(max(done, 1))
        return stretch.tokens + (done - stretch.begin) * stretch.tokens_per_step

    @property
    def full_batch(self) -> tuple[int, int]:
        """First step that has the largest batch, and the samples before it."""
        step = 1 + next(each.begin for each in self.stretches if each.batch_size == self.stretches[-1].batch_size)
        return step, self.samples(step - 1)

    def optimizer(self, step: int) -> OptimizerConfig:
        """Returns the settings of the optimizer in a step."""
        return self._optimizer.model_copy(update={"lr": self.at(step).lr})

    def begins_stage(self, step: int) -> bool:
        """Tells whether a step is the first one of a stage behind the first."""
        return step > 1 and self.at(step).stage != self.at(step - 1).stage

    def parts(self, first: int, last: int) -> Iterator[tuple[Stretch, int]]:
        """Yields the stretches of the steps from `first` to `last` with the number of these steps in each."""
        for stretch, end in zip(self.stretches, [*self._begins[1:], last], strict=True):
            count = min(end, last) - max(stretch.begin, first - 1)
            if count > 0:
                yield stretch, count


def plans(config: TrainConfig, changes: Iterable[Change] = ()) -> list[tuple[int, StepPlan]]:
    """Returns the plan of a run, and before it those that were changed on purpose.

    With each comes the step behind which it held. A plan has the steps before as they were, and those behind as if
    nothing had been changed again.
    """
    versions = _versions(config, changes)
    return [(version.begin, StepPlan(config, versions[: number + 1])) for number, version in enumerate(versions)]


def _versions(config: TrainConfig, changes: Iterable[Change]) -> list[Version]:
    """Lists the settings of the stages by the changes of a run, oldest first.

    A change behind an earlier step than the one before it replaces that: the run went back in between.
    """
    values: dict[str, Any] = {
        "data.weights": config.data.weights,
        "stages": [stage.model_dump(mode="json") for stage in config.stages],
    }
    own = [change for change in changes if change.key in values]
    for change in reversed(own):
        values[change.key] = change.before
    versions = [_version(0, values)]
    for change in own:
        values[change.key] = change.now
        while versions and versions[-1].begin >= change.step:
            versions.pop()
        versions.append(_version(change.step, values))
    return versions


def _version(begin: int, values: dict[str, Any]) -> Version:
    return Version(begin, values["data.weights"], [StageConfig.model_validate(stage) for stage in values["stages"]])


def batch_sizes(schedule: ScheduleConfig) -> Iterator[tuple[int, int]]:
    """Yields each size of a batch, and the step behind which it begins.

    As Megatron-LM's calculator with `--rampup-batch-size`, which megatron-core 0.19 has no more: behind c samples the
    batch has ⌊c · increments / samples⌋ increments.
    """
    steps = samples = 0
    if rampup := schedule.rampup:
        increments = (schedule.global_batch_size - rampup.start) // rampup.increment
        for number in range(increments):
            size, end = rampup.start + number * rampup.increment, -(-(number + 1) * rampup.samples // increments)
            count = max(0, -(-(end - samples) // size))
            if count:
                yield steps, size
            steps, samples = steps + count, samples + count * size
    yield steps, schedule.global_batch_size


def _ramped(stretches: Sequence[Stretch], sizes: Sequence[tuple[int, int]]) -> Iterator[Stretch]:
    """Yields the stretches with the sizes of their batches, divided where these change."""
    for begin in sorted({*(stretch.begin for stretch in stretches), *(first for first, _ in sizes)}):
        current = [stretch for stretch in stretches if stretch.begin <= begin][-1]
        yield replace(current, begin=begin, batch_size=[size for first, size in sizes if first <= begin][-1])


def _counted(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """Yields the stretches with the samples and tokens before them."""
    before: Stretch | None = None
    for stretch in stretches:
        if before:
            steps = stretch.begin - before.begin
            stretch = replace(
                stretch,
                samples=before.samples + steps * before.batch_size,
                tokens=before.tokens + steps * before.tokens_per_step,
            )
        yield stretch
        before = stretch


def describe_stretch(stretch: Stretch) -> str:
    """Says the settings of a stage in a clause."""
    weights = "by their tokens" if stretch.weights is None else " : ".join(f"{weight:g}" for weight in stretch.weights)
    return f"blend {weights}, lr {stretch.lr:g}, sequences of {stretch.sequence_length:,} tokens"
