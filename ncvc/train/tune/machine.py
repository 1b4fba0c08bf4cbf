"""Room that this machine has for tries."""

import os
from collections.abc import Callable

from ncvc.errors import ConfigError
from ncvc.machine import gpus, memory_limit
from ncvc.train.config import TrainConfig
from ncvc.train.preflight.gpu_specs import find_gpu_spec


def room(config: TrainConfig) -> tuple[list[int], Callable[[int], int]]:
    """Returns the numbers of ranks to try, and the bytes that each of so many ranks may take.

    On GPUs one rank a GPU, or as many as the config says; without one 1 or 2 ranks, as there are cores. Raises
    `ConfigError` if the memory of the GPUs is not known.
    """
    here = gpus()
    if not here:
        cores = len(os.sched_getaffinity(0)) // config.compute.threads
        return [count for count in (1, 2) if count <= max(1, cores)], lambda ranks: memory_limit() // ranks
    spec = find_gpu_spec(here[0].name)
    memory = here[0].memory_mib * 2**20 if here[0].memory_mib else round(spec.memory * 2**30) if spec else None
    if memory is None:
        raise ConfigError(f"the memory of {here[0].name} is not known; name micro-batches with --micro-batch")
    return [config.parallel.nproc_per_node or len(here)], lambda ranks: memory
