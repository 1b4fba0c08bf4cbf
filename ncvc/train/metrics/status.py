"""Status of a run, from its folder alone: works for a run on another machine, and needs no torch."""

import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from ncvc.errors import NcvcError
from ncvc.manifest import MANIFEST
from ncvc.train.config import TrainConfig
from ncvc.train.metrics.log import LOG, Step, as_step, event_records, records, standing
from ncvc.units import duration

SILENCE = 300.0
"""Seconds without a record after which a run on another machine counts as silent; ten steps, if they take longer."""
EVENTS = 5
"""Number of last events that are shown."""


@dataclass(frozen=True)
class Status:
    """State of a run by its folder. Times are seconds since 1970."""

    run: Path
    state: str
    """`running`, `restarting`, `stopped`, `finished`, `died` or `silent`."""
    place: str
    """Machine and process number of the first rank, a clause; empty if the log has none."""
    written: float
    """Time of the log's last write."""
    last: Step | None
    steps: int | None
    """Planned steps by config.yaml; None if that cannot be read."""
    batch_size: int | None
    """Samples of a step behind the ramp by config.yaml; None without a ramp."""
    stages: int
    """Planned stages by config.yaml."""
    stage: str
    """Settings of the present stage and its first step, a clause; empty if the log has none."""
    skipped: int
    """Skipped and left-out steps."""
    skipped_tokens: int
    """Tokens of these steps."""
    checkpoint: Path | None
    """Newest checkpoint."""
    events: Sequence[dict[str, Any]]
    """Last events, oldest first."""


def status(run: Path, now: float | None = None) -> Status:
    """Reads a run folder; raises `NcvcError` if it has no log. `now`: seconds since 1970."""
    now = time.time() if now is None else now
    try:
        written = (run / LOG).stat().st_mtime
        lines = list(records(run))
    except FileNotFoundError:
        raise NcvcError(f"{run}: not a run folder, it has no {LOG}; or its first start has not come so far") from None
    events = [line for line in lines if "event" in line]
    left = standing(lines)
    done = [line for line in left if "event" not in line]
    last = as_step(done[-1]) if done else None
    starts: list[dict[str, Any]] = [event for event in events if event["event"] in ("started", "resumed")]
    ends = [event for event in events if event["event"] in ("stopped", "finished")]
    origin = starts[-1] if starts else {}
    over = bool(ends) and events.index(ends[-1]) > events.index(origin)
    state = ends[-1]["event"] if over else _alive(origin, now - written, last)
    if state == "died" and events[-1]["event"] == "restarted" and now - written < SILENCE:
        state = "restarting"
    place = f"{origin['host']}, process {origin['pid']}" if "pid" in origin else ""
    newest = max((path for path in (run / "checkpoints").glob("step_*") if (path / MANIFEST).exists()), default=None)
    skipped = max([last.skipped if last else 0, *(event.get("skipped", 0) for event in events)])
    skipped_tokens = max([_skipped_tokens(last, skipped), *(event.get("skipped_tokens", 0) for event in events)])
    steps, batch_size, stages = _planned(run)
    stage = next((f"{line['settings']}, from step {line['step']:,}" for line in reversed(left) if _is_stage(line)), "")
    return Status(
        run=run,
        state=state,
        place=place,
        written=written,
        last=last,
        steps=steps,
        batch_size=batch_size,
        stages=stages,
        stage=stage,
        skipped=skipped,
        skipped_tokens=skipped_tokens,
        checkpoint=newest,
        events=events[-EVENTS:],
    )


def _is_stage(line: dict[str, Any]) -> bool:
    return line.get("event") == "stage"


def _skipped_tokens(last: Step | None, skipped: int) -> int:
    """Tokens of skipped steps by the last step's record; older ones lack them, and all their steps were alike."""
    if last is None:
        return 0
    if last.skipped_tokens is not None:
        return last.skipped_tokens
    return skipped * last.tokens // max(1, last.step - last.skipped)


def is_finished(config: TrainConfig) -> bool:
    """Returns whether the run's last event is its end at the config's last step, whose checkpoint is there."""
    last = config.schedule.train_iters
    events = event_records(config.folder)
    return (
        bool(events)
        and (events[-1]["event"], events[-1].get("step")) == ("finished", last)
        and (config.folder / "checkpoints" / f"step_{last:08}" / MANIFEST).exists()
    )


def _alive(origin: dict[str, Any], silence: float, last: Step | None) -> str:
    """Decides between `running`, `died` and `silent` for a run without a final event."""
    if origin.get("host") == socket.gethostname():
        began = datetime.fromisoformat(origin["time"]).timestamp()
        return "running" if _runs(origin["pid"], began) else "died"
    return "running" if silence < max(SILENCE, 10 * (last.seconds if last else 0.0)) else "silent"


