"""Runs megatron-core on a CPU.

megatron-core 0.19 has no device option: it allocates on `torch.cuda.current_device()` or `device="cuda"`, compares
`tensor.type()` with "torch.cuda.FloatTensor", and keeps the states of CUDA generators. Inside `megatron_on_cpu()`
exactly these are redirected to the CPU; the rest of torch, and everything outside, is unchanged.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.distributed as dist
from megatron.core import parallel_state
from megatron.core.tensor_parallel import random as megatron_random
from torch.overrides import TorchFunctionMode


class _CudaMeansCpu(TorchFunctionMode):
    """Maps `device="cuda"` to "cpu", `tensor.cuda()` to the tensor, and `tensor.type()` to CUDA's names."""

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if _is_cuda(kwargs.get("device")):
            kwargs = {**kwargs, "device": "cpu"}
        if func is torch.Tensor.cuda:
            return args[0]
        if func is torch.Tensor.type and len(args) == 1 and not kwargs:
            return func(*args).replace("torch.", "torch.cuda.", 1)
        return func(*args, **kwargs)


def _is_cuda(device: Any) -> bool:
    if isinstance(device, torch.device):
        return device.type == "cuda"
    return isinstance(device, str) and device.split(":")[0] == "cuda"


class _Stream:
    """CUDA stream without pending work."""

    def wait_event(self, event: Any) -> None: ...

    def wait_stream(self, stream: Any) -> None: ...

    def synchronize(self) -> None: ...


class _CpuGenerators(megatron_random.CudaRNGStatesTracker):  # type: ignore[misc]
    """megatron-core's named generator states, for the CPU's generator."""

    def add(self, name: str, seed: int) -> None:
        self._is_initialized = True
        assert name not in self.states_
        self.states_[name] = torch.Generator().manual_seed(seed).get_state()

    @contextlib.contextmanager
    def fork(self, name: str = "model-parallel-rng") -> Iterator[None]:
        outside = torch.get_rng_state()
        torch.set_rng_state(self.states_[name])
        try:
            yield
        finally:
            self.states_[name] = torch.get_rng_state()
            torch.set_rng_state(outside)


def _shared_groups() -> Callable[..., dist.ProcessGroup]:
    """Returns a `create_group` of megatron-core that makes one process group for each set of ranks.

    megatron-core asks for some thirty, most of them of the same ranks, and each of gloo's has threads that wake up a
    hundred times a second.
    """
    groups: dict[tuple[int, ...], dist.ProcessGroup] = {tuple(range(dist.get_world_size())): dist.group.WORLD}

    def create_group(ranks: list[int], timeout: Any = None, **_: Any) -> dist.ProcessGroup:
        if tuple(ranks) not in groups:
            groups[tuple(ranks)] = dist.new_group(ranks, timeout=timeout)
        return groups[tuple(ranks)]

    return create_group


@contextlib.contextmanager
def megatron_on_cpu() -> Iterator[None]:
    """Makes megatron-core run on the CPU, with gloo between the ranks, inside the context."""
    cpu = torch.device("cpu")
    with contextlib.ExitStack() as stack:

        def replace(owner: Any, name: str, value: Any) -> None:
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, value)

        replace(parallel_state, "create_group", _shared_groups())
        replace(torch.cuda, "current_device", lambda: cpu)
        replace(torch.cuda, "current_stream", lambda device=None: _Stream())
        replace(torch.cuda, "synchronize", lambda device=None: None)
        replace(megatron_random, "_get_cuda_rng_state", lambda **_: torch.get_rng_state())
        replace(megatron_random, "_set_cuda_rng_state", lambda state, **_: torch.set_rng_state(state))
        replace(megatron_random, "_CUDA_RNG_STATE_TRACKER", _CpuGenerators())
        replace(megatron_random, "_CUDA_RNG_STATE_TRACKER_INITIALIZED", True)
        stack.enter_context(_CudaMeansCpu())
        yield
