"""The training loop, from top to bottom."""

import math
import os
import socket
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from megatron.core.distributed import finalize_model_grads
from megatron.core.pipeline_parallel import get_forward_backward_func

from ncvc.model.kernels.select import choose
from ncvc.model.parallel import Ranks
from ncvc.train.anomaly_guard import require_finite
from ncvc.train.compute_timer import ComputeTimer
from ncvc.train.config import TrainConfig
from ncvc.train.data import batches, build_dataset
from ncvc.train.elastic.heartbeat import IO_ALLOWANCE, announce_wait, send_heartbeat
from ncvc.train.elastic.stop_signal import StopRequest
from ncvc.train.metrics.log import RunLog
from ncvc.train.optimizer import gradient_norm, learning_rate, optimizer_tensors, update
from ncvc.train.resolved_config import config_hash, publish
from ncvc.train.saving.saver import Saver
from ncvc.train.setup import Training, rollback, setup
from ncvc.train.validate import Validation


def train(config: TrainConfig, ranks: Ranks, stop: StopRequest) -> bool:
    """Trains until the last step or a request to stop; the weights are then in a checkpoint.

    Returns whether the last step is done.

    Raises `TrainingError` if too many steps are bad, before any of them reaches the weights.
    """
    training = setup(config, ranks)
    dataset = build_dataset(config, training.datasets, ranks)
    announce_wait(config.watch.startup_time)  # the first one opens the log and the boards, maybe over a network
    samples = batches(dataset, config, ranks, training.done)
    validation = Validation(config, training.datasets, forward)
    log = RunLog(config, speaks=ranks.is_first, done=training.done, world_size=ranks.world_size)
    if ranks.is_first:
        publish(config)
    introduce(training, log)
    saver = Saver(config, ranks, log)
    training.model.train()

    last, guard = config.schedule.train_iters, training.guard
    log.start_clock()
    stopping = steady = False
    while training.done < last and not stopping:
        step = training.done + 1
        # The first step makes connections and compiles kernels.
        send_heartbeat("computing", step=step, allowance=0.0 if steady else config.watch.startup_time)
        if guard.must_roll_back:
            saver.wait()
            roll_back(training, log)
            samples = batches(dataset, config, ranks, training.done)
            continue
        validation.when_due(training, log)
        if left_out := guard.left_out_until(step):
            leave_out(training, min(left_out, last), log)
            samples = batches(dataset, config, ranks, training.done)
        else:
            lr = learning_rate(step, config.optimizer, config.schedule)
            loss, stopping = forward_backward(training, samples, stop)
            norm = gradient_norm(training.optimizer)
            training.done = step
            if reason := guard.judge(loss, norm):
                tell_skipped(training, log, reason, loss, norm)
            else:
                send_heartbeat("updating the weights")
                update(training.optimizer, lr, norm, config.optimizer.clip_grad)
                log.step(step, loss=loss, lr=lr, grad_norm=norm, skipped=guard.skipped)
            steady = True
        saver.report()
        if training.done % config.checkpoints.save_interval == 0 or training.done == last or stopping:
            save_checkpoint(training, saver)
    saver.finish()
    send_heartbeat("ending", allowance=IO_ALLOWANCE)
    if training.done == last:
        validation.when_due(training, log)
        log.event("finished", f"finished: {last} steps", step=last)
    else:
        log.event("stopped", f"stopped after step {training.done}; start again to go on", step=training.done)
    log.close()
    announce_wait()
    dist.barrier()  # when a machine's ranks end, its launcher reads in the log how
    return training.done == last


def forward_backward(
    training: Training, samples: Iterator[dict[str, torch.Tensor]], stop: StopRequest
) -> tuple[float, bool]:
    """Gradients of one global batch; returns its mean loss, and whether any rank was asked to stop."""
    config, ranks = training.config, training.ranks
    schedule = config.schedule
    micro_batches = schedule.global_batch_size // (schedule.micro_batch_size * ranks.dp_size)
    work = ComputeTimer(ranks.device)
    training.gpt.config.finalize_model_grads_func = partial(finish, work)
    work.mark()
    training.model.zero_grad_buffer()
    training.optimizer.zero_grad()
    losses = get_forward_backward_func()(
        forward_step_func=forward,
        data_iterator=samples,
        model=[training.model],
        num_microbatches=micro_batches,
        seq_length=config.data.sequence_length,
        micro_batch_size=schedule.micro_batch_size,
        forward_only=False,
    )
    # Only the last pipeline stage has losses, and tensor-parallel ranks have the same.
    own = torch.stack(losses).mean() if losses and ranks.tp_rank == 0 else torch.zeros((), device=ranks.device)
    shared = torch.stack([own / ranks.dp_size, torch.tensor(float(stop.made), device=ranks.device)])
    dist.all_reduce(shared)
    loss, requests = shared.tolist()
    work.report()
    return loss, requests > 0


