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
    samples = batches(dataset, config, ranks, training.done)
    validation = Validation(config, training.datasets, forward)
    if ranks.is_first:
        config.folder.mkdir(parents=True, exist_ok=True)
    log = RunLog(config, speaks=ranks.is_first, done=training.done, world_size=ranks.world_size, reporter=reporter)
    if ranks.is_first:
        publish(config)
    events.started(training, log)
    saver = Saver(config, ranks, log)
    training.model.train()

    last, guard = config.schedule.train_iters, training.guard
    log.start_clock()
    stopping = warm = False
    kept = training.done
    while training.done < last and not stopping:
        step = training.done + 1
        # The first step makes connections and compiles kernels.
        send_heartbeat("computing", step=step, allowance=0.0 if warm else config.watch.startup_time)
        if guard.must_roll_back:
            saver.wait()
            events.rolled_back(training, log, rollback(training))
            kept = training.done
            samples = batches(dataset, config, ranks, training.done)
            continue
        stopping = validation.when_due(training, stop, log)
        if left_out := guard.left_out_until(step):
            leave_out(training, min(left_out, last), log)
            samples = batches(dataset, config, ranks, training.done)
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
    config, step = training.config, training.done + 1
    lr = learning_rate(step, config.optimizer, config.schedule)
    loss, stopping = forward_backward(training, samples, stop)
    norm = gradient_norm(training.optimizer)
    training.done = step
    if reason := training.guard.judge(loss, norm):
        events.skipped(training, log, reason, loss, norm)
    else:
        send_heartbeat("updating the weights")
        update(training.optimizer, lr, norm, config.optimizer.clip_grad)
        if config.optimizer.ema:
            update_average(training.optimizer, config.optimizer.ema, training.optimizer_step)
        log.step(step, loss=loss, lr=lr, grad_norm=norm, skipped=training.guard.skipped)
    return stopping


def forward_backward(training: Training, samples: Batches, stop: StopRequest) -> tuple[float, bool]:
    """Accumulates the gradients of one global batch.

    Returns its mean loss in nats, and whether any rank was asked to stop; both are the same on every rank.
    """
    config, ranks = training.config, training.ranks
    schedule = config.schedule
    micro_batches = schedule.global_batch_size // (schedule.micro_batch_size * ranks.dp_size)
    timer = ComputeTimer(ranks.device)
    training.gpt.config.finalize_model_grads_func = partial(reduce_gradients, timer)
    timer.mark()
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
    timer.report()
    return loss, requests > 0


def forward(samples: Batches, model: Any) -> tuple[torch.Tensor, Any]:
    """Puts the next micro-batch through the model.

    Returns the losses of its tokens [micro-batch, sequence], and the function that takes their mean.
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
    """Takes the mean of [micro-batch, sequence] twice: to differentiate, and to report."""
    loss = token_losses.float().mean()
    return loss, loss.detach().clone()  # the schedule divides the first in place


def reduce_gradients(timer: ComputeTimer, *arguments: Any, **options: Any) -> None:
    """Sums the ranks' gradients after the last backward pass of a step; the timer ends before it."""
    timer.mark()
    send_heartbeat("waiting for the other ranks", waiting=True)
    finalize_model_grads(*arguments, **options)


def leave_out(training: Training, last: int, log: RunLog) -> None:
    """Passes over the steps up to `last`, which were anomalous before a rollback."""
    first, training.done = training.done + 1, last
    training.guard.skipped += last - first + 1
    events.left_out(training, log, first)


def save_checkpoint(training: Training, saver: Saver) -> None:
    """Saves this moment; raises `TrainingError` if any weight or moment of the optimizer is not finite."""
    require_finite(training.done, optimizer_tensors(training.optimizer), training.ranks.device)
    saver.save(training.gpt, training.optimizer, training.facts())