def _runs(pid: int, by: float) -> bool:
    """Tells whether the process of this number runs and began before `by`; numbers are reused."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        booted = next(
            int(line.split()[1])
            for line in Path("/proc/stat").read_text(encoding="utf-8").splitlines()
            if line.startswith("btime")
        )
    except (OSError, StopIteration):
        return False
    began = booted + int(fields[19]) / os.sysconf("SC_CLK_TCK")  # field 22 of proc(5): ticks after the boot
    return fields[0] != "Z" and began < by + 2  # the kernel's clock and the log's round differently


def _planned(run: Path) -> tuple[int | None, int | None, int]:
    """Steps, `Status.batch_size` and stages by config.yaml; None and one if that cannot be read."""
    try:
        config = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
        schedule = config["schedule"]
        batch_size = int(schedule["global_batch_size"]) if schedule.get("rampup") else None
        return int(schedule["train_iters"]), batch_size, 1 + len(config.get("stages", []))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError):
        return None, None, 1


def describe(status: Status, now: float | None = None) -> list[str]:
    """Lines about a status for the console. `now`: seconds since 1970."""
    now = time.time() if now is None else now
    rows = [("run", str(status.run)), ("state", _state(status, now))]
    last = status.last
    if last is None:
        rows.append(("step", "none is done yet"))
    else:
        of = f" of {status.steps:,} ({last.step / status.steps:.1%})" if status.steps else ""
        rows.append(("step", f"{last.step:,}{of}, {last.tokens:,} tokens"))
        if status.batch_size and last.batch_size:
            rows.append(("batch", f"{last.batch_size:,} samples, of {status.batch_size:,} behind the ramp"))
        if status.stages > 1:
            rows.append(("stage", f"{last.stage} of {status.stages}{': ' if status.stage else ''}{status.stage}"))
        smoothed = "" if last.smoothed_loss is None else f", smoothed {last.smoothed_loss:.4f}"
        rows.append(("loss", f"{last.loss:.4f}{smoothed}; gradient norm {last.grad_norm:.3g}, lr {last.lr:.2e}"))
        rows.append(("speed", _speed(last)))
        if status.state == "running" and last.seconds_left is not None:
            rows.append(("left", duration(max(last.seconds_left - (now - status.written), 0.0))))
        tokens = f", {status.skipped_tokens:,} tokens" if status.skipped_tokens else ""
        rows.append(("skipped", f"{status.skipped:,} steps{tokens}"))
    if status.checkpoint is None:
        rows.append(("checkpoint", "none yet"))
    else:
        age = now - (status.checkpoint / MANIFEST).stat().st_mtime
        rows.append(("checkpoint", f"{status.checkpoint.name}, {duration(age)} ago"))
    lines = [f"{name:<10}  {text}" for name, text in rows]
    return [*lines, *(f"{'':10}  {_event(event)}" for event in status.events)]


def _state(status: Status, now: float) -> str:
    ago = f"{duration(max(now - status.written, 0.0))} ago"
    place = f" on {status.place}" if status.place else ""
    match status.state:
        case "running":
            return f"running{place}; last wrote {ago}"
        case "restarting":
            return f"restarting: its ranks ended {ago} and are being started again"
        case "died":
            return f"DIED: the process is gone and said no end; last wrote {ago}; start it again to go on"
        case "silent":
            return f"SILENT: last wrote {ago}{place}, and did not say that it ended; look there"
        case "stopped":
            return f"stopped on request {ago}; start it again to go on"
        case _:
            return f"finished {ago}"


def _speed(last: Step) -> str:
    parts = [f"{last.tokens_per_second:,.0f} tokens/s"]
    if last.tflops_per_gpu is not None:
        parts.append(f"{last.tflops_per_gpu:.3g} TFLOP/s a rank")
    if last.mfu is not None:
        parts.append(f"{last.mfu:.1%} MFU")
    if last.memory is not None:
        parts.append(f"{last.memory / 2**30:.1f} GiB")
    return ", ".join(parts)


def _event(event: dict[str, Any]) -> str:
    when = datetime.fromisoformat(event["time"]).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    step = f" at step {event['step']:,}" if "step" in event else ""
    more = event.get("reason") or event.get("problem") or event.get("settings") or ""
    if event["event"] == "validation":
        more = f"loss {event['loss']:.4f}"
    if event["event"] == "evaluation":
        more = ", ".join(f"{task} {score:.2f}" for task, score in event["scores"].items())
    return f"{when}  {event['event'].replace('_', ' ')}{step}{': ' if more else ''}{more}"
