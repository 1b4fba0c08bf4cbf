"""The training loop, from top to bottom: `train`, its `train_step`, and the forward and backward pass of that."""

from collections.abc import Iterator, Set
from functools import partial
from typing import Any

import torch
import torch.distributed as dist
from megatron.core.distributed import finalize_model_grads
from megatron.core.pipeline_parallel import get_forward_backward_func

from ncvc.model.documents import documents
from ncvc.model.parallel import Ranks
from ncvc.progress import Reporter
from ncvc.train import events
from ncvc.train.anomaly_guard import require_finite
from ncvc.train.compute_timer import ComputeTimer
from ncvc.train.config import TrainConfig
from ncvc.train.data import batches, build_dataset
from ncvc.train.elastic.heartbeat import IO_ALLOWANCE, announce_wait, send_heartbeat
from ncvc.train.elastic.stop_signal import StopRequest
from ncvc.train.metrics.log import RunLog
from ncvc.train.optimizer import gradient_norm, learning_rate, optimizer_tensors, update, update_average
from ncvc.train.resolved_config import publish
from ncvc.train.saving.saver import Saver
from ncvc.train.setup import Training, rollback, setup
from ncvc.train.validate import Validation

Batches = Iterator[dict[str, torch.Tensor]]
"""Micro-batches of `data.batches`."""


def train(
    config: TrainConfig,
    ranks: Ranks,
    stop: StopRequest,
    reporter: Reporter | None = None,
    changed: Set[str] = frozenset(),
) -> bool:
    """Trains until the last step or a request to stop, and saves; all ranks call it.

    Keys in `changed` may differ from the run that goes on. Returns whether the last step is done and validated. Raises
    `TrainingError` if too many steps are anomalous, before any of them reaches the weights.
    """
    training = setup(config, ranks, changed)
    config = training.config
    dataset = build_dataset(config, training.datasets, ranks, training.changes)
    announce_wait(config.watch.startup_time)  # the first rank opens the log and its loggers, maybe over a network
    samples = batches(dataset, config, training.plan, ranks, training.done)
    validation = Validation(config, training.datasets, forward)
    log = open_log(training, reporter)
    events.started(training, log)
    saver = Saver(config, ranks, log)
    training.model.train()

    last, guard = config.schedule.train_iters, training.guard
    log.start_clock()
    stopping = warm = False
    kept = training.done
    while training.done < last and not stopping:
        step = training.done + 1
        # The first step makes connections and compiles kernels; that of a stage compiles them for another length.
        warm = warm and not training.plan.begins_stage(step)
        send_heartbeat("computing", step=step, allowance=0.0 if warm else config.watch.startup_time)
        if guard.must_roll_back:
            saver.wait()
            events.rolled_back(training, log, rollback(training))
            kept = training.done
            samples = batches(dataset, config, training.plan, ranks, training.done)
            continue
        stopping = validation.when_due(training, stop, log)
        if left_out := guard.left_out_until(step):
            leave_out(training, min(left_out, last), log)
            samples = batches(dataset, config, training.plan, ranks, training.done)
        elif not stopping:
            stopping = train_step(training, samples, stop, log)
            warm = True
        saver.report()
        due = training.done % config.checkpoints.save_interval == 0 or training.done == last or stopping
        if due and training.done != kept:
            save_checkpoint(training, saver)
            kept = training.done
    saver.finish()
    send_heartbeat("ending", allowance=IO_ALLOWANCE)
    finished = training.done == last and not validation.when_due(training, stop, log)
    events.ended(training, log, finished=finished)
    log.close()
    announce_wait()
    dist.barrier()  # when a machine's ranks end, its launcher reads in the log how
    return finished


def train_step(training: Training, samples: Batches, stop: StopRequest, log: RunLog) -> bool:
    """Computes the next step, and updates the weights unless the guard finds loss or gradient norm anomalous.

    Returns whether any rank was asked to stop.
    """
    config, step, plan = training.config, training.done + 1, training.plan
    enter(training, step, log)
    lr = learning_rate(step, plan.optimizer(step), config.schedule)
    loss, z_loss, stopping = forward_backward(training, samples, stop)
    norm = gradient_norm(training.optimizer)
    training.done = step
    if reason := training.guard.judge(loss, norm):
        events.skipped(training, log, reason, loss, norm)
    else:
        send_heartbeat("updating the weights")
        update(training.optimizer, lr, norm, config.optimizer.clip_grad)
        if config.optimizer.ema:
            update_average(training.optimizer, config.optimizer.ema, training.optimizer_step)
        training.tokens += plan.at(step).tokens_per_step
        log.step(
            step,
            loss=loss,
            z_loss=z_loss,
            lr=lr,
            grad_norm=norm,
            tokens=training.tokens,
            skipped=training.guard.skipped,
        )
    return stopping


