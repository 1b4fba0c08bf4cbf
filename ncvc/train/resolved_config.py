"""Resolved config of a run: its YAML, its hash, and the copy in the run folder."""

import hashlib
import os
import uuid
from collections.abc import Iterable
from itertools import chain, count
from pathlib import Path

import torch.distributed as dist

from ncvc.errors import ConfigError
from ncvc.files import whole_file
from ncvc.outputs import CONFIG_HEAD, is_sealed_config, sealed_config
from ncvc.train.config import TrainConfig
from ncvc.yaml12 import dump

HEAD = f"{CONFIG_HEAD.decode()} SHA-256 of the lines below: "


def resolved(config: TrainConfig) -> str:
    """Writes the whole config as YAML, defaults included."""
    return dump(config.model_dump(mode="json"))


def config_hash(config: TrainConfig) -> str:
    """SHA-256 of `resolved(config)`, in hexadecimal."""
    return hashlib.sha256(resolved(config).encode()).hexdigest()


def require_one_run(config: TrainConfig, changed: Iterable[str] = ()) -> None:
    """Raises `ConfigError` if the machines were given different configs, or do not see the same run folder.

    All ranks call it, before any other collective.
    """
    hashes: list[str] = [""] * dist.get_world_size()
    dist.all_gather_object(hashes, " ".join([config_hash(config), *sorted(changed)]))
    if len(set(hashes)) > 1:
        raise ConfigError(
            "the machines were given different configs; start all with the same file and the same --set and --change"
        )
    sign = [config.folder / f".seen-by-all.{uuid.uuid4().hex}"]
    dist.broadcast_object_list(sign)
    if dist.get_rank() == 0:
        config.folder.mkdir(parents=True, exist_ok=True)
        sign[0].touch()
    dist.barrier()
    seen: list[bool] = [False] * dist.get_world_size()
    dist.all_gather_object(seen, sign[0].exists())
    if dist.get_rank() == 0:
        sign[0].unlink()
    if not all(seen):
        raise ConfigError(
            f"{config.run}: the machines do not see one folder under this name; put the run on storage that all share,"
            " and start all in the same folder"
        )


def publish(config: TrainConfig) -> Path | None:
    """Writes `config.yaml` with its hash into the run folder; the first rank calls it once the run is accepted.

    One that was edited since keeps its content under the name that is returned.
    """
    kept = _keep_edited(config.folder / "config.yaml")
    with whole_file(config.folder / "config.yaml") as partial:
        partial.write_text(sealed_config(HEAD, resolved(config)), encoding="utf-8")
    return kept


def _keep_edited(file: Path) -> Path | None:
    """Renames a file of ours that is not as its own hash says; None if there is nothing to keep."""
    if not file.exists() or is_sealed_config(HEAD, file):
        return None
    names = chain(["config.edited.yaml"], (f"config.edited-{number}.yaml" for number in count(2)))
    kept = next(path for path in map(file.with_name, names) if not os.path.lexists(path))
    file.rename(kept)
    return kept
