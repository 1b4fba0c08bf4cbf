"""What a run says: a line on the console, a JSON line a step, and TensorBoard.

`log.jsonl` has two kinds of lines: `{"event": …}` for what happened, and one line a step with the fields of
`Step`. What was undone stays in the file: a line `resumed` or `rolled_back` voids the steps after the one that it
names.
"""

import dataclasses
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ncvc.progress import duration
from ncvc.train.config import TrainConfig

LOG = "log.jsonl"
SMOOTHING = 0.9  # weight of the past in the seconds a step


@dataclasses.dataclass(frozen=True)
class Step:
    """One step of the optimizer."""

    step: int
    tokens: int
    """Seen since the beginning."""
    loss: float
    """Mean cross entropy of the step's tokens, in nats."""
    lr: float
    grad_norm: float
    """2-norm of the gradient before clipping."""
    seconds: float
    tokens_per_second: float
    """Over all ranks."""


class RunLog:
    """Writes what a run says; only the first rank has one that speaks."""

    def __init__(self, config: TrainConfig, *, speaks: bool, done: int) -> None:
        self.config = config
        self.speaks = speaks
        self.seconds_a_step: float | None = None
        self.since = time.monotonic()
        if not speaks:
            return
        _drop_torn_line(config.folder / LOG)
        self._file = (config.folder / LOG).open("a", encoding="utf-8", buffering=1)
        self._board = _tensorboard(config.folder, done) if config.logging.tensorboard else None

    def event(self, event: str, message: str, **facts: Any) -> None:
        """Says `message` and writes `{"event": event, …}`."""
        if not self.speaks:
            return
        self._file.write(_event_line(event, **facts))
        click.echo(message)

    def start_clock(self) -> None:
        """The time of the next step begins now; call it after anything that is not a step."""
        self.since = time.monotonic()

    def step(self, step: int, *, loss: float, lr: float, grad_norm: float) -> None:
        """One step is done."""
        now = time.monotonic()
        seconds, self.since = now - self.since, now
        before = self.seconds_a_step
        self.seconds_a_step = seconds if before is None else SMOOTHING * before + (1 - SMOOTHING) * seconds
        if not self.speaks:
            return
        record = Step(
            step=step,
            tokens=step * self.config.tokens_per_step,
            loss=loss,
            lr=lr,
            grad_norm=grad_norm,
            seconds=seconds,
            tokens_per_second=self.config.tokens_per_step / seconds,
        )
        self._file.write(json.dumps(dataclasses.asdict(record)) + "\n")
        if self._board:
            for name in ("loss", "lr", "grad_norm", "tokens_per_second"):
                self._board.add_scalar(name, getattr(record, name), step)
        last = self.config.schedule.train_iters
        if step % self.config.logging.log_interval == 0 or step == last:
            click.echo(self._line(record, last))

    def _line(self, record: Step, last: int) -> str:
        assert self.seconds_a_step is not None
        left = duration(self.seconds_a_step * (last - record.step))
        return (
            f"step {record.step:>{len(str(last))}}/{last}  loss {record.loss:7.4f}  lr {record.lr:.2e}"
            f"  grad norm {record.grad_norm:7.3f}  {self.config.tokens_per_step / self.seconds_a_step:,.0f}"
            f" tokens/s  {left} left"
        )

    def close(self) -> None:
        """Writes what is left."""
        if self.speaks:
            self._file.close()
            if self._board:
                self._board.close()


def _drop_torn_line(path: Path) -> None:
    """Ends the file at its last newline, so that a crash while writing costs one line and not two."""
    if path.exists():
        with path.open("r+b") as file:
            text = file.read()
            if not text.endswith(b"\n"):
                file.truncate(text.rfind(b"\n") + 1)


def append_event(run: Path, event: str, message: str, **facts: Any) -> None:
    """Says `message` and writes an event from outside of the ranks."""
    path = run / LOG
    _drop_torn_line(path)
    with path.open("a", encoding="utf-8") as file:
        file.write(_event_line(event, **facts))
    click.echo(message)


def _event_line(event: str, **facts: Any) -> str:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return json.dumps({"event": event, "time": now, **facts}, ensure_ascii=False) + "\n"


def _tensorboard(folder: Path, done: int) -> Any:
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder / "tensorboard"), purge_step=done + 1)


def records(run: Path) -> Iterator[dict[str, Any]]:
    """The lines of a run's log, a torn last one left out."""
    with (run / LOG).open(encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                yield json.loads(line)


def steps(run: Path) -> list[Step]:
    """A run's steps in order, without those that a crash undid."""
    done: list[Step] = []
    for record in records(run):
        if "event" not in record:
            done.append(Step(**record))
        elif record["event"] in ("started", "resumed", "rolled_back"):
            done = [step for step in done if step.step <= record["step"]]
    return done


def events(run: Path) -> list[str]:
    """What happened to a run, such as `started`, `resumed`, `saved`, `stopped` or `finished`, in order."""
    try:
        return [record["event"] for record in records(run) if "event" in record]
    except FileNotFoundError:
        return []


def last_event(run: Path) -> str | None:
    """The last thing that happened to a run."""
    return next(reversed(events(run)), None)
