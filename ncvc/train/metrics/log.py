"""Log of a run: console, log.jsonl, TensorBoard and Weights & Biases.

`log.jsonl` has two kinds of lines: `{"event": …}`, and one line per step with the fields of `Step`. Steps that a crash
or a rollback undid stay in the file: an event in `UNDOING` voids the steps after its own.
"""

import contextlib
import dataclasses
import json
import math
import resource
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ncvc.progress import Reporter
from ncvc.smoothing import ExponentialMean
from ncvc.train.config import TrainConfig
from ncvc.train.metrics.log_file import LogFile
from ncvc.train.metrics.loggers import metric_loggers
from ncvc.train.preflight.flops import flops_per_token
from ncvc.train.preflight.gpu_specs import find_gpu_spec
from ncvc.train.step_plan import StepPlan, Stretch
from ncvc.units import duration, short, three_digits

LOG = "log.jsonl"
UNDOING = ("started", "resumed", "rolled_back")  # events that void the steps after their own


@dataclasses.dataclass(frozen=True)
class Step:
    """One step of the optimizer. Fields that an older log lacks have their default."""

    step: int
    tokens: int
    """Tokens since the beginning of the run, without those of skipped steps."""
    loss: float
    """Mean cross entropy of the step's tokens, in nats."""
    lr: float
    grad_norm: float
    """2-norm of the gradient before clipping."""
    seconds: float
    tokens_per_second: float
    """Over all ranks."""
    smoothed_loss: float | None = None
    """`ExponentialMean` of the losses so far."""
    tokens_per_second_per_gpu: float | None = None
    """Speed of one rank: a GPU, or a process on a CPU."""
    tflops_per_gpu: float | None = None
    """10^12 floating-point operations a second of one rank, by `ncvc.train.preflight.flops`."""
    mfu: float | None = None
    """`tflops_per_gpu` as a share of the GPU's bfloat16 peak; None if that is unknown."""
    skipped: int = 0
    """Steps skipped by the guard since the beginning."""
    z_loss: float | None = None
    """Mean of what the z-loss adds to the loss, in nats; None if nothing is added."""
    skipped_tokens: int | None = None
    """Tokens of these steps."""
    stage: int = 1
    """Number of the stage."""
    batch_size: int | None = None
    """Samples of the step."""
    sequence_length: int | None = None
    """Tokens of a sample."""
    memory: int | None = None
    """Peak memory of the first rank since its start, in bytes: of its GPU, or of the process."""
    seconds_left: float | None = None
    """Seconds to the last step, by the smoothed seconds per step."""


FIELDS = {field.name for field in dataclasses.fields(Step)}


class RunLog:
    """Writes a run's log; `speaks` is True on the first rank only, and the others' logs write nothing.

    Lines for people go to `reporter`, by default nowhere.

    Raises `ConfigError` if `logging` asks for a package that is not installed.
    """

    def __init__(
        self,
        config: TrainConfig,
        *,
        speaks: bool,
        done: int,
        plan: StepPlan | None = None,
        world_size: int = 1,
        reporter: Reporter | None = None,
    ) -> None:
        """Takes the steps `done`, and the run's plan, by default that of a run without changes."""
        self.config = config
        self.plan = plan or StepPlan(config)
        self.reporter = reporter or Reporter()
        self.speaks = speaks
        self.world_size = world_size
        self.seconds_a_step = ExponentialMean()
        self._work_before = 0.0
        self.since = time.monotonic()
        self._first = done + 1
        if not speaks:
            return
        self.smoothed_loss = self._smoothed_loss(done)
        self.peak = _peak(config)
        self._loggers = metric_loggers(config, done)
        self._file = LogFile(config.folder / LOG)

    def event(self, event: str, message: str, **facts: Any) -> None:
        """Reports the lines of `message`, and appends `{"event": event, …}` to log.jsonl."""
        if not self.speaks:
            return
        self._file.write(event_line(event, **facts))
        if event == "rolled_back":
            self.smoothed_loss = self._smoothed_loss(facts["step"])
        for line in message.split("\n"):
            self.reporter.say(line)

    def curve(self, name: str, value: float, step: int) -> None:
        """Adds a point to a curve in TensorBoard and Weights & Biases."""
        if self.speaks:
            for logger in self._loggers:
                logger.add({name: value}, step)

    def start_clock(self) -> None:
        """Starts the time of the next step; call it after anything that is not a step."""
        self.since = time.monotonic()

    def step(
        self,
        step: int,
        *,
        loss: float,
        lr: float,
        grad_norm: float,
        tokens: int,
        skipped: int = 0,
        z_loss: float | None = None,
    ) -> None:
        """Logs a step that updated the weights; `tokens` and `skipped`: of all steps so far that did, and did not."""
        now = time.monotonic()
        seconds, self.since = now - self.since, now
        if not self.speaks:
            return
        last, stretch = self.config.schedule.train_iters, self.plan.at(step)
        left = self._pace(stretch, seconds, step, last)
        speed = stretch.tokens_per_step / seconds
        flops = speed / self.world_size * flops_per_token(self.config.model, stretch.sequence_length)
        record = Step(
            step=step,
            tokens=tokens,
            loss=loss,
            lr=lr,
            grad_norm=grad_norm,
            seconds=seconds,
            tokens_per_second=speed,
            smoothed_loss=self.smoothed_loss.add(loss),
            tokens_per_second_per_gpu=speed / self.world_size,
            tflops_per_gpu=flops / 1e12,
            mfu=flops / self.peak if self.peak else None,
            skipped=skipped,
            z_loss=z_loss,
            skipped_tokens=self.plan.tokens(step) - tokens,
            stage=stretch.stage,
            batch_size=stretch.batch_size,
            sequence_length=stretch.sequence_length,
            memory=peak_memory(),
            seconds_left=left,
        )
        values = dataclasses.asdict(record)
        self._file.write(json.dumps(values) + "\n")
        points = {name: value for name, value in values.items() if name != "step" and value is not None}
        for logger in self._loggers:
            logger.add(points, step)
        if step % self.config.logging.log_interval == 0 or step in (self._first, last):
            self.reporter.say(self._line(record, last))

    def _pace(self, stretch: Stretch, seconds: float, step: int, last: int) -> float:
        """Adds the seconds of a step to the mean; returns those that are left."""
        # Steps of another size take time in proportion to their operations.
        work = self._work(stretch)
        self.seconds_a_step.mean *= work / (self._work_before or work)
        self._work_before = work
        self.seconds_a_step.add(seconds)
        left = sum(count * (self._work(part) / work) for part, count in self.plan.parts(step + 1, last))
        return self.seconds_a_step.mean * left

    def _work(self, stretch: Stretch) -> float:
        """Floating-point operations of a step."""
        return stretch.tokens_per_step * flops_per_token(self.config.model, stretch.sequence_length)

    def _line(self, record: Step, last: int) -> str:
        """Console line of a step, at most 160 columns; speeds are smoothed."""
        stretch = self.plan.at(record.step)
        speed = stretch.tokens_per_step / self.seconds_a_step.mean / self.world_size
        flops = speed * flops_per_token(self.config.model, stretch.sequence_length)
        share = f" {flops / self.peak:.1%} MFU" if self.peak else ""
        parts = (
            f"step {record.step:>{len(str(last))}}/{last}",
            f"loss {record.loss:.4f} ({record.smoothed_loss:.4f})",
            f"lr {record.lr:.2e}",
            f"grad {record.grad_norm:.3g}",
            f"{speed:,.0f} tok/s/{'GPU' if _on_gpu() else 'rank'} {three_digits(flops / 1e12)} TFLOP/s{share}",
            f"{short(record.tokens)} tok",
            f"{record.skipped} skip",
            f"{(record.memory or 0) / 2**30:.0f} GiB",
            f"{duration(record.seconds_left or 0.0)} left",
        )
        return "  ".join(parts)

    def _smoothed_loss(self, done: int) -> ExponentialMean:
        """The mean up to step `done`, from the losses in the log: that of a run without interruption, to the bit."""
        if not done or not (self.config.folder / LOG).exists():
            return ExponentialMean()
        return ExponentialMean(step.loss for step in steps(self.config.folder) if step.step <= done)

    def close(self) -> None:
        """Flushes and closes the log and its loggers."""
        if self.speaks:
            self._file.close()
            for logger in self._loggers:
                logger.close()


