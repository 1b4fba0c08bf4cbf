"""Dry run of a training: size, memory of a GPU, time and disk, estimated without torch and without a GPU."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ncvc.errors import ConfigError
from ncvc.indexed import IndexedDataset
from ncvc.machine import gpus
from ncvc.train.config import TrainConfig, training_documents
from ncvc.train.preflight.flops import flops_per_token, parameters
from ncvc.train.preflight.gpu_specs import GPU_SPECS, GpuSpec, find_gpu_spec
from ncvc.train.preflight.memory import Memory, fullest, largest_micro_batch, with_micro_batch
from ncvc.units import duration, size

GIB = 2**30
USUAL_MFU = 0.4
"""Share of a GPU's peak that models of about this size reach: 0.21 the papers, 0.39 MPT-1B, 0.41 to 0.48 Megatron-LM's
and nanochat's runs on H100."""
PAPERS_GPU = "RTX 6000 Ada"

PARTS = {
    "weights": "weights",
    "gradients": "gradients, float32",
    "optimizer": "optimizer, this rank's share",
    "activations": "activations",
    "logits": "logits",
    "working": "working space",
    "reserved": "CUDA and nccl, assumed",
}


@dataclass(frozen=True)
class Target:
    """GPU that a run is planned for."""

    spec: GpuSpec
    origin: str
    """Reason of the choice, a clause."""


def target(gpu: str | None = None, gpu_memory: float | None = None) -> Target:
    """Chooses the GPU named `gpu`, else the one in this machine, else the papers'; `gpu_memory`: its GiB if given.

    Raises `ConfigError` if the name is unknown and its memory is not given.
    """
    here = gpus()
    if gpu is not None:
        name, origin = gpu, "as asked for"
    elif here:
        name, origin = here[0].name, "in this machine"
    else:
        name, origin = PAPERS_GPU, "the papers', as no GPU is here; choose another one with --gpu"
    memory = gpu_memory
    if memory is None and gpu is None and here and here[0].memory_mib:
        memory = here[0].memory_mib / 1024
    spec = find_gpu_spec(name)
    if spec is None and memory is None:
        known = ", ".join(each.name for each in GPU_SPECS)
        raise ConfigError(f"--gpu {name}: not a card that is known here; give --gpu-memory too, or one of: {known}")
    if spec is None or memory is not None:
        spec = GpuSpec(name if spec is None else spec.name, memory or 0.0, spec.tflops if spec else 0.0)
    return Target(spec, origin)


