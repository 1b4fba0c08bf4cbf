"""Compares a config with the one that its run was begun with: what decides the weights may not change."""

import copy
from collections.abc import Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pydantic
from pydantic_core import PydanticUndefined, to_jsonable_python

from ncvc.checkpoint.manifest import Change, Manifest, checkpoint_folder, read_at_its_place
from ncvc.errors import CheckpointError, ConfigError
from ncvc.identity import describe, differences
from ncvc.train.changes import CHANGEABLE
from ncvc.train.config import TrainConfig
from ncvc.train.metrics.log import LOG, event_records
from ncvc.train.stages import require_order

if TYPE_CHECKING:
    from ncvc.train.datasets import DatasetFacts

FREE_TO_CHANGE = {
    # Settings that may change between two starts of a run; all others decide its weights.
    "run",
    "checkpoints",
    "parallel",
    "compute",
    "logging",
    "guard",
    "watch",
    "alerts",
    "evaluation",
    # Compared by content.
    "data.prefixes",
    "data.tokenizer",
    "data.num_workers",
    # Validation leaves no trace in the weights.
    "data.validation_prefixes",
    "schedule.eval_interval",
    "schedule.eval_iters",
    # Parts of one sum.
    "schedule.micro_batch_size",
}
ADVICE = "set it back, or name another folder as `run`"
DRAWN_AT_ONCE = {"schedule.train_iters", "data.weights"}
"""Settings that `data.order: megatron` draws the samples of the whole run by."""
BEFORE_THE_FIELD = {"data": {"order": "megatron"}}
"""Meaning of a field's absence in the checkpoints of versions that did not have it, where that is not its default."""


def as_begun(config: TrainConfig, newest: Manifest | None) -> TrainConfig:
    """Returns the config with the run's own value where the config leaves it open: the order of the samples.

    Raises `ConfigError` for stages that this order cannot have.
    """
    if config.data.order is not None:
        return config
    order = _begun_with(newest)["data"]["order"] if newest else "epochs"
    config = config.model_copy(update={"data": config.data.model_copy(update={"order": order})})
    try:
        require_order(config.stages, config.data.order)
    except ValueError as error:
        raise ConfigError(f"{config.run}: {error}") from None
    return config


def require_same_run(
    config: TrainConfig,
    tokenizer: str,
    datasets: "list[DatasetFacts]",
    newest: Manifest,
    changed: Set[str] = frozenset(),
) -> list[Change]:
    """Lists what changes in a run on purpose: the keys in `changed` that differ from the checkpoint `newest`.

    `tokenizer` is the SHA-256 of its manifest. Raises `ConfigError` if config, tokenizer or data differ from the run's
    in more than these and `FREE_TO_CHANGE`.
    """
    changes = _require_same_settings(config, newest, changed)
    _require_same_tokenizer(config, tokenizer, newest)
    _require_same_data(config, datasets, newest)
    return changes


def require_same_finished_run(config: TrainConfig, changed: Set[str] = frozenset()) -> None:
    """Raises `ConfigError` if a config is not that of the finished run in its folder, as `require_same_run` does.

    Tokenizer and data are read only where the config names others, so that saying "nothing was done" stays fast.
    """
    newest = read_at_its_place(checkpoint_folder(config.folder, config.schedule.train_iters))
    config = as_begun(config, newest)
    if changes := _require_same_settings(config, newest, changed):
        raise ConfigError(
            f"{config.run}: finished after step {newest.step}, so --change {changes[0].key} changes no step; raise"
            " schedule.train_iters too, with --change"
        )
    same_tokenizer = config.data.tokenizer == _value(_begun_with(newest), "data.tokenizer")
    if same_tokenizer and config.data.prefixes == list(newest.data):
        return
    from ncvc.train.datasets import inspect_all, inspect_tokenizer

    tokenizer = inspect_tokenizer(config).sha256
    _require_same_tokenizer(config, tokenizer, newest)
    if config.data.prefixes != list(newest.data):
        _require_same_data(config, inspect_all(config, tokenizer), newest)


def _require_same_tokenizer(config: TrainConfig, tokenizer: str, newest: Manifest) -> None:
    if newest.tokenizer != tokenizer:
        raise ConfigError(f"{config.run}: data.tokenizer is not the tokenizer that the run was begun with; {ADVICE}")


def _require_same_data(config: TrainConfig, datasets: "list[DatasetFacts]", newest: Manifest) -> None:
    if list(newest.data.values()) != [dataset.sha256 for dataset in datasets]:
        raise ConfigError(
            f"{config.run}: data.prefixes are not, or no longer hold, what the run was begun with; {ADVICE}"
        )


def _require_same_settings(config: TrainConfig, newest: Manifest, changed: Set[str]) -> list[Change]:
    """Lists the settings in `changed` that differ from the run's; raises `ConfigError` for others, not for data."""
    before, now = _begun_with(newest), config.model_dump(mode="json")
    if found := next(differences(before, now, FREE_TO_CHANGE | changed), None):
        # An item of a list changes with the list.
        key = next((key for key in CHANGEABLE if f"{found[0]}.".startswith(f"{key}.")), None)
        more = f", or change it on purpose with --change {key}=VALUE" if key else ""
        raise ConfigError(f"{config.run}: the run was begun otherwise: {describe(*found)}; {ADVICE}{more}")
    changes = [
        Change(step=newest.step, key=key, before=_value(before, key), now=_value(now, key))
        for key in sorted(changed)
        if _value(before, key) != _value(now, key)
    ]
    for change in changes:
        if change.key in DRAWN_AT_ONCE and config.data.order == "megatron":
            raise ConfigError(
                f"{config.run}: {describe(change.key, change.before, change.now)}, and data.order megatron draws the"
                " samples of the whole run by it; set it back"
            )
    if config.schedule.train_iters < newest.step:
        raise ConfigError(
            f"{config.run}: schedule.train_iters is {config.schedule.train_iters}, and the run has done"
            f" {newest.step} steps; raise it"
        )
    return changes


def _value(section: Any, key: str) -> Any:
    """Returns the value of a dotted key."""
    for name in key.split("."):
        section = section[name]
    return section


def require_none_lost(run: Path) -> None:
    """Raises `CheckpointError` if a run without checkpoints has saved one: it would begin anew with random weights."""
    saved = max((event["step"] for event in event_records(run) if event["event"] == "saved"), default=0)
    if saved:
        raise CheckpointError(
            f"{run / LOG}: step {saved} was saved, but {run / 'checkpoints'} has no checkpoint; put it back, or name"
            " another folder as `run` to begin anew"
        )


def _begun_with(newest: Manifest) -> dict[str, Any]:
    """Returns the config in a checkpoint, with the fields that came later as they were before they came."""
    before = copy.deepcopy(newest.config or {})
    for section, fields in BEFORE_THE_FIELD.items():
        before[section] = fields | before.get(section, {})
    _fill(before, TrainConfig)
    return before


def _fill(section: dict[str, Any], of: type[pydantic.BaseModel]) -> None:
    """Puts the defaults of the fields that a section lacks into it, as JSON."""
    for name, field in of.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, pydantic.BaseModel):
            if name in section or field.default is not PydanticUndefined:
                _fill(section.setdefault(name, {}), field.annotation)
        elif name not in section and not field.is_required():
            default = field.get_default(call_default_factory=True, validated_data=section)
            section[name] = to_jsonable_python(default)
