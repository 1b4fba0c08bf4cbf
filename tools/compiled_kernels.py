"""Triton kernels that torch's compiler makes for functions of megatron-core, made without a GPU.

torch.compile needs the GPU's driver. Its parts do not: a function is traced on fake tensors of the CPU, its graphs are
moved to fake tensors of a GPU, and Inductor writes the kernels for them as it would there.
"""

import contextlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch
import torch._inductor.scheduler
import triton
from megatron.core.fusions import fused_bias_dropout, fused_cross_entropy
from torch._functorch.aot_autograd import aot_function
from torch._functorch.partitioners import min_cut_rematerialization_partition
from torch._inductor.codecache import PyCodeCache
from torch._inductor.debug import DebugContext
from torch._inductor.decomposition import select_decomp_table
from torch._inductor.fx_passes.replace_random import replace_random_passes
from torch._inductor.graph import GraphLowering
from torch._inductor.runtime import triton_helpers
from torch._inductor.runtime.hints import DeviceProperties
from torch._inductor.virtualized import V
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import ShapeEnv
from torch.fx.passes.fake_tensor_prop import FakeTensorProp
from triton.backends.compiler import GPUTarget
from triton.runtime.jit import MockTensor

from ncvc.train.config import TrainConfig
from tools.step_trace import MULTIPROCESSORS, Launch

CUDA = torch.device("cuda", 0)
TYPES = {"bf16": torch.bfloat16, "fp32": torch.float32, "i64": torch.int64, "i32": torch.int32, "i1": torch.bool}
"""torch's types by Triton's names."""


class AbsentGpu:
    """Triton's driver for a GPU that is not here: kernels can be compiled for it, not launched."""

    def __init__(self, arch: int) -> None:
        self.arch = arch

    def get_current_target(self) -> GPUTarget:
        """See triton.backends.driver.DriverBase."""
        return GPUTarget("cuda", self.arch, 32)

    def get_current_device(self) -> int:
        """Returns another device for each kind, as Triton keeps kernels by device."""
        return self.arch

    def get_current_stream(self, device: int) -> int:
        """See triton.backends.driver.GPUDriver."""
        return 0


@contextlib.contextmanager
def absent_gpu(arch: int) -> Iterator[None]:
    """Lets Triton compile for a compute capability, such as 90."""
    with mock.patch.object(triton.runtime.driver, "_active", AbsentGpu(arch)):
        yield


def compiled_launches(config: TrainConfig, arch: int) -> Iterator[tuple[str, Launch]]:
    """Kernels of the functions that a GPU's step compiles, for a compute capability such as 90, with a name of each.

    Inductor writes several for one operation, with blocks of several sizes, and measures them on the GPU.
    """
    for name, function, inputs in _functions(config):
        for graph, tensors in _graphs(function, inputs):
            for module in _modules(*_on_gpu(graph, tensors), arch):
                yield from _launches(name, module)


def _functions(config: TrainConfig) -> Iterator[tuple[str, Callable[..., Any], list[torch.Tensor]]]:
    """Functions with megatron-core's `jit_fuser` that a step calls: name, function, and fake tensors for it."""
    rows = config.data.sequence_length, config.schedule.micro_batch_size
    stream, dropout = (*rows, config.model.hidden_size), config.model.hidden_dropout
    logits, losses = (*rows, config.model.vocab_size), rows
    plain = fused_bias_dropout._bias_dropout_add_func
    with FakeTensorMode(allow_non_fake_inputs=True):
        bf16 = {"dtype": torch.bfloat16, "requires_grad": True}
        yield (
            "dropout and residual",
            lambda x, residual: plain((x, None), residual, dropout, True),
            [torch.empty(stream, **bf16), torch.empty(stream, **bf16)],
        )
        ids = {"dtype": torch.int64}
        f32 = {"dtype": torch.float32}
        flat = rows[0] * rows[1]
        vocabulary = config.model.vocab_size
        for name, inputs in {
            "calculate_logits_max": [torch.empty(logits, dtype=torch.bfloat16)],
            "calculate_predicted_logits": [
                *(torch.empty(logits, **f32), torch.empty(losses, **ids), torch.empty(losses, **f32)),
            ],
            "calculate_cross_entropy_loss": [torch.empty(logits, **f32), torch.empty(2 * losses[0], losses[1], **f32)],
            "calculate_gradients": [
                *(torch.empty(logits, **f32), torch.empty(losses, **f32)),
                *(torch.empty(losses, dtype=torch.bool), torch.empty(flat, **ids)),
            ],
        }.items():
            function = getattr(fused_cross_entropy, name)
            function = getattr(function, "_torchdynamo_orig_callable", function)
            if name == "calculate_predicted_logits":
                whole = function
                function = lambda logits, ids, most, whole=whole: whole(logits, ids, most, 0, vocabulary)  # noqa: E731
            yield name, function, inputs


