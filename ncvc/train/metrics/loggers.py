"""Where curves go besides log.jsonl: TensorBoard, and Weights & Biases if it is asked for."""

import hashlib
import os
from collections.abc import Mapping
from typing import Any, Protocol

from ncvc.errors import ConfigError
from ncvc.train.config import TrainConfig


class MetricLogger(Protocol):
    """Something that draws curves."""

    def add(self, values: Mapping[str, float], step: int) -> None:
        """A point of each curve."""

    def close(self) -> None:
        """Writes what is left."""


def metric_loggers(config: TrainConfig, done: int) -> list[MetricLogger]:
    """Those that `logging` asks for; `done` steps are in the weights.

    Raises `ConfigError` if Weights & Biases is asked for and not installed.
    """
    found: list[MetricLogger] = []
    if config.logging.tensorboard:
        found.append(TensorBoard(config, done))
    if config.logging.wandb != "off":
        found.append(WeightsAndBiases(config))
    return found


class TensorBoard:
    """`tensorboard/` in the run folder; points of steps that a crash undid are hidden."""

    def __init__(self, config: TrainConfig, done: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(config.folder / "tensorboard"), purge_step=done + 1)

    def add(self, values: Mapping[str, float], step: int) -> None:
        """See `Board`."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """See `Board`."""
        self._writer.close()


class WeightsAndBiases:
    """`wandb/` in the run folder; only with `logging.wandb: online` does anything leave the machine.

    It gets the curves and the config, and nothing of console, code, repository, packages or the machine.
    """

    def __init__(self, config: TrainConfig) -> None:
        try:
            import wandb
        except ModuleNotFoundError:
            raise ConfigError(
                f"logging.wandb is {config.logging.wandb!r}, but wandb is not installed; pip install wandb, or set"
                " logging.wandb to off"
            ) from None
        os.environ["WANDB_ERROR_REPORTING"] = "false"  # else it tells its makers of its own failures
        place = str(config.folder.resolve())
        self._run: Any = wandb.init(
            project="ncvc",
            name=config.folder.name,
            # The same run when it goes on.
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
        """See `Board`."""
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        """See `Board`."""
        self._run.finish()
