"""Dry run of a training: size, memory of a GPU, time and disk, estimated without torch and without a GPU."""

import dataclasses
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from ncvc.errors import ConfigError
from ncvc.machine import cpu_warnings, gpus, memory_limit
from ncvc.train.config import TrainConfig
from ncvc.train.preflight.checks import Prepared, inspect_prepared
from ncvc.train.preflight.disk import checkpoint_bytes, disk_of_checkpoints, written_and_kept
from ncvc.train.preflight.flops import flops_per_token, newton_schulz_flops, parameters
from ncvc.train.preflight.gpu_specs import GPU_SPECS, GpuSpec, find_gpu_spec
from ncvc.train.preflight.memory import (
    RESERVED,
    Memory,
    fullest,
    largest_micro_batch,
    with_length,
    with_micro_batch,
)
from ncvc.train.preflight.speed import seconds_of, speed_of_all, validation_seconds, validations
from ncvc.train.preflight.warnings import epochs, start_warnings
from ncvc.train.step_plan import StepPlan, Stretch, describe_stretch
from ncvc.units import duration, size

GIB = 2**30
USUAL_MFU = 0.4
"""Share of a GPU's peak that models of about this size reach: 0.21 the papers, 0.39 MPT-1B, 0.41 to 0.48 Megatron-LM's
and nanochat's runs on H100."""
PAPERS_GPU = "RTX 6000 Ada"
PAPERS_MFU = 0.21
"""Share of its peak that the papers' run reached on `PAPERS_GPU`."""

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
    here: int = 0
    """Number of GPUs of this machine, if the run is planned for it."""
    absent: bool = False
    """No card was named and this machine has none: a start here would compute on the CPU."""


