"""Disk of a run's checkpoints: the size of one, and how many of them stay."""

import math
from pathlib import Path

from ncvc.checkpoint.manifest import checkpoint_folders
from ncvc.files import files_below
from ncvc.machine import disk_free, nearest_folder
from ncvc.train.config import TrainConfig
from ncvc.train.preflight.flops import muon_parameters, parameters


def checkpoint_bytes(config: TrainConfig) -> int:
    """Size of one checkpoint in bytes: the weights in their type and in float32, AdamW's two moments or Muon's one."""
    each = (2 if config.compute.dtype == "bfloat16" else 4) + (16 if config.optimizer.ema else 12)
    return each * parameters(config.model) - 4 * muon_parameters(config)


def written_and_kept(config: TrainConfig) -> tuple[int, int]:
    """Numbers of checkpoints that are written, and that stay at the end."""
    policy, last = config.checkpoints, config.schedule.train_iters
    written = -(-last // policy.save_interval)
    newest = min(policy.keep_last, written)
    if policy.keep_interval == "off":
        return written, newest
    older = (written - newest) * policy.save_interval
    return written, newest + older // math.lcm(policy.save_interval, policy.keep_interval)


def disk_of_checkpoints(config: TrainConfig) -> tuple[int, int, Path]:
    """Bytes that the checkpoints take beside those that are there, the free ones, and the folder that has them."""
    there = sum(path.stat().st_size for folder in checkpoint_folders(config.run) for path in files_below(folder))
    needed = max(0, (written_and_kept(config)[1] + 1) * checkpoint_bytes(config) - there)
    return needed, disk_free(config.folder), nearest_folder(config.folder)
