"""Tries of a tuning: configs that train the same and differ in speed and memory; imports nothing slow."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pydantic

from ncvc.train.config import TrainConfig
from ncvc.train.preflight.memory import fullest

RECOMPUTE: dict[str, dict[str, Any]] = {
    "nothing": {},
    "mlp": {"recompute_granularity": "selective", "recompute_modules": ["mlp"]},
    "full": {"recompute_granularity": "full", "recompute_method": "uniform", "recompute_num_layers": 1},
}
"""Forms of recomputation, from the fastest to the one that saves most; see `compute.recompute_…`."""
NO_RECOMPUTE = dict.fromkeys(
    ("recompute_granularity", "recompute_method", "recompute_num_layers", "recompute_modules"), None
)
LARGEST = 4
"""Micro-batch sizes that are tried of each layout: the largest that fit."""

Sections = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Try:
    """One way to train: ranks, layout, micro-batch and recomputation."""

    ranks: int
    tensor: int
    pipeline: int
    micro_batch: int
    recompute: str
    """Key of `RECOMPUTE`, or `as given`."""

    def sections(self, config: TrainConfig) -> Sections:
        """Keys of a config that the try sets."""
        kept = {name: getattr(config.compute, name) for name in NO_RECOMPUTE}
        together = self.tensor > 1 and config.data.sequence_length % self.tensor == 0
        return {
            "schedule": {"micro_batch_size": self.micro_batch},
            "parallel": {
                "nproc_per_node": self.ranks,
                "tensor_model_parallel_size": self.tensor,
                "pipeline_model_parallel_size": self.pipeline,
                "sequence_parallel": together,
            },
            "compute": kept if self.recompute == "as given" else NO_RECOMPUTE | RECOMPUTE[self.recompute],
        }


@dataclass(frozen=True)
class Candidate:
    """A try with its config and its memory by the memory model."""

    tried: Try
    config: TrainConfig
    memory: int
    """Bytes of the fullest rank."""
    fits: bool


@dataclass(frozen=True)
class Choices:
    """Values that were asked for; an empty collection leaves the choice to `candidates`."""

    ranks: Collection[int] = ()
    tensor: Collection[int] = ()
    pipeline: Collection[int] = ()
    micro_batch: Collection[int] = ()
    recompute: Collection[str] = ()


def candidates(
    config: TrainConfig, choices: Choices, ranks: Collection[int], capacity: Callable[[int], int]
) -> list[Candidate]:
    """Lists the tries of a config, its own first; those that do not fit are among them.

    `ranks`: numbers of ranks that this machine has; `capacity`: bytes of each of so many ranks. Of each layout the
    largest micro-batches that fit are tried, and with recomputation those that do not fit without it.
    """
    own = given(config, min(choices.ranks or ranks))
    first = [own] if _asked(own, choices) else []
    tries = dict.fromkeys((*first, *_tries(config, choices, ranks, capacity)))
    made = (_candidate(config, tried, capacity) for tried in tries)
    return [candidate for candidate in made if candidate is not None]


def given(config: TrainConfig, ranks: int) -> Try:
    """Returns the try that a config describes, on so many ranks if it leaves their number open."""
    compute, parallel = config.compute, config.parallel
    recompute = {name: getattr(compute, name) for name in NO_RECOMPUTE}
    forms = (name for name, form in RECOMPUTE.items() if NO_RECOMPUTE | form == recompute)
    return Try(
        ranks=parallel.nproc_per_node or ranks,
        tensor=parallel.tensor_model_parallel_size,
        pipeline=parallel.pipeline_model_parallel_size,
        micro_batch=config.schedule.micro_batch_size,
        recompute=next(forms, "as given"),
    )


def _asked(tried: Try, choices: Choices) -> bool:
    """Tells whether a try has only values that were asked for."""
    return all(not wanted or getattr(tried, name) in wanted for name, wanted in vars(choices).items())


def _tries(
    config: TrainConfig, choices: Choices, ranks: Collection[int], capacity: Callable[[int], int]
) -> Iterator[Try]:
    for count in choices.ranks or ranks:
        for tensor in choices.tensor or _divisors(count):
            for pipeline in choices.pipeline or _divisors(count // tensor):
                if count % (tensor * pipeline) == 0:
                    layout = (count, tensor, pipeline)
                    yield from _of_layout(config, choices, layout, capacity)


def _of_layout(
    config: TrainConfig, choices: Choices, layout: tuple[int, int, int], capacity: Callable[[int], int]
) -> Iterator[Try]:
    count, tensor, pipeline = layout
    own = config.schedule.global_batch_size // (count // (tensor * pipeline))
    sizes = choices.micro_batch or [2**power for power in range(own.bit_length()) if own % 2**power == 0]
    largest = 0
    for recompute in choices.recompute or RECOMPUTE:
        tries = [Try(*layout, size, recompute) for size in sizes]
        if choices.recompute and choices.micro_batch:
            yield from tries
            continue
        known = [(tried, _candidate(config, tried, capacity)) for tried in tries]
        fitting = [tried for tried, made in known if made and made.fits and tried.micro_batch > largest]
        too_large = [tried for tried, made in known if made and not made.fits]
        yield from fitting if choices.micro_batch else fitting[-LARGEST:]
        yield from too_large[:1]
        if not choices.recompute:
            largest = max((tried.micro_batch for tried in fitting), default=largest)


def _candidate(config: TrainConfig, tried: Try, capacity: Callable[[int], int]) -> Candidate | None:
    """Makes the config of a try; None if model, batch and layout do not fit each other."""
    values = config.model_dump(mode="json")
    for section, fields in tried.sections(config).items():
        values[section] |= fields
    try:
        own = TrainConfig.model_validate(values)
        copies = own.data_parallel_size(tried.ranks)
    except (pydantic.ValidationError, ValueError):
        return None
    memory = fullest(own, copies)[1].total
    return Candidate(tried, own, memory, memory <= capacity(tried.ranks))


def _divisors(number: int) -> list[int]:
    return [divisor for divisor in range(1, number + 1) if number % divisor == 0]
