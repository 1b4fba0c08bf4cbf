"""Log of a tuning: console, TensorBoard, and a `log.jsonl` that status and plots read like that of a training."""

import dataclasses
import json
import os
import socket
import time
from collections.abc import Mapping
from typing import Any

from ncvc.progress import Reporter
from ncvc.smoothing import ExponentialMean
from ncvc.train.metrics.log import LOG, Step, event_line, peak_memory, records, standing, steps
from ncvc.train.metrics.log_file import LogFile
from ncvc.tune.config import TuneConfig
from ncvc.units import duration, short


class TuneLog:
    """Writes the log; `speaks` is True in the first process only, and the others' logs write nothing."""

    def __init__(self, config: TuneConfig, *, speaks: bool, done: int, reporter: Reporter) -> None:
        """`done`: steps before the next one."""
        self.config = config
        self.reporter = reporter
        self.speaks = speaks
        self.since = time.monotonic()
        self._tokens = 0
        self._first = done + 1
        self._pace = ExponentialMean()
        # Every process reads it, since all take part in a validation.
        known = standing(records(config.folder)) if (config.folder / LOG).exists() else []
        self._validated = {line["step"] for line in known if line.get("event") == "validation" and line["step"] <= done}
        if not speaks:
            return
        before = steps(config.folder) if done and (config.folder / LOG).exists() else []
        self._smoothed = ExponentialMean(step.loss for step in before if step.step <= done)
        self._board: Any = None
        if config.logging.tensorboard:
            from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(config.folder / "tensorboard"), purge_step=done + 1)
        self._file = LogFile(config.folder / LOG)

    def event(self, event: str, message: str, **facts: Any) -> None:
        """Reports `message`, and appends `{"event": event, …}`."""
        if not self.speaks:
            return
        self._file.write(event_line(event, **facts))
        for line in message.split("\n"):
            self.reporter.say(line)

    def begins(self, message: str, *, done: int, **facts: Any) -> None:
        """Reports a start, or the going on behind step `done`."""
        name = "resumed" if done else "started"
        self.event(name, message, step=done, kind="tune", host=socket.gethostname(), pid=os.getpid(), **facts)

    def step(
        self, step: int, *, loss: float, lr: float, grad_norm: float, tokens: int, more: Mapping[str, float]
    ) -> None:
        """Logs a step; `tokens`: of all steps so far, over all processes; `more`: other metrics of the method."""
        now = time.monotonic()
        seconds, self.since = now - self.since, now
        if not self.speaks:
            return
        own, self._tokens = tokens - self._tokens, tokens
        last = self.config.schedule.train_iters
        left = self._pace.add(seconds) * (last - step)
        record = Step(
            step=step,
            tokens=tokens,
            loss=loss,
            lr=lr,
            grad_norm=grad_norm,
            seconds=seconds,
            tokens_per_second=own / seconds,
            smoothed_loss=self._smoothed.add(loss),
            batch_size=self.config.schedule.global_batch_size,
            memory=peak_memory(),
            seconds_left=left,
        )
        values = {name: value for name, value in dataclasses.asdict(record).items() if value is not None}
        self._file.write(json.dumps(values | ({"metrics": dict(more)} if more else {})) + "\n")
        for name, value in (values | dict(more)).items():
            self.curve(name, value, step)
        if step % self.config.logging.log_interval == 0 or step in (self._first, last):
            parts = (
                f"step {step:>{len(str(last))}}/{last}",
                f"loss {loss:.4f} ({record.smoothed_loss:.4f})",
                f"lr {lr:.2e}",
                f"grad {grad_norm:.3g}",
                *(f"{name} {value:.3f}" for name, value in more.items() if name in ("reward", "rewards/accuracies")),
                f"{short(tokens)} tok",
                f"{duration(left)} left",
            )
            self.reporter.say("  ".join(parts))

    def is_validation_due(self, step: int) -> bool:
        """Tells whether a validation belongs after a step: every `eval_interval` steps and after the last, once."""
        schedule = self.config.schedule
        own = step % schedule.eval_interval == 0 or step == schedule.train_iters
        return own and step not in self._validated

    def validation(
        self, message: str, *, step: int, loss: float, sources: dict[str, dict[str, float]], **facts: float
    ) -> None:
        """Logs a validation; `sources`: task → its loss."""
        self._validated.add(step)
        self.event("validation", message, step=step, loss=loss, sources=sources, **facts)
        self.curve("validation loss", loss, step)
        for task, own in sources.items():
            self.curve(f"validation loss/{task}", own["loss"], step)
        self.start_clock()

    def starts_at(self, tokens: int) -> None:
        """Takes the tokens before the next step, and starts its clock."""
        self._tokens = tokens
        self.start_clock()

    def start_clock(self) -> None:
        """Starts the time of the next step; call it after anything that is not a step."""
        self.since = time.monotonic()

    def curve(self, name: str, value: float, step: int) -> None:
        """Adds a point to a curve in TensorBoard."""
        if self.speaks and self._board is not None and name != "step":
            self._board.add_scalar(name, value, step)

    def close(self) -> None:
        """Flushes and closes the log."""
        if self.speaks:
            self._file.close()
            if self._board is not None:
                self._board.close()
