"""Kernels of a training step on a GPU, told without one: `trace` runs the step of `ncvc train` on fake tensors.

The kernels are those that a GPU's step would start: our forms are chosen as on a GPU, launches of Triton are recorded
with their arguments, and a function that torch compiles counts as one kernel. Bytes are those of the tensors that a
kernel reads and writes, each once, as if caches held nothing between two kernels and everything within one.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch
import torch.distributed as dist
import torch.nn.functional as F  # noqa: N812
from megatron.core.distributed import finalize_model_grads, param_and_grad_buffer
from megatron.core.fusions import fused_cross_entropy
from megatron.core.optimizer import clip_grads
from megatron.core.transformer import transformer_layer  # noqa: F401  (imports the functions that are replaced)
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry
from triton.runtime.jit import JITFunction

from ncvc.model import gpt as gpt_model
from ncvc.model.kernels import linear, select
from ncvc.model.megatron_cpu import _CudaMeansCpu
from ncvc.train import optimizer as adamw
from ncvc.train.config import TrainConfig
from tools.fake_gpu import as_rank, forward

CPU = torch.device("cpu")
MULTIPROCESSORS = 132
"""Of an H100; only the sizes of small intermediate sums depend on it."""

aten = torch.ops.aten
NO_KERNEL = {
    *(aten.empty, aten.empty_like, aten.empty_strided, aten.new_empty, aten.new_empty_strided),
    *(aten._unsafe_view, aten.detach, aten.lift_fresh, aten.alias, aten.set_, aten.resize_),
}
ONLY_WRITTEN = {aten.zero_, aten.fill_, aten.copy_, aten.normal_, aten.zeros_like, aten.ones_like}
"""Operations that do not read the tensor that they overwrite."""
BY_ROWS = {aten.embedding, aten.index_select, aten.gather, aten.index}
"""Operations that read as much of their first tensor as they return."""
EXCHANGES = ("dist_reduce_scatter_func", "dist_all_gather_func")
READ_AND_WRITTEN = {
    "_triton_rope": {"q_ptr", "k_ptr"},
    "liger_vocab_parallel_ce_backward_kernel": {"EXP_ptr"},
}
"""Tensors that a Triton kernel overwrites with what it makes of them."""


@dataclass(frozen=True)
class Launch:
    """Launch of a Triton kernel."""

    kernel: JITFunction[Any]
    arguments: tuple[Any, ...]
    options: dict[str, Any]


@dataclass(frozen=True)
class Kernel:
    """One kernel of the step."""

    name: str
    shapes: str
    """Shapes of the tensors that it reads."""
    flops: float
    """Floating-point operations of matrix products and attention; 0 for all else."""
    bytes: int
    """Bytes read and written."""
    launch: Launch | None = None


class Recorder(TorchDispatchMode):
    """Records what is started as kernels."""

    def __init__(self) -> None:
        super().__init__()
        self.kernels: list[Kernel] = []
        self.within = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs an operation of torch, and records it unless it is part of a kernel that is recorded as a whole."""
        kwargs = kwargs or {}
        if func is aten._local_scalar_dense.default:
            return 1.0
        out = func(*args, **kwargs)
        if not self.within and func.namespace == "aten" and not _is_view(func):
            read, written = _traffic(func, args, kwargs, out)
            self.add(str(func.overloadpacket).removeprefix("aten."), read, written, _flops(func, args, kwargs, out))
        return out

    def add(
        self, name: str, read: list[torch.Tensor], written: list[torch.Tensor], flops: float, launch: Any = None
    ) -> None:
        """Records a kernel by its tensors."""
        shapes = ", ".join("×".join(map(str, tensor.shape)) for tensor in read if tensor.dim())
        if any(tensor.dim() for tensor in (*read, *written)):  # single numbers take no time but the launch
            self.kernels.append(Kernel(name, shapes, flops, _bytes(read) + _bytes(written), launch))

    def as_one(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Lets a function count as one kernel, which reads its arguments and writes its results."""

        def call(*args: Any) -> Any:
            self.within += 1
            try:
                out = function(*args)
            finally:
                self.within -= 1
            read, written = ([leaf for leaf in tree_leaves(part) if _is_tensor(leaf)] for part in (args, out))
            self.add(name, read, written, 0.0)
            return out

        return call

    def triton(self, kernel: JITFunction[Any], *args: Any, grid: Any, warmup: bool, **options: Any) -> None:
        """Stands in for `JITFunction.run`."""
        named = dict(zip(kernel.arg_names, args, strict=False)) | options
        tensors = {name: value for name, value in named.items() if _is_tensor(value)}
        again = [value for name, value in tensors.items() if name in READ_AND_WRITTEN.get(kernel.__name__, ())]
        self.add(kernel.__name__, list(tensors.values()), again, 0.0, Launch(kernel, args, options))

    def product(self, inputs: torch.Tensor, d_out: torch.Tensor, main_grad: torch.Tensor) -> None:
        """Stands in for `TorchProducts.wgrad_gemm_accum_fp32`, whose float32 result fake tensors do not know."""
        flops = 2.0 * d_out.size(0) * d_out.size(1) * inputs.size(1)
        self.add("addmm, float32 result", [d_out, inputs, main_grad], [main_grad], flops)

    def l2_norm(self, chunk: int, overflow: Any, tensors: list[list[torch.Tensor]], each: bool) -> Any:
        """Stands in for megatron-core's norm of gradients, which asks the GPU for the norm of each."""
        for tensor in tensors[0]:
            self.add("linalg_vector_norm", [tensor], [], 0.0)
        return torch.ones(()), None

    def bias_dropout_add(self, x_with_bias: Any, residual: torch.Tensor, prob: float) -> torch.Tensor:
        """Stands in for megatron-core's function, which torch compiles into one kernel each way."""
        return _DropoutAdd.apply(x_with_bias[0], residual, prob, self)


class _DropoutAdd(torch.autograd.Function):
    """Residual + dropout(x), whose mask takes a byte a feature."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, residual: torch.Tensor, prob: float, recorder: Recorder) -> torch.Tensor:
        def compute(x: torch.Tensor, residual: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return residual + x, torch.empty_like(x, dtype=torch.bool)

        out, mask = recorder.as_one("compiled: dropout and residual", compute)(x, residual)
        ctx.save_for_backward(mask)
        ctx.recorder = recorder
        return out

    @staticmethod
    def backward(ctx: Any, d_out: torch.Tensor) -> Any:
        (mask,) = ctx.saved_tensors
        d_x = ctx.recorder.as_one("compiled: dropout, backwards", lambda d_out, mask: d_out * mask)(d_out, mask)
        return d_x, d_out, None, None


def trace(config: TrainConfig) -> tuple[list[Kernel], list[Kernel]]:
    """Kernels of one micro-batch forwards and backwards, and of the update of the weights, on the first rank."""
    recorder = Recorder()
    world_size = config.parallel.nproc_per_node or 1
    with _recorded(recorder), _CudaMeansCpu(), as_rank(config, 0, world_size, CPU) as gpt:
        model = adamw.data_parallel(gpt).train()
        optimizer = adamw.build(model, config.optimizer)
        for group in optimizer.optimizer.param_groups:
            group["fused"], group["foreach"] = True, False
        with recorder:
            forward(gpt, config).float().mean().backward()
            one_micro_batch, recorder.kernels = recorder.kernels, []
            model.zero_grad_buffer()
            optimizer.zero_grad()
            finalize_model_grads([model])
            norm = adamw.gradient_norm(optimizer)
            adamw.update(optimizer, config.optimizer.lr, norm, config.optimizer.clip_grad)
    return one_micro_batch, recorder.kernels


@contextlib.contextmanager
def _recorded(recorder: Recorder) -> Iterator[None]:
    """Replaces what starts kernels of its own by functions that record them."""
    rms = lambda x, shape, weight, eps: aten._fused_rms_norm(x, list(shape), weight, eps)[0]  # noqa: E731
    dropout = lambda x, p=0.5, training=True, inplace=False: aten.native_dropout(x, p, training)[0]  # noqa: E731
    run = lambda kernel, *args, **options: recorder.triton(kernel, *args, **options)  # noqa: E731
    compiled = ("calculate_logits_max", "calculate_predicted_logits", "calculate_cross_entropy_loss")
    replaced = [
        (JITFunction, "run", run),
        (select, "triton_problem", lambda: ""),
        (F, "rms_norm", rms),
        (F, "dropout", dropout),
        (linear.TorchProducts, "wgrad_gemm_accum_fp32", staticmethod(recorder.product)),
        (gpt_model, "get_bias_dropout_add", lambda training, fused: recorder.bias_dropout_add),
        (dist, "all_gather_object", lambda found, own, **_: found.__setitem__(slice(None), [own] * len(found))),
        # The ranks' exchange is no kernel of this table.
        *((param_and_grad_buffer, name, lambda *_, **__: None) for name in EXCHANGES),
        (param_and_grad_buffer, "_coalescing_manager", lambda *_, **__: contextlib.nullcontext(mock.Mock())),
        (clip_grads, "l2_norm_impl", recorder.l2_norm),
        (torch.cuda, "current_stream", lambda *_: mock.Mock()),
        (torch.cuda, "synchronize", lambda *_: None),
        (torch.cuda, "device", lambda *_: contextlib.nullcontext()),
        (torch.cuda, "get_device_properties", lambda *_: SimpleNamespace(multi_processor_count=MULTIPROCESSORS)),
    ]
    for name in (*compiled, "calculate_gradients"):
        function = getattr(fused_cross_entropy, name)
        plain = getattr(function, "_torchdynamo_orig_callable", function)
        replaced.append((fused_cross_entropy, name, recorder.as_one(f"compiled: {name}", plain)))
    with contextlib.ExitStack() as stack:
        for owner, name, value in replaced:
            stack.enter_context(mock.patch.object(owner, name, value))
        yield


def micro_batches(config: TrainConfig) -> int:
    """Micro-batches of a rank in one step."""
    copies = config.data_parallel_size(config.parallel.nproc_per_node or 1)
    return config.schedule.global_batch_size // (config.schedule.micro_batch_size * copies)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, torch.Tensor)


def _is_view(func: Any) -> bool:
    returned = [each.alias_info for each in func._schema.returns]
    view = bool(returned) and all(alias is not None and not alias.is_write for alias in returned)
    return view or func.overloadpacket in NO_KERNEL


def _traffic(func: Any, args: Any, kwargs: Any, out: Any) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Tensors that an operation reads, and those that it writes."""
    packet = func.overloadpacket
    written = [leaf for leaf in tree_leaves(out) if _is_tensor(leaf)]
    read = []
    for argument, value in _named(func, args, kwargs):
        tensors = [leaf for leaf in tree_leaves(value) if _is_tensor(leaf)]
        changed = argument.alias_info is not None and argument.alias_info.is_write
        changed = changed and not (packet is aten._fused_adamw_ and argument.name == "grads")  # only to unscale them
        if changed:
            written += tensors
        if not (changed and (packet in ONLY_WRITTEN or argument.is_out)) and packet not in (
            aten.zeros_like,
            aten.ones_like,
        ):
            read += tensors
    if packet in BY_ROWS:
        read = [*written[:1], *read[1:]]
    return read, written


def _named(func: Any, args: Any, kwargs: Any) -> Iterator[tuple[Any, Any]]:
    """Pairs an operation's arguments with what its schema says of them."""
    for argument, value in zip(func._schema.arguments, args, strict=False):
        yield argument, value
    for argument in func._schema.arguments[len(args) :]:
        if argument.name in kwargs:
            yield argument, kwargs[argument.name]


def _bytes(tensors: list[torch.Tensor]) -> int:
    """Bytes of tensors, of a storage not more than it has, each once."""
    found: dict[Any, int] = {}
    for tensor in tensors:
        storage = tensor.untyped_storage()
        own = min(tensor.numel() * tensor.element_size(), storage.nbytes())
        key = (storage._cdata, tensor.storage_offset())
        found[key] = max(found.get(key, 0), own)
    return sum(found.values())


def _flops(func: Any, args: Any, kwargs: Any, out: Any) -> float:
    """Operations of matrix products and attention; those of a causal one are half of them."""
    packet = func.overloadpacket
    if packet not in flop_registry:
        return 0.0
    whole = float(flop_registry[packet](*args, **kwargs, out_val=out))
    causal = any(argument.name == "is_causal" and value for argument, value in _named(func, args, kwargs))
    return whole / 2 if causal else whole