def dry_run(config: TrainConfig, planned: Target, mfu: float = USUAL_MFU, nnodes: int = 1) -> list[str]:
    """Lines about the run of `config` on `nnodes` machines of these GPUs, at a share `mfu` of their peak.

    Raises `ConfigError` if ranks and batch do not fit each other.
    """
    ranks, copies = _ranks_and_copies(config, nnodes)
    rows = [
        *_model(config),
        *_ranks(config, ranks, copies, planned),
        *_steps(config),
        *_speed(config, ranks, planned.spec, mfu),
        *_checkpoints(config),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {text}" for name, text in rows]
    return [*lines, "", *_memory(config, copies, planned.spec), "", "dry run: nothing was started or written"]


def estimate(config: TrainConfig, planned: Target, mfu: float = USUAL_MFU, nnodes: int = 1) -> dict[str, Any]:
    """Returns the figures of `dry_run` for programs: sizes in bytes, times in seconds, None for what is not known."""
    ranks, copies = _ranks_and_copies(config, nnodes)
    memory = fullest(config, copies)[1]
    capacity = round(planned.spec.memory * GIB)
    steps = config.schedule.train_iters
    known = config.compute.dtype == "bfloat16" and planned.spec.tflops > 0
    speed = tokens_per_second(config, planned.spec, mfu) * ranks if known else None
    return {
        "run": config.run,
        "parameters": parameters(config.model),
        "flops_per_token": flops_per_token(config.model, config.data.sequence_length),
        "ranks": ranks,
        "data_parallel_size": copies,
        "card": planned.spec.name,
        "card_memory": capacity,
        "steps": steps,
        "tokens": steps * config.tokens_per_step,
        "mfu": mfu,
        "tokens_per_second": speed,
        "seconds": steps * config.tokens_per_step / speed if speed else None,
        "checkpoint_bytes": checkpoint_bytes(config),
        "memory": {name: round(getattr(memory, name)) for name in PARTS} | {"total": round(memory.total)},
        "fits": memory.total <= capacity,
        "largest_micro_batch_size": largest_micro_batch(config, copies, capacity),
    }


def _ranks_and_copies(config: TrainConfig, nnodes: int) -> tuple[int, int]:
    """Returns the ranks of all machines and the copies of the model among them; raises `ConfigError`."""
    ranks = nnodes * (config.parallel.nproc_per_node or len(gpus()) or 1)
    try:
        return ranks, config.data_parallel_size(ranks)
    except ValueError as error:
        raise ConfigError(str(error)) from None


Rows = Sequence[tuple[str, str]]


def _model(config: TrainConfig) -> Rows:
    flops = flops_per_token(config.model, config.data.sequence_length)
    amount, unit = (flops / 1e9, "GFLOP") if flops >= 1e8 else (flops / 1e6, "MFLOP")
    return [
        ("run", config.run),
        ("model", f"{parameters(config.model):,} parameters, {config.compute.dtype}"),
        ("a token", f"{amount:.3f} {unit} forwards and backwards, in sequences of {config.data.sequence_length:,}"),
    ]


def _ranks(config: TrainConfig, ranks: int, copies: int, planned: Target) -> Rows:
    parallel, schedule, spec = config.parallel, config.schedule, planned.spec
    accumulated = schedule.global_batch_size // (schedule.micro_batch_size * copies)
    peak = f", {spec.tflops:,.0f} TFLOP/s bfloat16" if spec.tflops else ""
    return [
        (
            "ranks",
            f"{ranks} = data {copies} × tensor {parallel.tensor_model_parallel_size} × pipeline"
            f" {parallel.pipeline_model_parallel_size}",
        ),
        ("card", f"{spec.name}, {spec.memory:g} GiB{peak} ({planned.origin})"),
        (
            "a step",
            f"{schedule.global_batch_size:,} samples = {schedule.micro_batch_size} at a time × {copies} ×"
            f" {accumulated} accumulated; {config.tokens_per_step:,} tokens",
        ),
    ]


def _steps(config: TrainConfig) -> Rows:
    planned = config.schedule.train_iters * config.tokens_per_step
    return [("steps", f"{config.schedule.train_iters:,}; {planned:,} tokens"), ("data", _data(config, planned))]


def _data(config: TrainConfig, planned: int) -> str:
    """Tokens and documents for training, and the number of epochs."""
    data = config.data
    missing = [prefix for prefix in data.prefixes if not Path(f"{prefix}.idx").is_file()]
    if missing:
        return f"{missing[0]}.idx is not there yet, so the epochs are not known"
    lengths = [IndexedDataset.open(prefix).lengths for prefix in data.prefixes]
    lengths = [each[: training_documents(len(each), data.validation_split)] for each in lengths]
    tokens = [int(each.sum(dtype=np.int64)) for each in lengths]
    if not all(tokens):
        return f"{data.prefixes[tokens.index(0)]} holds no tokens"
    epochs = f"{planned / sum(tokens):.2f} epochs"
    if data.weights:
        shares = [weight / sum(data.weights) for weight in data.weights]
        own = zip(data.prefixes, shares, tokens, strict=True)
        epochs = ", ".join(f"{planned * share / held:.2f} epochs of {Path(prefix).name}" for prefix, share, held in own)
    return f"{sum(tokens):,} tokens in {sum(map(len, lengths)):,} documents; {epochs}"


def tokens_per_second(config: TrainConfig, spec: GpuSpec, mfu: float) -> float:
    """Tokens per second of one GPU at a share `mfu` of its peak."""
    return mfu * spec.tflops * 1e12 / flops_per_token(config.model, config.data.sequence_length)


def _speed(config: TrainConfig, ranks: int, spec: GpuSpec, mfu: float) -> Rows:
    if config.compute.dtype != "bfloat16" or not spec.tflops:
        why = "dtype is float32" if config.compute.dtype != "bfloat16" else f"the peak of {spec.name} is not known here"
        return [("time", f"not estimated: {why}")]
    each = tokens_per_second(config, spec, mfu)
    seconds = config.schedule.train_iters * config.tokens_per_step / (each * ranks)
    return [
        (
            "time",
            f"{duration(seconds)}: {each * ranks:,.0f} tokens/s, {each:,.0f} a GPU, if {mfu:.0%} of the peak is reached"
            " (assumed; --mfu)",
        )
    ]


def checkpoint_bytes(config: TrainConfig) -> int:
    """Size of one checkpoint in bytes: the weights in their type and in float32, and AdamW's two moments."""
    return parameters(config.model) * ((2 if config.compute.dtype == "bfloat16" else 4) + 12)


def _checkpoints(config: TrainConfig) -> Rows:
    policy, last = config.checkpoints, config.schedule.train_iters
    written = sorted({*range(policy.save_interval, last + 1, policy.save_interval), last})
    kept = {*written[-policy.keep_last :], *(step for step in written if step % policy.keep_interval == 0)}
    each = checkpoint_bytes(config)
    disk = f"{size(len(kept) * each)}, and one more while it is written"
    return [("checkpoints", f"{len(written):,} of {size(each)}; {len(kept):,} stay: {disk}")]


def _memory(config: TrainConfig, copies: int, spec: GpuSpec) -> list[str]:
    stage, memory = fullest(config, copies)
    where = f" (pipeline stage {stage}, the fullest)" if config.parallel.pipeline_model_parallel_size > 1 else ""
    size_of, unit = (GIB, "GiB") if memory.total >= 2 * GIB else (2**20, "MiB")
    lines = [f"memory of a GPU in {unit}{where}"]
    rows = [*((title, getattr(memory, name)) for name, title in PARTS.items()), ("in all", memory.total)]
    width = max(len(title) for title, _ in rows)
    lines += [f"  {title:<{width}} {part / size_of:8.2f}" for title, part in rows]
    return [*lines, _verdict(config, copies, spec, memory)]


def _verdict(config: TrainConfig, copies: int, spec: GpuSpec, memory: Memory) -> str:
    capacity = round(spec.memory * GIB)
    fits = "fits" if memory.total <= capacity else "DOES NOT FIT"
    largest = largest_micro_batch(config, copies, capacity)
    own = config.schedule.micro_batch_size
    if largest is None:
        advice = "; not even 1 does: share the model, with parallel.tensor_model_parallel_size"
    elif largest == own:
        advice = ", and is the largest that does"
    else:
        most = fullest(with_micro_batch(config, largest), copies)[1].total
        advice = f"; the largest that does is {largest} ({most / capacity:.0%})"
    return f"  micro_batch_size {own} {fits} in {spec.memory:g} GiB ({memory.total / capacity:.0%}){advice}"