def target(gpu: str | None = None, gpu_memory: float | None = None, gpu_tflops: float | None = None) -> Target:
    """Chooses the GPU named `gpu`, else the one in this machine, else the papers'.

    `gpu_memory` and `gpu_tflops`, if given, are its GiB and its peak in 10^12 operations per second.

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
    spec = spec or GpuSpec(name, 0.0, 0.0)
    spec = dataclasses.replace(spec, memory=memory or spec.memory, tflops=gpu_tflops or spec.tflops)
    return Target(spec, origin, len(here) if gpu is None else 0, absent=gpu is None and not here)


def dry_run(
    config: TrainConfig,
    planned: Target,
    mfu: float | None = None,
    nnodes: int = 1,
    prepared: Prepared | None = None,
) -> list[str]:
    """Lines about the run of `config` on `nnodes` machines of these GPUs.

    `mfu`: share of the peak that is reached, `USUAL_MFU` if it is not said; `prepared`: what is there of tokenizer and
    data, which is inspected otherwise. Raises `ConfigError` if ranks and batch do not fit each other, and what
    `inspect_prepared` raises.
    """
    prepared = prepared or inspect_prepared(config)
    ranks, copies = _ranks_and_copies(config, nnodes, planned)
    rows = [
        *_model(config),
        *_ranks(config, ranks, copies, planned),
        *_steps(config, prepared),
        *_stages(config, ranks, copies, planned.spec, mfu or USUAL_MFU),
        *_documents(config),
        *_optimizer(config, ranks),
        *_speed(config, ranks, planned.spec, mfu),
        *_cpu(config, ranks, copies, planned),
        *_validation(config, prepared, ranks, planned.spec, mfu or USUAL_MFU),
        *_checkpoints(config),
        *(("WARNING", warning) for warning in _warnings(config, planned.spec, prepared)),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {text}" for name, text in rows]
    return [*lines, "", *_memory(config, copies, planned.spec), "", "dry run: nothing was started or written"]


def estimate(
    config: TrainConfig,
    planned: Target,
    mfu: float | None = None,
    nnodes: int = 1,
    prepared: Prepared | None = None,
) -> dict[str, Any]:
    """Returns the figures of `dry_run` for programs: sizes in bytes, times in seconds, None for what is not known."""
    prepared = prepared or inspect_prepared(config)
    mfu = mfu or USUAL_MFU
    ranks, copies = _ranks_and_copies(config, nnodes, planned)
    memory = fullest(config, copies)[1]
    capacity = round(planned.spec.memory * GIB)
    steps = config.schedule.train_iters
    plan, speed = StepPlan(config), speed_of_all(config, ranks, planned.spec, mfu)
    validation = validation_seconds(config, prepared, speed) if speed else None
    needed, free, _ = disk_of_checkpoints(config)
    return {
        "run": config.run,
        "parameters": parameters(config.model),
        "flops_per_token": flops_per_token(config.model, config.data.sequence_length),
        "ranks": ranks,
        "data_parallel_size": copies,
        "card": planned.spec.name,
        "card_memory": capacity,
        "steps": steps,
        "tokens": plan.tokens(steps),
        "stages": [
            {
                "first": parts[0][0].begin + 1,
                "steps": sum(count for _, count in parts),
                "tokens": _tokens(parts),
                "sequence_length": parts[0][0].sequence_length,
                "seconds": seconds_of(config, parts, ranks, planned.spec, mfu),
                "memory": round(fullest(with_length(config, parts[0][0].sequence_length), copies)[1].total),
            }
            for parts in _by_stage(plan, steps)
        ],
        "mfu": mfu,
        "tokens_per_second": speed,
        "seconds": seconds_of(config, plan.parts(1, steps), ranks, planned.spec, mfu),
        "validation_seconds": validation,
        "missing": [str(path) for path in prepared.missing],
        "checkpoint_bytes": checkpoint_bytes(config),
        "disk_needed": needed,
        "disk_free": free,
        "warnings": _warnings(config, planned.spec, prepared),
        "memory": {name: round(getattr(memory, name)) for name in PARTS} | {"total": round(memory.total)},
        "fits": memory.total <= capacity,
        "largest_micro_batch_size": largest_micro_batch(config, copies, capacity),
    }


def _ranks_and_copies(config: TrainConfig, nnodes: int, planned: Target) -> tuple[int, int]:
    """Returns the ranks of all machines and the copies of the model among them; raises `ConfigError`."""
    wanted = config.parallel.nproc_per_node
    if 0 < planned.here < wanted:
        raise ConfigError(f"parallel.nproc_per_node is {wanted}, but there are {planned.here} GPUs; lower it")
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
        *_ramp(config),
    ]


def _ramp(config: TrainConfig) -> Rows:
    rampup = config.schedule.rampup
    if rampup is None:
        return []
    first, samples = StepPlan(config).full_batch
    return [
        (
            "ramp",
            f"{rampup.start:,} samples at first, {rampup.increment:,} more at a time;"
            f" {config.schedule.global_batch_size:,} from step {first:,} on, behind {samples:,} samples",
        )
    ]


def _steps(config: TrainConfig, prepared: Prepared) -> Rows:
    own = [
        ("steps", f"{config.schedule.train_iters:,}; {StepPlan(config).tokens(config.schedule.train_iters):,} tokens"),
        ("data", _data(config, prepared)),
    ]
    if prepared.newest:
        own.append(("goes on", f"after step {prepared.newest.step:,}"))
    return own


def _stages(config: TrainConfig, ranks: int, copies: int, spec: GpuSpec, mfu: float) -> Rows:
    """Tokens, time and memory of each stage; nothing for a run that has one."""
    if not config.stages:
        return []
    rows = []
    for parts in _by_stage(StepPlan(config), config.schedule.train_iters):
        first, (last, count) = parts[0][0], parts[-1]
        seconds = seconds_of(config, parts, ranks, spec, mfu)
        memory = fullest(with_length(config, first.sequence_length), copies)[1].total
        said = [f"{_tokens(parts):,} tokens", f"{memory / GIB:.2f} GiB a GPU"]
        said[1:1] = [] if seconds is None else [duration(seconds)]
        steps = f"steps {first.begin + 1:,} to {last.begin + count:,}"
        rows.append((f"stage {first.stage}", f"{steps}: {describe_stretch(first)}; {', '.join(said)}"))
    return rows


def _by_stage(plan: StepPlan, steps: int) -> list[list[tuple[Stretch, int]]]:
    """Stretches of each stage and the numbers of their steps."""
    return [list(parts) for _, parts in groupby(plan.parts(1, steps), lambda part: part[0].stage)]


def _tokens(parts: Iterable[tuple[Stretch, int]]) -> int:
    return sum(count * part.tokens_per_step for part, count in parts)


def _documents(config: TrainConfig) -> Rows:
    if not config.data.document_mask:
        return []
    return [("documents", "attention stays within each; operations and time are counted as if it crossed them")]


def _optimizer(config: TrainConfig, ranks: int) -> Rows:
    if config.optimizer.name == "adamw":
        return []
    step = config.tokens_per_step * flops_per_token(config.model, config.data.sequence_length) / ranks
    share = newton_schulz_flops(config.model) / config.parallel.pipeline_model_parallel_size / step
    return [
        (
            "optimizer",
            "Muon for the matrices of the layers, AdamW for the rest; making them orthogonal adds"
            f" {share:.1%} to a rank's operations, which the time leaves out",
        )
    ]


def _data(config: TrainConfig, prepared: Prepared) -> str:
    """Tokens and documents for training, and the number of epochs."""
    datasets, plan = prepared.datasets, StepPlan(config)
    if prepared.missing:
        return f"not prepared: {prepared.missing[0]} is not there, so a start is refused, and the epochs are not known"
    counts = epochs(plan, config.schedule.train_iters, datasets)
    said = f"{counts[0]:.2f} epochs"
    if any(stretch.weights for stretch in plan.stretches):
        said = ", ".join(
            f"{count:.2f} epochs of {Path(own.prefix).name}" for count, own in zip(counts, datasets, strict=True)
        )
    tokens = sum(each.tokens for each in datasets)
    return f"{tokens:,} tokens in {sum(each.documents for each in datasets):,} documents; {said}"


def _speed(config: TrainConfig, ranks: int, spec: GpuSpec, mfu: float | None) -> Rows:
    share, plan = mfu or USUAL_MFU, StepPlan(config)
    seconds = seconds_of(config, plan.parts(1, config.schedule.train_iters), ranks, spec, share)
    if seconds is None:
        why = "dtype is float32" if config.compute.dtype != "bfloat16" else f"the peak of {spec.name} is not known here"
        return [("time", f"not estimated: {why}; set --gpu-tflops" if spec.tflops == 0 else f"not estimated: {why}")]
    speed = plan.tokens(config.schedule.train_iters) / seconds
    row = (
        f"{duration(seconds)}: {speed:,.0f} tokens/s, {speed / ranks:,.0f} a GPU, if {share:.0%} of"
        " the peak is reached (assumed; --mfu)"
    )
    if mfu is None and spec.name == PAPERS_GPU:
        published = seconds * share / PAPERS_MFU
        row += f"; {duration(published)} at {PAPERS_MFU:.0%}, which the papers reached on this card"
    return [("time", row)]


def _cpu(config: TrainConfig, ranks: int, copies: int, planned: Target) -> Rows:
    """Describes a start on this machine, if it has no GPU and none was named."""
    if not planned.absent:
        return []
    needed, there = round(ranks * (fullest(config, copies)[1].total - RESERVED)), memory_limit()
    verdict = "fits" if needed <= there else "DOES NOT FIT"
    return [
        (
            "on a CPU",
            f"started here it computes on {len(os.sched_getaffinity(0))} cores; {size(needed)} of all ranks {verdict}"
            f" in {size(there)}; its time is not estimated: ncvc train tune measures steps",
        ),
        *(("WARNING", warning) for warning in cpu_warnings(config.compute.dtype)),
    ]


def _validation(config: TrainConfig, prepared: Prepared, ranks: int, spec: GpuSpec, mfu: float) -> Rows:
    if not config.data.validation_prefixes and not config.data.validation_split:
        return [("validation", "none; data.validation_split or data.validation_prefixes reserves text for it")]
    if prepared.missing:
        return [("validation", f"{validations(config):,} times; the data are not there yet, so the time is not known")]
    row = f"{validations(config):,} times {sum(prepared.validation):,} samples"
    speed = speed_of_all(config, ranks, spec, mfu)
    seconds = validation_seconds(config, prepared, speed) if speed else None
    return [("validation", row if seconds is None else f"{row}; {duration(seconds)} more")]


def _checkpoints(config: TrainConfig) -> Rows:
    written, kept = written_and_kept(config)
    each = checkpoint_bytes(config)
    needed, free, where = disk_of_checkpoints(config)
    verdict = f"{size(needed)} more, {size(free)} free in {where}"
    return [
        (
            "checkpoints",
            f"{written:,} of {size(each)}; {kept:,} stay: {size(kept * each)}, and one more while it is written",
        ),
        ("disk", verdict if needed <= free else f"NOT ENOUGH: {verdict}; make room, or keep fewer checkpoints"),
    ]


def _warnings(config: TrainConfig, spec: GpuSpec, prepared: Prepared) -> list[str]:
    pieces = prepared.tokenizer.pieces if prepared.tokenizer else None
    return start_warnings(config, StepPlan(config), pieces, prepared.datasets, spec)


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
