"""Where the time of a step goes, kernel by kernel."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from models import ON_GPU, PAPERS, SMALL, Step, batch, one_rank, seconds
from torch.autograd.profiler_util import FunctionEventAvg
from torch.profiler import ProfilerActivity, profile

from ncvc.model.config import ComputeConfig

KINDS = {
    "attention": r"flash|fmha|sdpa|attention|softmax_warp",
    "loss": r"vocab_parallel_ce|cross_entropy|log_softmax|exp_|amax",
    "norm": r"rms_?norm",
    "RoPE": r"rope",
    "optimizer": r"adam|multi_tensor|foreach|norm_kernel",
    "matrix products": r"gemm|nvjet|cutlass|xmma|cublas|aten::mm|aten::addmm|aten::bmm",
    "SiLU": r"silu",
    "compiled: dropout and residual": r"triton_",
    "copies and fills": r"memcpy|memset|copy|fill|cat",
}
"""Kinds of kernels by their names, the first that fits; everything else is the rest."""

MICRO_BATCHES = 3
"""Before the one step of AdamW. In the papers' step there are 32, so its share is a tenth of what is shown here."""


def kernels(small: bool) -> Iterator[dict[str, Any]]:
    """Shares by kind, then the kernels that took longest."""
    model, size = (SMALL, 4) if small else (PAPERS, 8)
    with one_rank():
        step = Step(model, ComputeConfig(dtype="bfloat16" if ON_GPU else "float32"))
        samples = batch(model, size, model.max_position_embeddings)

        def work() -> None:
            step.clear()
            with step.model.no_sync():
                for _ in range(MICRO_BATCHES - 1):
                    step.gradients(samples)
            step.gradients(samples)
            step.update()

        took = seconds(work, repeats=3, warmup=2) * 1e6
        activities = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if ON_GPU else [])
        with profile(activities=activities) as found:
            work()
            if ON_GPU:
                torch.cuda.synchronize()
    spent: Counter[str] = Counter()
    calls: Counter[str] = Counter()
    for event in found.key_averages():
        if microseconds := own_time(event, on_gpu=ON_GPU):
            spent[event.key] += microseconds
            calls[event.key] += event.count
    whole = sum(spent.values())
    by_kind: Counter[str] = Counter()
    for name, microseconds in spent.items():
        by_kind[kind(name)] += microseconds
    for name, microseconds in by_kind.most_common():
        yield {"kind": name, "ms": microseconds / 1e3, "share": microseconds / whole}
    if ON_GPU:
        waited = max(0.0, took - whole)
        yield {"kind": "no kernel: the GPU waits", "ms": waited / 1e3, "share": waited / whole}
    for name, microseconds in spent.most_common(20):
        row = {"kernel": name[:160], "of kind": kind(name), "calls": calls[name]}
        yield row | {"ms": microseconds / 1e3, "share": microseconds / whole}


def own_time(event: FunctionEventAvg, *, on_gpu: bool) -> float:
    """Microseconds of an event itself.

    Of a GPU only what ran there: an operator's own line, and a stretch that the host gave a name to (AdamW's step, a
    compiled function), count the same kernels once more.
    """
    if not on_gpu:
        return float(event.self_cpu_time_total)
    if event.device_type != torch.autograd.DeviceType.CUDA or event.is_user_annotation:
        return 0.0
    return float(event.self_device_time_total)


def kind(name: str) -> str:
    """The kind of a kernel."""
    return next((kind for kind, pattern in KINDS.items() if re.search(pattern, name, re.IGNORECASE)), "the rest")