def forward_backward(training: Training, samples: Batches, stop: StopRequest) -> tuple[float, float | None, bool]:
    """Accumulates the gradients of one global batch.

    Returns its mean loss in nats, what the z-loss adds to that if there is one, and whether any rank was asked to stop;
    all are the same on every rank.
    """
    ranks, size = training.ranks, training.config.schedule.micro_batch_size
    stretch = training.plan.at(training.done + 1)
    timer = ComputeTimer(ranks.device)
    training.gpt.config.finalize_model_grads_func = partial(reduce_gradients, timer)
    timer.mark()
    training.model.zero_grad_buffer()
    training.optimizer.zero_grad()
    losses = get_forward_backward_func()(
        forward_step_func=forward,
        data_iterator=samples,
        model=[training.model],
        num_microbatches=stretch.batch_size // (size * ranks.dp_size),
        seq_length=stretch.sequence_length,
        micro_batch_size=size,
        forward_only=False,
    )
    # Only the last pipeline stage has losses, and tensor-parallel ranks have the same.
    own = torch.zeros(2 if training.config.optimizer.z_loss else 1, device=ranks.device)
    if losses and ranks.tp_rank == 0:
        own = torch.stack([each.mean() for each in torch.stack(losses).unbind(1)])
    shared = torch.cat([own / ranks.dp_size, torch.tensor([float(stop.made)], device=ranks.device)])
    dist.all_reduce(shared)
    loss, *z_losses, requests = shared.tolist()
    timer.report()
    return loss, z_losses[0] if z_losses else None, requests > 0


def forward(samples: Batches, model: Any) -> tuple[torch.Tensor, Any]:
    """Puts the next micro-batch through the model.

    Returns the losses of its tokens [micro-batch, sequence], in training with a z-loss both of them [2, micro-batch,
    sequence], and the function that takes their mean.
    """
    send_heartbeat("computing")
    device = torch.cuda.current_device()
    own = next(samples)
    batch = {name: tensor.to(device, non_blocking=True) for name, tensor in own.items()}
    output = model(
        batch["tokens"],
        batch["position_ids"],
        None,
        labels=batch["labels"],
        packed_seq_params=documents(own["position_ids"]),
    )
    return output, mean_loss


def mean_loss(token_losses: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Takes the means of the last two dimensions twice: their sum to differentiate, and each to report."""
    means = torch.stack([own.float().mean() for own in token_losses.view(-1, *token_losses.shape[-2:])])
    return means.sum(), means.detach().clone()  # the schedule divides the first in place


def reduce_gradients(timer: ComputeTimer, *arguments: Any, **options: Any) -> None:
    """Sums the ranks' gradients after the last backward pass of a step; the timer ends before it."""
    timer.mark()
    send_heartbeat("waiting for the other ranks", waiting=True)
    finalize_model_grads(*arguments, **options)


def open_log(training: Training, reporter: Reporter | None) -> RunLog:
    """Opens the run's log, and writes its config on the first rank."""
    config, ranks = training.config, training.ranks
    if ranks.is_first:
        config.folder.mkdir(parents=True, exist_ok=True)
    log = RunLog(
        config,
        speaks=ranks.is_first,
        done=training.done,
        plan=training.plan,
        world_size=ranks.world_size,
        reporter=reporter,
    )
    if ranks.is_first and (edited := publish(config)):
        log.reporter.say(f"config.yaml had been edited, and was not read: its content is in {edited}")
    return log


def enter(training: Training, step: int, log: RunLog) -> None:
    """Reports a stage that begins with this step, and lets the guard get to know the steps that follow."""
    if training.plan.begins_stage(step):
        training.guard.forget()
        events.stage_begins(training, log, step)


def leave_out(training: Training, last: int, log: RunLog) -> None:
    """Passes over the steps up to `last`, which were anomalous before a rollback."""
    first = training.done + 1
    for step in range(first, last + 1):
        enter(training, step, log)
    training.done = last
    training.guard.skipped += last - first + 1
    events.left_out(training, log, first)


def save_checkpoint(training: Training, saver: Saver) -> None:
    """Saves this moment; raises `TrainingError` if any weight or moment of the optimizer is not finite."""
    require_finite(training.done, optimizer_tensors(training.optimizer), training.ranks.device)
    saver.save(training.gpt, training.optimizer, training.facts())
