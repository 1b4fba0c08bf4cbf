"""Metric loggers besides log.jsonl: TensorBoard, and Weights & Biases if the config asks for it."""

import hashlib
import os
from collections.abc import Mapping
from typing import Any, Protocol

from ncvc.errors import ConfigError
from ncvc.train.config import TrainConfig
from ncvc.train.packages import without_wandb


class MetricLogger(Protocol):
    """A program that draws curves of metrics."""

    def add(self, values: Mapping[str, float], step: int) -> None:
        """Adds a point to each named curve."""

    def close(self) -> None:
        """Writes buffered points and ends."""


def metric_loggers(config: TrainConfig, done: int) -> list[MetricLogger]:
    """Opens the loggers of the section `logging`; `done`: steps before the next one.

    Raises `ConfigError` if Weights & Biases is asked for and not installed.
    """
    found: list[MetricLogger] = []
    if config.logging.tensorboard:
        found.append(TensorBoard(config, done))
    if config.logging.wandb != "off":
        found.append(WeightsAndBiases(config))
    return found


class TensorBoard:
    """Event files in `tensorboard/` of the run folder; points of undone steps are hidden."""

    def __init__(self, config: TrainConfig, done: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(config.folder / "tensorboard"), purge_step=done + 1)

    def add(self, values: Mapping[str, float], step: int) -> None:
        """See `MetricLogger`."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """See `MetricLogger`."""
        self._writer.close()


class WeightsAndBiases:
    """Run files in `wandb/` of the run folder; only `logging.wandb: online` sends anything off the machine.

    It gets metrics and config, and nothing of console, code, repository, packages or the machine.
    """

    def __init__(self, config: TrainConfig) -> None:
        try:
            import wandb
        except ModuleNotFoundError:
            raise ConfigError(without_wandb(config)) from None
        os.environ["WANDB_ERROR_REPORTING"] = "false"  # else it reports its own failures to its makers
        place = str(config.folder.resolve())
        self._run: Any = wandb.init(
            project="ncvc",
            name=config.folder.name,
            # The same id whenever the run resumes.
            id=hashlib.sha256(place.encode()).hexdigest()[:16],
            resume="allow",
            dir=str(config.folder),
            mode=config.logging.wandb,
            config=config.model_dump(mode="json"),
            settings=wandb.Settings(
                silent=True,
                console="off",
                disable_git=True,
                disable_code=True,
                x_disable_stats=True,
                x_disable_meta=True,
                x_save_requirements=False,
            ),
        )

    def add(self, values: Mapping[str, float], step: int) -> None:
        """See `MetricLogger`."""
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        """See `MetricLogger`."""
        self._run.finish()
