"""Process groups of a run: ranks, devices, parallel layout, dropout's generators."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import torch
import torch.distributed as dist
from megatron.core import parallel_state
from megatron.core.tensor_parallel.random import model_parallel_cuda_manual_seed

from ncvc.model.config import ParallelConfig
from ncvc.model.megatron_cpu import megatron_on_cpu

COLLECTIVE_TIMEOUT = timedelta(days=1)
"""Timeout of collectives, long enough for the first rank to read all data; torch's default is 30 minutes. Hangs are
found by the watchdog."""


@dataclass(frozen=True)
class Ranks:
    """Place of one process in the parallel layout. dp, tp, pp: data, tensor and pipeline parallel."""

    device: torch.device
    rank: int
    world_size: int
    dp_rank: int
    dp_size: int
    tp_rank: int
    tp_size: int
    pp_rank: int
    pp_size: int

    @property
    def is_first(self) -> bool:
        """True on the rank that logs and commits checkpoints."""
        return self.rank == 0


@contextlib.contextmanager
def started_by_torchrun(parallel: ParallelConfig, seed: int) -> Iterator[Ranks]:
    """Joins the processes that torchrun started, by nccl on GPUs and gloo on CPUs; `seed` of dropout."""
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
        dist.init_process_group("cpu:gloo,cuda:nccl", device_id=device, timeout=COLLECTIVE_TIMEOUT)
    else:
        device = torch.device("cpu")
        dist.init_process_group("gloo", timeout=COLLECTIVE_TIMEOUT)
    with _model_parallel(device, parallel, seed) as ranks:
        yield ranks


@contextlib.contextmanager
def single_process(seed: int = 0) -> Iterator[Ranks]:
    """Sets up one process on the CPU, without torchrun, for conversion and tests; `seed` of dropout."""
    store = dist.HashStore()  # type: ignore[attr-defined]
    dist.init_process_group("gloo", store=store, rank=0, world_size=1)
    with _model_parallel(torch.device("cpu"), ParallelConfig(), seed) as ranks:
        yield ranks


@contextlib.contextmanager
def _model_parallel(device: torch.device, parallel: ParallelConfig, seed: int) -> Iterator[Ranks]:
    try:
        with megatron_on_cpu() if device.type == "cpu" else contextlib.nullcontext():
            parallel_state.initialize_model_parallel(
                parallel.tensor_model_parallel_size,
                parallel.pipeline_model_parallel_size,
                create_gloo_process_groups=False,
            )
            ranks = Ranks(
                device=device,
                rank=dist.get_rank(),
                world_size=dist.get_world_size(),
                dp_rank=parallel_state.get_data_parallel_rank(),
                dp_size=parallel_state.get_data_parallel_world_size(),
                tp_rank=parallel_state.get_tensor_model_parallel_rank(),
                tp_size=parallel_state.get_tensor_model_parallel_world_size(),
                pp_rank=parallel_state.get_pipeline_model_parallel_rank(),
                pp_size=parallel_state.get_pipeline_model_parallel_world_size(),
            )
            seed_dropout(seed, ranks)
            yield ranks
    finally:
        parallel_state.destroy_model_parallel()
        # It forgets one; a group that lives until the interpreter ends may abort it, since its threads still run.
        parallel_state._INTRA_PARTIAL_DATA_PARALLEL_GROUP_WITH_CP = None
        dist.destroy_process_group()


def seed_dropout(seed: int, ranks: Ranks) -> None:
    """Seeds dropout by data-parallel rank and pipeline stage.

    Tensor-parallel ranks share the generator for replicated tensors; for sharded ones megatron-core gives each its own.
    """
    own = seed + 1_000_000 * ranks.dp_rank + 10_000 * ranks.pp_rank
    torch.manual_seed(own)
    model_parallel_cuda_manual_seed(own)
