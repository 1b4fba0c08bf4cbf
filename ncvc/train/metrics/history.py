"""Histories of runs, read from their logs for plots."""

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ncvc.errors import NcvcError
from ncvc.smoothing import centred_means
from ncvc.train.metrics.log import LOG, Step, as_step, records, standing

EVENTS = ("validation", "evaluation", "skipped", "left_out", "resumed", "rolled_back", "stage")
TOKEN_UNITS = ((1e9, "billions"), (1e6, "millions"), (1e3, "thousands"), (1.0, ""))


@dataclass(frozen=True)
class RunHistory:
    """Steps of a run and the events between them."""

    name: str
    steps: Sequence[Step]
    smoothed: Sequence[float]
    """The centred mean of the losses at each step; the last is what the log calls `smoothed_loss`."""
    validation: Sequence[tuple[int, float]]
    """Step and loss of each validation."""
    sources: dict[str, float]
    """The last validation's loss by source."""
    skipped: Sequence[int]
    """Skipped and left-out steps."""
    resumed: Sequence[int]
    """Steps after which the run resumed or rolled back."""
    stages: Sequence[int]
    """First step of each stage behind the first one."""
    config: str
    """SHA-256 of config.yaml's lines but for a comment on top; empty without the file."""
    evaluation: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    """Task → step and score of each checkpoint that was measured."""
    is_tuning: bool = False
    """True for a run of `ncvc tune`."""

    def tokens_at(self, step: int) -> float:
        """Tokens up to a step, on a straight line between the steps of the log."""
        place = bisect_left(self.steps, step, key=lambda own: own.step)
        if place == len(self.steps):
            return self.steps[-1].tokens
        after = self.steps[place]
        begin, tokens = (self.steps[place - 1].step, self.steps[place - 1].tokens) if place else (0, 0)
        return tokens + (after.tokens - tokens) * (step - begin) / (after.step - begin)

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens of all steps by their seconds; None if these are not known."""
        tokens = sum(step.tokens_per_second * step.seconds for step in self.steps)
        return tokens / self.seconds if self.seconds else None

    @property
    def seconds(self) -> float:
        """Sum of the steps' seconds, without the time between them."""
        return sum(step.seconds for step in self.steps)


def read_histories(runs: Sequence[Path]) -> list[RunHistory]:
    """Reads run folders; raises `NcvcError` if one is no run folder, or has no step yet."""
    names = [run.resolve().name for run in runs]
    alike = len(set(names)) < len(names)
    return [_history(run, str(run) if alike else name) for run, name in zip(runs, names, strict=True)]


def _history(run: Path, name: str) -> RunHistory:
    try:
        lines = standing(records(run))
    except FileNotFoundError:
        raise NcvcError(
            f"{run}: not a run folder, it has no {LOG}; give the folder that a config calls `run`"
        ) from None
    try:
        steps = [as_step(line) for line in lines if "event" not in line]
    except TypeError:
        raise NcvcError(f"{run / LOG}: has steps without what `ncvc train` logs of each; give a run of ncvc") from None
    if not steps:
        raise NcvcError(f"{run}: no step is done yet; plot it later")
    events = {event: [line for line in lines if line.get("event") == event] for event in EVENTS}
    left_out = [step for line in events["left_out"] for step in range(line["steps"][0], line["steps"][1] + 1)]
    return RunHistory(
        name=name,
        steps=steps,
        smoothed=centred_means([step.loss for step in steps]),
        validation=[(line["step"], line["loss"]) for line in events["validation"]],
        sources=_sources(events["validation"][-1]["sources"]) if events["validation"] else {},
        skipped=sorted({*(line["step"] for line in events["skipped"]), *left_out}),
        resumed=[line["step"] for line in (*events["resumed"], *events["rolled_back"])],
        stages=[line["step"] for line in events["stage"]],
        config=_config_hash(run / "config.yaml"),
        evaluation=_evaluation(events["evaluation"]),
        is_tuning=any(line.get("kind") == "tune" for line in lines if "event" in line),
    )


def _evaluation(lines: Sequence[dict[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    """Scores by task, in the order of the steps; of two of one step the later."""
    found: dict[str, dict[int, float]] = {}
    for line in lines:
        for task, score in line["scores"].items():
            found.setdefault(task, {})[line["step"]] = score
    return {task: sorted(scores.items()) for task, scores in found.items()}


def _sources(sources: dict[str, float | dict[str, float]]) -> dict[str, float]:
    """Maps sources to losses; older logs have the loss itself, newer ones a section with it."""
    return {name: value["loss"] if isinstance(value, dict) else value for name, value in sources.items()}


def _config_hash(path: Path) -> str:
    if not path.is_file():
        return ""
    lines = path.read_bytes().splitlines(keepends=True)
    return hashlib.sha256(b"".join(line for line in lines if not line.startswith(b"#"))).hexdigest()


def token_unit(histories: Sequence[RunHistory]) -> tuple[float, str]:
    """Chooses the unit of the axis of tokens: number of tokens, and its name."""
    return unit_of(max(history.steps[-1].tokens for history in histories))


def unit_of(most: float) -> tuple[float, str]:
    """Chooses the unit of an axis of tokens up to `most`: number of tokens, and its name."""
    return next(((scale, unit) for scale, unit in TOKEN_UNITS if most >= scale), TOKEN_UNITS[-1])
