"""TRL's trainers with the promises of a training: whole checkpoints, a log, a stop on request, no bad step.

`promising` puts them in front of a trainer of TRL. A step is the trainer's own; what is changed is the learning rate,
which is n / w in step n of the warm-up and 0 in the last step, and what surrounds a step.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from transformers import PrinterCallback, Trainer, TrainerCallback

from ncvc.errors import TrainingError
from ncvc.train.elastic.stop_signal import StopRequest
from ncvc.tune import checkpoints
from ncvc.tune.config import ScheduleConfig, TuneConfig
from ncvc.tune.log import TuneLog
from ncvc.tune.validate import Validation

STEP_KEYS = {"loss", "grad_norm", "learning_rate"}
"""Keys of a step in the trainer's log."""


def learning_rate_factor(step: int, schedule: ScheduleConfig) -> float:
    """The learning rate of a step, counted from 1, as a share of the highest."""
    warmup, last = schedule.lr_warmup_iters, schedule.train_iters
    if step <= warmup:
        return step / warmup
    share = min(1.0, (step - warmup) / (last - warmup))
    match schedule.lr_decay_style:
        case "cosine":
            return (1 + math.cos(math.pi * share)) / 2
        case "linear":
            return 1 - share
        case _:
            return 1.0


@dataclass
class Promises:
    """Surroundings of the steps of a tuning."""

    config: TuneConfig
    log: TuneLog
    stop: StopRequest
    facts: dict[str, Any]
    """Facts of the run for the checkpoints' manifests."""
    validation: Validation | None = None
    tokens: int = 0
    """Tokens of the steps so far, padding left out, over all processes."""


class StopCallback(TrainerCallback):  # type: ignore[misc]  # transformers has no types
    """Saves and ends after the step in which any process was asked to stop; saves and validates after the last."""

    def __init__(self, promises: Promises) -> None:
        self.promises = promises

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """See `TrainerCallback`."""
        asked = torch.tensor(float(self.promises.stop.made), device=args.device)
        if dist.is_initialized():
            dist.all_reduce(asked)
        if asked:
            control.should_save = control.should_training_stop = True
        if state.global_step == state.max_steps:
            control.should_save = True
            control.should_evaluate = bool(self.promises.config.data.validation)


class PromisingTrainer(Trainer):  # type: ignore[misc]  # transformers has no types
    """Stands before one of TRL's trainers; see `promising`."""

    def __init__(self, *arguments: Any, promises: Promises, **options: Any) -> None:
        self.promises = promises
        self._bad_loss = False
        callbacks = [StopCallback(promises)]
        super().__init__(*arguments, callbacks=callbacks, **options)
        self.remove_callback(PrinterCallback)  # TuneLog tells more

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """Sets the learning rate of each step; see `learning_rate_factor`."""
        schedule = self.promises.config.schedule
        self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda done: learning_rate_factor(done + 1, schedule)
        )
        self._created_lr_scheduler = True
        return self.lr_scheduler

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> Any:
        """Counts the tokens of a step."""
        batches, items = super().get_batch_samples(epoch_iterator, num_batches, device)
        own = torch.tensor(sum(map(_tokens, batches)), dtype=torch.int64, device=device)
        if dist.is_initialized():
            dist.all_reduce(own)
        self.promises.tokens += int(own)
        return batches, items

    def training_step(self, *arguments: Any, **options: Any) -> Tensor:
        """Remembers a loss that is not finite."""
        loss: Tensor = super().training_step(*arguments, **options)
        self._bad_loss = self._bad_loss or not bool(torch.isfinite(loss).all())
        return loss

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> float:
        """Stops before the weights change where loss or gradient are not finite; all processes see one norm."""
        norm = float(super()._get_grad_norm(model, grad_norm))
        if not math.isfinite(norm) or self._bad_loss:
            what = f"the gradient norm is {norm}" if not math.isfinite(norm) else "the loss is not finite"
            raise TrainingError(
                f"step {self.state.global_step + 1}: {what}; the weights were not changed. Started again, the run"
                " goes on from the checkpoint before; a smaller optimizer.lr may help, and if the first step does"
                " it, look at the base model"
            )
        return norm

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Takes what the trainer logs."""
        super().log(logs, start_time)  # adds the method's own metrics
        self.state.log_history.clear()  # log.jsonl has it
        if self.promises.config.method == "grpo":  # answers are drawn after the batch was counted
            self.promises.tokens = int(self.state.num_input_tokens_seen)
        if "eval_loss" in logs:
            loss, step = float(logs["eval_loss"]), self.state.global_step
            message = f"validation after step {step}: loss {loss:.4f}"
            self.promises.log.validation(message, step=step, loss=loss, sources={})
        if logs.keys() >= STEP_KEYS:
            more = {
                name: float(value)
                for name, value in logs.items()
                if name not in STEP_KEYS | {"epoch", "step", "num_tokens"} and isinstance(value, int | float)
            }
            self.promises.log.step(
                self.state.global_step,
                loss=float(logs["loss"]),
                lr=float(logs["learning_rate"]),
                grad_norm=float(logs["grad_norm"]),
                tokens=self.promises.tokens,
                more=more,
            )

    def _evaluate(self, trial: Any, ignore_keys_for_eval: Any, skip_scheduler: bool = False) -> dict[str, float]:
        step, promises = self.state.global_step, self.promises
        if not promises.log.is_validation_due(step):
            return {}
        if promises.validation is not None:
            promises.validation.report(self, step)
        else:  # the method's own, which would draw random numbers
            with torch.random.fork_rng():
                super()._evaluate(trial, ignore_keys_for_eval, skip_scheduler)
        return {}

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """Writes none: the folder of the result has one."""

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        run, step = self.promises.config.folder, self.state.global_step
        if self.is_world_process_zero():
            checkpoints.prepare(run)
        self.accelerator.wait_for_everyone()
        super()._save_checkpoint(model, trial)
        self.accelerator.wait_for_everyone()
        if self.is_world_process_zero():
            written = checkpoints.hidden_folder(run) / f"checkpoint-{step}"
            facts = {**self.promises.facts, "tokens_seen": self.promises.tokens}
            folder = checkpoints.commit(written, run, step, facts)
            checkpoints.hidden_folder(run).rmdir()
            checkpoints.keep_newest(run, self.promises.config.checkpoints.keep_last)
            self.promises.log.event("saved", f"saved {folder}", step=step)
        self.accelerator.wait_for_everyone()
        self.promises.log.start_clock()

    def load(self, folder: Path) -> None:
        """Loads the weights of a checkpoint alone."""
        self._load_from_checkpoint(str(folder))


def promising(trainer: type[Any]) -> type[Any]:
    """A subclass of one of TRL's trainers, whose objects are made with `promises` besides."""
    return type("Promising", (PromisingTrainer, trainer), {})


def _tokens(batch: Any) -> int:
    """Tokens of a micro-batch, without padding."""
    if isinstance(batch, list):  # questions, whose answers are not there yet
        return 0
    if "attention_mask" in batch:
        return int(batch["attention_mask"].sum())
    return int(batch["input_ids"].numel()) if "input_ids" in batch else 0
