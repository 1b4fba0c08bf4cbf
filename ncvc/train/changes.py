"""Settings that may change in a run on purpose; needs neither torch nor numpy."""

from collections.abc import Iterable

from ncvc.errors import ConfigError
from ncvc.train.config import OptimizerConfig, ScheduleConfig

CHANGEABLE = (
    *(f"optimizer.{name}" for name in OptimizerConfig.model_fields if name != "name"),
    "schedule.train_iters",
    *(f"schedule.{name}" for name in ScheduleConfig.model_fields if name.startswith("lr_")),
    "data.weights",
    "stages",
)
"""Settings that `--change` may change in a run: the steps before stay as they were. The optimizer's name is none, since
its state is of its kind."""


def changed_keys(changes: Iterable[str]) -> frozenset[str]:
    """Returns the keys of `--change KEY=VALUE`; raises `ConfigError` for one that cannot change in a run."""
    keys = frozenset(change.partition("=")[0] for change in changes)
    # One of them changes the list.
    keys = frozenset("stages" if key.startswith("stages.") else key for key in keys)
    for key in sorted(keys):
        if key not in CHANGEABLE:
            raise ConfigError(f"--change {key}: cannot change in a run; what can: {', '.join(CHANGEABLE)}")
    return keys
