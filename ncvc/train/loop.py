"""The training loop, from top to bottom."""

import math
import signal
import time
from collections.abc import Iterator
from typing import Any

import torch
import torch.distributed as dist
from megatron.core.pipeline_parallel import get_forward_backward_func

from ncvc import NcvcError
from ncvc.train.begin import Training, begin
from ncvc.train.checkpoint.reader import checkpoint_folder
from ncvc.train.checkpoint.state import save
from ncvc.train.config import TrainConfig
from ncvc.train.data import batches, build_dataset
from ncvc.train.log import RunLog
from ncvc.train.optimizer import gradient_norm, learning_rate, update
from ncvc.train.ranks import Ranks
from ncvc.train.resolved import config_hash, publish
from ncvc.train.validate import Validation


class TrainingError(NcvcError):
    """A training that cannot go on."""


class StopRequest:
    """Whether SIGTERM or SIGINT asked this process to stop after its step."""

    def __init__(self) -> None:
        self.made = False

    def listen(self) -> None:
        """From now on a signal is a request instead of an end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._make)

    def _make(self, number: int, frame: object) -> None:
        self.made = True


def train(config: TrainConfig, ranks: Ranks, stop: StopRequest) -> bool:
    """Trains until the last step or a request to stop; the weights are then in a checkpoint.

    Returns whether the last step is done.

    Raises `TrainingError` if loss or gradient are not finite, before they reach the weights.
    """
    training = begin(config, ranks)
    dataset = build_dataset(config, training.datasets, ranks)
    samples = batches(dataset, config, ranks, training.done)
    validation = Validation(config, training.datasets, forward)
    log = RunLog(config, speaks=ranks.is_first, done=training.done)
    if ranks.is_first:
        publish(config)
    introduce(training, log)
    training.model.train()

    last = config.schedule.train_iters
    log.start_clock()
    stopping = False
    while training.done < last and not stopping:
        validation.when_due(training, log)
        step = training.done + 1
        lr = learning_rate(step, config.optimizer, config.schedule)
        loss, stopping = forward_backward(training, samples, stop)
        norm = gradient_norm(training.optimizer)
        require_finite(step, loss, norm)
        update(training.optimizer, lr, norm, config.optimizer.clip_grad)
        training.done = step
        log.step(step, loss=loss, lr=lr, grad_norm=norm)
        if step % config.checkpoints.save_interval == 0 or step == last or stopping:
            keep(training, log)

    if training.done == last:
        validation.when_due(training, log)
        log.event("finished", f"finished: {last} steps", step=last)
    else:
        log.event("stopped", f"stopped after step {training.done}; start again to go on", step=training.done)
    log.close()
    dist.barrier()  # when a machine's ranks end, its launcher reads in the log how
    return training.done == last


def forward_backward(
    training: Training, samples: Iterator[dict[str, torch.Tensor]], stop: StopRequest
) -> tuple[float, bool]:
    """Gradients of one global batch; returns its mean loss, and whether any rank was asked to stop."""
    config, ranks = training.config, training.ranks
    schedule = config.schedule
    micro_batches = schedule.global_batch_size // (schedule.micro_batch_size * ranks.dp_size)
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
    return loss, requests > 0


def forward(samples: Iterator[dict[str, torch.Tensor]], model: Any) -> tuple[torch.Tensor, Any]:
    """One micro-batch through the model, and the function that makes its loss of the result."""
    device = torch.cuda.current_device()
    batch = {name: tensor.to(device, non_blocking=True) for name, tensor in next(samples).items()}
    output = model(batch["tokens"], batch["position_ids"], None, labels=batch["labels"])
    return output, mean_loss


def mean_loss(token_losses: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean of [micro-batch, sequence]: to differentiate, and to report."""
    loss = token_losses.float().mean()
    return loss, loss.detach().clone()  # the schedule divides the first in place


def require_finite(step: int, loss: float, norm: float) -> None:
    """Raises `TrainingError` if a step would spoil the weights."""
    if not (math.isfinite(loss) and math.isfinite(norm)):
        raise TrainingError(
            f"step {step}: the loss is {loss} and the gradient's norm {norm}; the step was not taken."
            " Look at log.jsonl for how it grew, and lower optimizer.lr or lengthen schedule.lr_warmup_iters"
        )


def keep(training: Training, log: RunLog) -> None:
    """Writes a checkpoint of this moment."""
    began = time.monotonic()
    folder = checkpoint_folder(training.config.run, training.done)
    save(folder, training.gpt, training.optimizer, training.ranks, training.facts())
    seconds = time.monotonic() - began
    log.event("saved", f"saved {folder} in {seconds:.1f} s", step=training.done, seconds=round(seconds, 3))
    log.start_clock()


def introduce(training: Training, log: RunLog) -> None:
    """Says what is going to happen."""
    config, ranks = training.config, training.ranks
    parameters = training.parameters()
    tokens = sum(dataset.tokens for dataset in training.datasets)
    documents = sum(dataset.documents for dataset in training.datasets)
    planned = config.schedule.train_iters * config.tokens_per_step
    device = torch.cuda.get_device_name(ranks.device) if ranks.device.type == "cuda" else "CPU"
    event = "resumed" if training.done else "started"
    log.event(
        event,
        f"{config.run} {training.origin}\n"
        f"model: {parameters:,} parameters, {config.compute.dtype},"
        f" {config.compute.core_attention} attention\n"
        f"ranks: {ranks.world_size} on {device} (data {ranks.dp_size} × tensor {ranks.tp_size} ×"
        f" pipeline {ranks.pp_size})\n"
        f"data: {tokens:,} tokens in {documents:,} documents; {planned:,} tokens planned,"
        f" {planned / tokens:.2f} epochs",
        step=training.done,
        parameters=parameters,
        world_size=ranks.world_size,
        device=device,
        origin=training.origin,
        config_sha256=config_hash(config),
    )
