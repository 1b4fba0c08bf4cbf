"""Events of a training: a sentence on the console and a line in log.jsonl, written by the first rank."""

import math
import os
import socket

import torch

from ncvc.identity import describe
from ncvc.machine import cpu_warnings
from ncvc.model.kernels.select import choose
from ncvc.printable import printable
from ncvc.train.metrics.log import RunLog
from ncvc.train.preflight.disk import disk_of_checkpoints
from ncvc.train.preflight.gpu_specs import find_gpu_spec
from ncvc.train.preflight.warnings import start_warnings
from ncvc.train.resolved_config import config_hash
from ncvc.train.setup import Rollback, Training
from ncvc.train.step_plan import describe_stretch
from ncvc.units import size


def started(training: Training, log: RunLog) -> None:
    """Describes the run: origin of the weights, model, kernels, ranks, data; all ranks call it."""
    config, ranks = training.config, training.ranks
    parameters = training.parameters()
    tokens = sum(dataset.tokens for dataset in training.datasets)
    documents = sum(dataset.documents for dataset in training.datasets)
    planned = training.plan.tokens(config.schedule.train_iters)
    device = torch.cuda.get_device_name(ranks.device) if ranks.device.type == "cuda" else "CPU"
    for sentence in training.damaged:
        log.event("damaged", f"SKIPPED A DAMAGED CHECKPOINT: {sentence}", problem=sentence)
    kernels = choose(config.arithmetic, config.model, ranks.device, config.parallel.tensor_model_parallel_size)
    log.event(
        "resumed" if training.done else "started",
        f"{printable(config.run)} {training.origin}\n"
        f"model: {parameters:,} parameters, {config.compute.dtype}\n{kernels.describe()}\n"
        f"ranks: {ranks.world_size} on {device} (data {ranks.dp_size} × tensor {ranks.tp_size} ×"
        f" pipeline {ranks.pp_size})\n"
        f"data: {tokens:,} tokens in {documents:,} documents; {planned:,} tokens planned,"
        f" {planned / tokens:.2f} epochs{_unverified(training)}{_warnings(training)}",
        step=training.done,
        parameters=parameters,
        world_size=ranks.world_size,
        device=device,
        parts=kernels.forms(),
        origin=training.origin,
        config_sha256=config_hash(config),
        manifest_sha256=training.manifest_sha256,
        host=socket.gethostname(),
        pid=os.getpid(),
    )
    _changed(training, log)


def _changed(training: Training, log: RunLog) -> None:
    """Reports each setting that changes with this start."""
    for change in training.changes[len(training.changes) - training.changed_now :]:
        log.event(
            "changed",
            f"CHANGED after step {change.step}: {describe(change.key, change.before, change.now)}",
            **change.model_dump(mode="json"),
        )


def _unverified(training: Training) -> str:
    """Names the datasets that have no manifest to be compared with, in a line of its own."""
    prefixes = [dataset.prefix for dataset in training.datasets if not dataset.verified]
    return f"\nunverified, since ncvc preprocess did not write it: {', '.join(prefixes)}" if prefixes else ""


def _warnings(training: Training) -> str:
    """Warnings of the dry run about the run, each in a line of its own."""
    config, device = training.config, training.ranks.device
    spec = find_gpu_spec(torch.cuda.get_device_name(device)) if device.type == "cuda" else None
    found = start_warnings(config, training.plan, training.tokenizer.pieces, training.datasets, spec)
    if device.type == "cpu":
        found += cpu_warnings(config.compute.dtype)
    needed, free, where = disk_of_checkpoints(config)
    if needed > free:
        found.append(
            f"the checkpoints take {size(needed)} more, and {where} has {size(free)} free; make room, or keep fewer"
        )
    return "".join(f"\nWARNING: {warning}" for warning in found)


def stage_begins(training: Training, log: RunLog, step: int) -> None:
    """Reports the stage that begins with a step."""
    stretch = training.plan.at(step)
    settings = describe_stretch(stretch)
    log.event(
        "stage",
        f"STAGE {stretch.stage} begins with step {step:,}: {settings}",
        step=step,
        stage=stretch.stage,
        settings=settings,
    )


def skipped(training: Training, log: RunLog, reason: str, loss: float, norm: float) -> None:
    """Reports a step that did not reach the weights, with the numbers of its samples."""
    step = training.done
    log.event(
        "skipped",
        f"SKIPPED step {step}: {reason}; {training.guard.skipped} skipped so far",
        step=step,
        reason=reason,
        # JSON has no nan.
        loss=loss if math.isfinite(loss) else str(loss),
        grad_norm=norm if math.isfinite(norm) else str(norm),
        samples=_samples(training, step, step),
        skipped=training.guard.skipped,
        skipped_tokens=_skipped_tokens(training),
    )
    log.start_clock()


def rolled_back(training: Training, log: RunLog, done: Rollback) -> None:
    """Reports a rollback and the steps that are left out from now on."""
    log.event(
        "rolled_back",
        f"ROLLED BACK from step {done.step}, after {done.anomalous} bad steps in a row: goes on after step"
        f" {training.done} and leaves out steps {done.first} to {done.last}",
        step=training.done,
        left_out=[done.first, done.last],
    )
    log.start_clock()


def left_out(training: Training, log: RunLog, first: int) -> None:
    """Reports that the steps from `first` to the present one were passed over."""
    last = training.done
    log.event(
        "left_out",
        f"LEFT OUT steps {first} to {last}, as decided before; {training.guard.skipped} skipped so far",
        steps=[first, last],
        samples=_samples(training, first, last),
        skipped=training.guard.skipped,
        skipped_tokens=_skipped_tokens(training),
    )


def ended(training: Training, log: RunLog, *, finished: bool) -> None:
    """Reports that the last step is done and validated, or that the run stopped before that."""
    step = training.done
    if finished:
        log.event("finished", f"finished: {step} steps", step=step)
    else:
        log.event("stopped", f"stopped after step {step}; start again to go on", step=step)


def _samples(training: Training, first: int, last: int) -> list[int]:
    """Numbers of the first and the last sample of some steps, in the run's order of samples."""
    return [training.plan.samples(first - 1), training.plan.samples(last) - 1]


def _skipped_tokens(training: Training) -> int:
    """Tokens of the steps that did not reach the weights."""
    return training.plan.tokens(training.done) - training.tokens