Graph = tuple[torch.fx.GraphModule, list[torch.Tensor]]


def _graphs(function: Callable[..., Any], inputs: list[torch.Tensor]) -> list[Graph]:
    """Graphs of a function forwards and, if an input needs a gradient, backwards, with fake inputs of the CPU."""
    found: list[Graph] = []

    def keep(graph: torch.fx.GraphModule, tensors: list[torch.Tensor]) -> Any:
        FakeTensorProp(graph, _mode(inputs)).propagate_dont_convert_inputs(*tensors)
        with V.set_fake_mode(_mode(inputs)):
            replace_random_passes(graph)
        found.append((graph, tensors))
        return graph.forward

    traced = aot_function(
        function,
        keep,
        keep,
        partition_fn=min_cut_rematerialization_partition,
        decompositions=select_decomp_table(),
    )
    with _mode(inputs):
        out = traced(*inputs)
        if any(tensor.requires_grad for tensor in inputs):
            out.sum().backward()
    return found


def _mode(inputs: list[Any]) -> FakeTensorMode:
    return inputs[0].fake_mode


def _on_gpu(graph: torch.fx.GraphModule, inputs: list[torch.Tensor]) -> tuple[torch.fx.GraphModule, list[torch.Tensor]]:
    """Moves a graph and its fake inputs to a GPU."""

    def moved(value: Any) -> Any:
        return CUDA if isinstance(value, torch.device) else value

    for node in graph.graph.nodes:
        node.args = tuple(moved(value) for value in node.args)
        node.kwargs = {name: moved(value) for name, value in node.kwargs.items() if name != "pin_memory"}
    graph.recompile()
    mode = FakeTensorMode()
    with mode:
        own = [torch.empty_strided(t.size(), t.stride(), dtype=t.dtype, device=CUDA) for t in inputs]
    FakeTensorProp(graph, mode).propagate_dont_convert_inputs(*own)
    return graph, own


def _modules(graph: torch.fx.GraphModule, inputs: list[Any], arch: int) -> list[Any]:
    """Modules with the kernels that Inductor writes for a graph."""
    properties = DeviceProperties(
        *("cuda", 0, MULTIPROCESSORS, arch),
        major=arch // 10,
        regs_per_multiprocessor=65536,
        max_threads_per_multi_processor=2048,
        warp_size=32,
    )
    device = SimpleNamespace(
        major=arch // 10, minor=arch % 10, multi_processor_count=MULTIPROCESSORS, name="a GPU", warp_size=32
    )
    replaced: list[tuple[Any, str, Any]] = [
        (torch.cuda, "is_available", lambda: True),
        (torch.cuda, "device_count", lambda: 1),
        (torch.cuda, "current_device", lambda: 0),
        (torch.cuda, "get_device_capability", lambda *_: divmod(arch, 10)),
        (torch.cuda, "get_device_properties", lambda *_: device),
        (torch.cuda, "current_stream", lambda *_: SimpleNamespace(cuda_stream=0)),
        (DeviceProperties, "create", lambda *_: properties),
        (torch._inductor.scheduler, "has_triton", lambda *_: True),
        (triton_helpers, "set_driver_to_gpu", lambda: None),
    ]
    with contextlib.ExitStack() as stack:
        for owner, name, value in replaced:
            stack.enter_context(mock.patch.object(owner, name, value))
        stack.enter_context(absent_gpu(arch))
        stack.enter_context(V.set_fake_mode(inputs[0].fake_mode))
        stack.enter_context(V.set_debug_handler(DebugContext()))
        lowering = GraphLowering(graph, example_inputs=inputs, shape_env=ShapeEnv(), is_inference=True)
        with V.set_graph_handler(lowering):
            lowering.run(*inputs)
            text = lowering.codegen()[0].value
        parts = text.split("async_compile.triton(")[1:]
        sources = [part.split("'''")[1] for part in parts]
        return [PyCodeCache.load(source) for source in sources]


def _launches(name: str, module: Any) -> Iterator[tuple[str, Launch]]:
    """The kernel of a module with each size of block that Inductor would try."""
    tuner = next(value for value in vars(module).values() if hasattr(value, "triton_meta"))
    signature = tuner.triton_meta["signature"]
    sizes = {f"{axis}numel": size for axis, size in tuner.size_hints.items()}
    for settings in tuner.configs:
        arguments = [
            MockTensor(TYPES[kind[1:]]) if kind.startswith("*") else sizes.get(argument, 1)
            for argument, kind in signature.items()
            if kind != "constexpr"
        ]
        options = {**settings.kwargs, "num_warps": settings.num_warps, "num_stages": settings.num_stages}
        blocks = " ".join(f"{key}={value}" for key, value in settings.kwargs.items())
        yield f"{name}: {tuner.fn.__name__}, {blocks}", Launch(tuner.fn, tuple(arguments), options)