def forward(samples: Iterator[dict[str, torch.Tensor]], model: Any) -> tuple[torch.Tensor, Any]:
    """One micro-batch through the model, and the function that makes its loss of the result."""
    send_heartbeat("computing")
    device = torch.cuda.current_device()
    batch = {name: tensor.to(device, non_blocking=True) for name, tensor in next(samples).items()}
    output = model(batch["tokens"], batch["position_ids"], None, labels=batch["labels"])
    return output, mean_loss


def finish(work: ComputeTimer, *arguments: Any, **options: Any) -> None:
    """Joins the ranks' gradients, after the last backward pass of a step."""
    work.mark()
    send_heartbeat("waiting for the other ranks", waiting=True)
    finalize_model_grads(*arguments, **options)


def mean_loss(token_losses: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean of [micro-batch, sequence]: to differentiate, and to report."""
    loss = token_losses.float().mean()
    return loss, loss.detach().clone()  # the schedule divides the first in place


def tell_skipped(training: Training, log: RunLog, reason: str, loss: float, norm: float) -> None:
    """Says that the step did not reach the weights, and which samples it had."""
    step, batch = training.done, training.config.schedule.global_batch_size
    log.event(
        "skipped",
        f"SKIPPED step {step}: {reason}; {training.guard.skipped} skipped so far",
        step=step,
        reason=reason,
        # JSON has no nan.
        loss=loss if math.isfinite(loss) else str(loss),
        grad_norm=norm if math.isfinite(norm) else str(norm),
        samples=[(step - 1) * batch, step * batch - 1],
        skipped=training.guard.skipped,
    )
    log.start_clock()


def roll_back(training: Training, log: RunLog) -> None:
    """Goes back to before a row of bad steps."""
    row, at = training.guard.row, training.done
    first, last = rollback(training)
    log.event(
        "rolled_back",
        f"ROLLED BACK from step {at}, after {row} bad steps in a row: goes on after step {training.done} and leaves"
        f" out steps {first} to {last}",
        step=training.done,
        left_out=[first, last],
    )
    log.start_clock()


def leave_out(training: Training, last: int, log: RunLog) -> None:
    """Passes over the steps up to `last`, which were bad before."""
    first, training.done = training.done + 1, last
    training.guard.skipped += last - first + 1
    batch = training.config.schedule.global_batch_size
    log.event(
        "left_out",
        f"LEFT OUT steps {first} to {last}, as decided before; {training.guard.skipped} skipped so far",
        steps=[first, last],
        samples=[(first - 1) * batch, last * batch - 1],
        skipped=training.guard.skipped,
    )


def save_checkpoint(training: Training, saver: Saver) -> None:
    """Saves this moment; raises `TrainingError` if it holds what is not finite."""
    require_finite(training.done, optimizer_tensors(training.optimizer), training.ranks.device)
    saver.save(training.gpt, training.optimizer, training.facts())


def introduce(training: Training, log: RunLog) -> None:
    """Says what is going to happen."""
    config, ranks = training.config, training.ranks
    parameters = training.parameters()
    tokens = sum(dataset.tokens for dataset in training.datasets)
    documents = sum(dataset.documents for dataset in training.datasets)
    planned = config.schedule.train_iters * config.tokens_per_step
    device = torch.cuda.get_device_name(ranks.device) if ranks.device.type == "cuda" else "CPU"
    for sentence in training.damaged:
        log.event("damaged", f"SKIPPED A DAMAGED CHECKPOINT: {sentence}", problem=sentence)
    parts = choose(config.compute, config.model, ranks.device)
    event = "resumed" if training.done else "started"
    log.event(
        event,
        f"{config.run} {training.origin}\n"
        f"model: {parameters:,} parameters, {config.compute.dtype}\n{parts.describe()}\n"
        f"ranks: {ranks.world_size} on {device} (data {ranks.dp_size} × tensor {ranks.tp_size} ×"
        f" pipeline {ranks.pp_size})\n"
        f"data: {tokens:,} tokens in {documents:,} documents; {planned:,} tokens planned,"
        f" {planned / tokens:.2f} epochs",
        step=training.done,
        parameters=parameters,
        world_size=ranks.world_size,
        device=device,
        parts=parts.forms(),
        origin=training.origin,
        config_sha256=config_hash(config),
        manifest_sha256=training.manifest_sha256,
        host=socket.gethostname(),
        pid=os.getpid(),
    )