def _on_gpu() -> bool:
    import torch  # here, so that reading a log does not wait for it

    return torch.cuda.is_available()


def _peak(config: TrainConfig) -> float | None:
    """Peak of this GPU in the run's arithmetic, in operations per second; None if it is unknown."""
    import torch

    if not _on_gpu() or config.compute.dtype != "bfloat16":
        return None
    card = find_gpu_spec(torch.cuda.get_device_name())
    return card.tflops * 1e12 if card and card.tflops else None


def peak_memory() -> int:
    """Returns `Step.memory`: what torch has reserved of a GPU, or the process's resident set."""
    import torch

    if _on_gpu():
        return int(torch.cuda.max_memory_reserved())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # kibibytes on Linux


def perplexity(loss: float) -> float:
    """Exponential of a loss in nats; infinite beyond the range of floats."""
    return math.exp(loss) if loss < 700 else math.inf


def append_event(run: Path, event: str, **facts: Any) -> None:
    """Appends an event from outside of the ranks, while they may append too."""
    with contextlib.closing(LogFile(run / LOG)) as file:
        file.write(event_line(event, **facts))


def event_line(event: str, **facts: Any) -> str:
    """Writes an event as a line of log.jsonl, with its newline."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return json.dumps({"event": event, "time": now, **facts}, ensure_ascii=False) + "\n"


def records(run: Path) -> Iterator[dict[str, Any]]:
    """Yields the records of a run's log; skips torn and damaged lines."""
    with (run / LOG).open(encoding="utf-8", errors="replace") as file:
        for line in file:
            with contextlib.suppress(ValueError, TypeError):
                record = json.loads(line)
                if not line.endswith("\n") or not isinstance(record, dict):
                    continue
                if "time" in record:
                    datetime.fromisoformat(record["time"])
                yield record


def steps(run: Path) -> list[Step]:
    """Steps of a run in order, without undone ones."""
    return [as_step(line) for line in standing(records(run)) if "event" not in line]


def as_step(line: dict[str, Any]) -> Step:
    """Makes a step of its record; fields that this version does not know are left out."""
    return Step(**{name: line[name] for name in FIELDS & line.keys()})


def standing(lines: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Drops the records of steps that a later record undoes."""
    left: list[dict[str, Any]] = []
    for line in lines:
        if line.get("event") in UNDOING:
            left = [before for before in left if before.get("step", 0) <= line["step"]]
        left.append(line)
    return left


def events(run: Path) -> list[str]:
    """Names of a run's events in order, such as `started`, `resumed`, `saved`, `stopped` or `finished`."""
    return [record["event"] for record in event_records(run)]


def event_records(run: Path) -> list[dict[str, Any]]:
    """Records of a run's events in order; empty if it has no log."""
    try:
        return [record for record in records(run) if "event" in record]
    except FileNotFoundError:
        return []
