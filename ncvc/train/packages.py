"""Packages that some settings of a run need, looked for before anything slow is imported."""

from importlib.util import find_spec

from ncvc.errors import ConfigError
from ncvc.train.config import TrainConfig


def require_packages(config: TrainConfig) -> None:
    """Raises `ConfigError` for a setting whose package is not installed; only the first machine needs them."""
    if config.logging.wandb != "off" and find_spec("wandb") is None:
        raise ConfigError(without_wandb(config))
    require_exporter(config)


def require_exporter(config: TrainConfig) -> None:
    """Raises `ConfigError` if checkpoints are to be exported and what does so is not installed."""
    if config.checkpoints.export and find_spec("transformers") is None:
        raise ConfigError(
            "checkpoints.export: transformers, which checks the export, is not installed; pip install 'ncvc[hf]',"
            " or leave it out"
        )


def without_wandb(config: TrainConfig) -> str:
    """Says in a sentence that Weights & Biases is missing."""
    return (
        f"logging.wandb is {config.logging.wandb!r}, but wandb is not installed; pip install wandb, or set"
        " logging.wandb to off"
    )
