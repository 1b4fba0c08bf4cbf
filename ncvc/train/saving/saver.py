"""Asynchronous saving: the loop waits while the state is copied to the host, and a thread of each rank writes the copy.

The threads use no collectives, for which the loop would have to wait: see `ncvc.checkpoint.commit`.
"""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
import torch.distributed as dist
from megatron.core.models.gpt.gpt_model import GPTModel
from megatron.core.optimizer.distrib_optimizer import DistributedOptimizer

from ncvc.checkpoint.commit import commit, join, leave_shard, prepare, sentence
from ncvc.checkpoint.format import Owned
from ncvc.checkpoint.manifest import Facts, checkpoint_folder
from ncvc.errors import CheckpointError
from ncvc.model.parallel import Ranks
from ncvc.train.config import TrainConfig
from ncvc.train.elastic.heartbeat import IO_ALLOWANCE, announce_wait, send_heartbeat
from ncvc.train.metrics.log import RunLog, records
from ncvc.train.saving.retention import Retention
from ncvc.train.saving.state import pieces

NOTICEABLE = 0.1  # seconds of waiting from which an event is logged


@dataclass
class _Save:
    """One save and its outcome, which its thread fills in."""

    folder: Path
    facts: Facts
    began: float
    stood_still: float = 0.0
    seconds: float = 0.0
    manifest_sha256: str = ""
    removed: list[Path] = field(default_factory=list)
    error: str = ""
    shard_left: threading.Event = field(default_factory=threading.Event)
    """Set when this rank's shard is written or has failed."""
    untold: str = ""
    """Error that this rank could not leave in the folder for the first one, which waits for it."""
    removal_error: str = ""


class Saver:
    """Saves a training, one checkpoint at a time; every rank has a saver, and all make the same calls."""

    def __init__(self, config: TrainConfig, ranks: Ranks, log: RunLog) -> None:
        self.config = config
        self.ranks = ranks
        self.log = log
        self._copies: dict[str, torch.Tensor] = {}
        self._thread: threading.Thread | None = None
        self._save: _Save | None = None
        self._failure = ""
        if ranks.is_first:
            # Of the events `saved` and `resumed`, since a crash may come before `saved` is written.
            own = (record["manifest_sha256"] for record in records(config.folder) if "manifest_sha256" in record)
            self._retention = Retention(config.folder, config.checkpoints, own)

    def save(self, gpt: GPTModel, optimizer: DistributedOptimizer, facts: Facts) -> None:
        """Begins to save the present state, after the save before it has ended; `report` logs the outcome."""
        began = time.monotonic()
        self.wait()
        save = _Save(checkpoint_folder(self.config.run, facts.step), facts, began)
        answer = ["", ""]
        announce_wait()
        if self.ranks.is_first:
            send_heartbeat("saving", allowance=IO_ALLOWANCE)
            answer = self._prepare(save.folder)
        dist.broadcast_object_list(answer)
        send_heartbeat("saving", allowance=IO_ALLOWANCE)
        place, save.error = answer
        self._save = save
        if not save.error:
            work = partial(self._write, save, Path(place), self._copy(pieces(gpt, optimizer, self.ranks)))
            if self.config.checkpoints.async_save:
                self._thread = threading.Thread(target=work, name="save")
                self._thread.start()
            else:
                work()
        save.stood_still = time.monotonic() - began
        self.report()
        self.log.start_clock()

    def report(self) -> None:
        """Logs the outcome of the last save, once it is known.

        Raises `CheckpointError` on a rank that could not leave its error in the folder.
        """
        save = self._save
        if save is None or (self._thread is not None and self._thread.is_alive()):
            return
        self._save = self._thread = None
        self._failure = save.error
        if not self.ranks.is_first:
            if save.untold:
                raise CheckpointError(save.untold)
            return
        step = save.facts.step
        if save.error:
            message = (
                f"SAVING {save.folder} FAILED: {save.error}; the checkpoints before it are untouched,"
                " and the next save tries again"
            )
            self.log.event("save_failed", message, step=step, error=save.error)
            return
        message = f"saved {save.folder} in {save.seconds:.1f} s; the steps stood still for {save.stood_still:.1f} s"
        if save.removed:
            message += f"; removed {', '.join(folder.name for folder in save.removed)}"
        if save.removal_error:
            message += f"; COULD NOT REMOVE AN OLDER ONE: {save.removal_error}"
        self.log.event(
            "saved",
            message,
            step=step,
            seconds=round(save.seconds, 3),
            stood_still=round(save.stood_still, 3),
            manifest_sha256=save.manifest_sha256,
            removed=[folder.name for folder in save.removed],
        )

    def finish(self) -> None:
        """Waits for the last save; raises `CheckpointError` on every rank if it failed."""
        self.wait()
        announce_wait()
        failure = [self._failure]
        dist.broadcast_object_list(failure)
        if failure[0]:
            raise CheckpointError(
                f"{self.config.run}: the last checkpoint could not be saved: {failure[0]};"
                " see to it and start again to go on from the checkpoint before it"
            )

    def wait(self) -> None:
        """Waits until no save is under way."""
        began = time.monotonic()
        self._join()
        waited = time.monotonic() - began
        if waited > NOTICEABLE and self._save is not None:
            message = f"waited {waited:.1f} s for {self._save.folder}, which was still being written"
            self.log.event("waited", message, step=self._save.facts.step, seconds=round(waited, 3))
        self.report()

    def _join(self) -> None:
        if self._thread is None or self._save is None:
            return
        send_heartbeat("saving", allowance=IO_ALLOWANCE)
        self._save.shard_left.wait()
        announce_wait()  # the first rank waits for the others' shards
        self._thread.join()

    def _prepare(self, folder: Path) -> list[str]:
        try:
            return [str(prepare(folder, self.ranks.world_size)), ""]
        except OSError as error:
            return ["", sentence(error, folder)]

    def _copy(self, tensors: Iterable[Owned]) -> list[Owned]:
        """Copies tensors to the host, into memory that every save reuses."""
        copied = []
        for name, shape, piece, data in tensors:
            if name not in self._copies:
                self._copies[name] = torch.empty(data.shape, dtype=data.dtype, device="cpu")
            copied.append((name, shape, piece, self._copies[name].copy_(data.detach())))
        return copied

    def _write(self, save: _Save, place: Path, copies: list[Owned]) -> None:
        """Writes the shard and, on the first rank, commits the checkpoint; runs in the thread if there is one."""
        try:
            try:
                leave_shard(place, self.ranks.rank, copies)
            finally:
                save.shard_left.set()
            if self._thread is None:
                announce_wait()
            if not self.ranks.is_first:
                return
            manifest = join(place, self.ranks.world_size, save.facts)
            self._retention.written(manifest)
            commit(place, save.folder)
            save.manifest_sha256 = manifest.manifest_sha256
            save.seconds = time.monotonic() - save.began
        except Exception as error:
            save.error = save.untold = sentence(error, save.folder)
            return
        try:
            save.removed = self._retention.published(manifest)
        except Exception as error:
            save.removal_error = sentence(error, save.folder)
