"""Builds a training from its config, and fills it from the newest whole checkpoint or with initial weights."""

from collections.abc import Set
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib.metadata import version
from typing import Any

import torch
import torch.distributed as dist
from megatron.core.distributed import DistributedDataParallel
from megatron.core.models.gpt.gpt_model import GPTModel
from megatron.core.optimizer.distrib_optimizer import DistributedOptimizer

from ncvc.checkpoint.manifest import Change, Facts, GuardState
from ncvc.checkpoint.reader import Checkpoint, latest
from ncvc.model import gpt as gpt_model
from ncvc.model.kernels.z_loss import CrossEntropyWithZLoss
from ncvc.model.parallel import Ranks, seed_dropout
from ncvc.model.sharding import parameter_shards
from ncvc.train import optimizer as adamw
from ncvc.train.anomaly_guard import AnomalyGuard
from ncvc.train.changes import CHANGEABLE
from ncvc.train.config import TrainConfig
from ncvc.train.datasets import DatasetFacts, TokenizerFacts, inspect_all, inspect_tokenizer
from ncvc.train.elastic.heartbeat import DAY, IO_ALLOWANCE, announce_wait, send_heartbeat
from ncvc.train.init_from import init_from
from ncvc.train.same_run import as_begun, require_same_run
from ncvc.train.saving.resume import newest_whole
from ncvc.train.saving.state import layout, load, same_device
from ncvc.train.step_plan import StepPlan, plans


@dataclass
class Training:
    """State of a training on one rank."""

    config: TrainConfig
    ranks: Ranks
    gpt: GPTModel
    model: DistributedDataParallel
    """`gpt` with its gradient buffers."""
    optimizer: DistributedOptimizer
    datasets: list[DatasetFacts]
    tokenizer: TokenizerFacts
    guard: AnomalyGuard
    """Judge of each step."""
    done: int = 0
    """Steps done, skipped ones included."""
    origin: str = "begins with random weights"
    """Origin of the weights, a clause."""
    changes: tuple[Change, ...] = ()
    """Settings that were changed on purpose in the run, oldest first."""
    changed_now: int = 0
    """Number of the last of them that change with this start."""
    tokens: int = 0
    """Tokens of the steps done, without those of skipped ones."""
    manifest_sha256: str | None = None
    """Hash of the manifest of the checkpoint that the run resumed from; None for a new run."""
    damaged: list[str] = field(default_factory=list)
    """Sentences about damaged checkpoints newer than the one that the run resumed from."""

    def facts(self) -> Facts:
        """Facts of a checkpoint written now."""
        return Facts(
            step=self.done,
            tokens_seen=self.tokens,
            model=self.config.model,
            config=self.config.model_dump(mode="json"),
            layout=layout(self.ranks),
            tokenizer=self.tokenizer.sha256,
            begin_of_text=any(dataset.begin_of_text for dataset in self.datasets),
            data={dataset.prefix: dataset.sha256 for dataset in self.datasets},
            optimizer_step=self.optimizer_step,
            guard=self.guard.state(),
            changes=self.changes,
            versions=versions(),
        )

    @cached_property
    def plan(self) -> StepPlan:
        """Plan of the steps, by the config and what was changed; ask for it when `changes` are complete."""
        return plans(self.config, self.changes)[-1][1]

    @property
    def optimizer_step(self) -> int:
        """AdamW's count of steps, without skipped ones."""
        return self.done - self.guard.skipped

    def parameters(self) -> int:
        """Counts the parameters of the whole model; all ranks call it."""
        own = [shard for shard in parameter_shards(self.gpt) if not shard.replicated and self.ranks.dp_rank == 0]
        count = torch.tensor(sum(shard.parameter.numel() for shard in own), device=self.ranks.device)
        dist.all_reduce(count)
        return int(count)


def setup(config: TrainConfig, ranks: Ranks, changed: Set[str] = frozenset()) -> Training:
    """Builds model and optimizer, checks data and tokenizer, and resumes from the newest whole checkpoint.

    All ranks call it. Keys in `changed` may differ from the run's. Raises `ConfigError` if the run folder's checkpoint
    belongs to another config, `DatasetError`, `TokenizerError` or `CheckpointError` if a dataset, tokenizer or
    checkpoint of the config cannot be used.
    """
    newest, damaged = newest_whole(config.folder, ranks)
    base = newest or _trunk(config, verify=ranks.is_first)
    config = as_begun(config, base.manifest if base else None)
    # The first rank may read data for hours, and no rank of other machines sends heartbeats meanwhile.
    announce_wait(DAY)
    read: list[Any] = [None, None]
    if ranks.is_first:
        # One rank hashes and checks the data for all.
        tokenizer = inspect_tokenizer(config)
        read = [inspect_all(config, tokenizer.sha256), tokenizer]
        announce_wait()
    dist.broadcast_object_list(read)
    datasets, tokenizer = read

    send_heartbeat("loading", allowance=IO_ALLOWANCE)
    gpt = gpt_model.build(config.model, compute=config.arithmetic, parallel=config.parallel, device=ranks.device)
    if config.optimizer.z_loss:
        gpt.compute_language_model_loss = CrossEntropyWithZLoss(gpt, config.optimizer.z_loss)
    model = adamw.data_parallel(gpt)
    optimizer = adamw.build(model, config.optimizer)
    training = Training(
        config, ranks, gpt, model, optimizer, datasets, tokenizer, AnomalyGuard(config.guard), damaged=damaged
    )
    may_change = changed if newest else frozenset(CHANGEABLE)
    new = require_same_run(config, tokenizer.sha256, datasets, base.manifest, may_change) if base else []
    _fill(training, base)
    if base:
        _describe_changes(training, base, new)
    return training


def _trunk(config: TrainConfig, *, verify: bool) -> Checkpoint | None:
    """Opens the checkpoint from which the run branches off; None if it begins by itself.

    Raises `CheckpointError` if it is none, or, with `verify`, if a file of it is not as it was written.
    """
    if config.checkpoints.branch_from is None:
        return None
    checkpoint = Checkpoint.open(config.checkpoints.branch_from)
    if verify:
        checkpoint.verify()
    return checkpoint


@dataclass(frozen=True)
class Rollback:
    """A return to a checkpoint before a row of anomalous steps."""

    step: int
    """Step at which it was decided."""
    anomalous: int
    """Anomalous steps in a row up to that one."""
    first: int
    """First step that is left out from now on."""
    last: int
    """Last step that is left out."""


def rollback(training: Training) -> Rollback:
    """Takes the training back to before a row of anomalous steps; all ranks call it.

    To a whole checkpoint before all of them; if none is kept, to the newest before the row itself, or in it, where the
    weights are as before it; to the beginning if none was ever saved. Raises `TrainingError` if it went back there too
    often.
    """
    guard, ranks = training.guard, training.ranks
    last, anomalous = training.done, guard.row
    stretch = guard.bad_stretch(last)
    newest: list[str | None] = [None]
    announce_wait()
    if ranks.is_first:
        send_heartbeat("loading", allowance=IO_ALLOWANCE)
        for before in (stretch, (last - anomalous + 1, last), (last, last)):
            found = latest(training.config.folder, partial(guard.reaches, stretch=before))
            if found:
                newest = [str(found.folder)]
                break
    dist.broadcast_object_list(newest)
    send_heartbeat("loading", allowance=IO_ALLOWANCE)
    checkpoint = Checkpoint.open(newest[0]) if newest[0] else _trunk(training.config, verify=ranks.is_first)
    if checkpoint:
        changed = {change.key for change in training.changes}
        tokenizer = training.tokenizer.sha256
        require_same_run(training.config, tokenizer, training.datasets, checkpoint.manifest, changed)
    step = checkpoint.manifest.step if checkpoint else 0
    first = max(stretch[0], step + 1)
    guard.leave_out((first, last), step)
    _fill(training, checkpoint)
    return Rollback(step=last, anomalous=anomalous, first=first, last=last)


def _fill(training: Training, newest: Checkpoint | None) -> None:
    """Loads the checkpoint `newest`, or the run's initial state if it is None."""
    config = training.config
    if newest:
        _go_on(training, newest)
        return
    training.optimizer.optimizer.state.clear()
    seed_dropout(config.seed, training.ranks)
    training.guard.restore(GuardState())
    training.done = training.tokens = 0
    if config.checkpoints.init_from:
        training.origin = init_from(
            config, training.gpt, training.optimizer, training.tokenizer.sha256, verify=training.ranks.is_first
        )
    else:
        gpt_model.initialise(training.gpt, config.model, config.seed)
        training.optimizer.reload_model_params()


def _go_on(training: Training, checkpoint: Checkpoint) -> None:
    ema = training.config.optimizer.ema > 0
    load(checkpoint, training.gpt, training.optimizer, training.ranks, ema=ema)
    training.done, training.tokens = checkpoint.manifest.step, checkpoint.manifest.tokens_seen
    training.manifest_sha256 = checkpoint.manifest.manifest_sha256
    training.guard.restore(checkpoint.manifest.guard)
    training.origin = f"goes on after step {training.done}, from {checkpoint.folder}"
    before, now = checkpoint.manifest.layout, layout(training.ranks)
    if before != now:
        training.origin += (
            f"; written by dp {before.dp} × tp {before.tp} × pp {before.pp} ranks and read by"
            f" dp {now.dp} × tp {now.tp} × pp {now.pp}: weights, optimizer and data go on exactly, but"
            " dropout draws anew and sums are rounded in another order, so the bits are not the same"
        )
    if not same_device(checkpoint, training.ranks):
        training.origin += (
            "; written on a GPU and read on a CPU, or the other way round: weights, optimizer and data go on exactly,"
            " but dropout draws anew and sums are rounded otherwise, so the bits are not the same"
        )
    if checkpoint.manifest.versions != versions():
        training.origin += (
            f"; written with {_named(checkpoint.manifest.versions)} and read with {_named(versions())}:"
            " another version may round in another way, so the bits need not be the same"
        )


def _describe_changes(training: Training, checkpoint: Checkpoint, new: list[Change]) -> None:
    """Says which settings are others now, and lets the guard get to know the steps that follow."""
    before = (checkpoint.manifest.config or {})["schedule"]["micro_batch_size"]
    now = training.config.schedule.micro_batch_size
    if before != now:
        training.origin += (
            f"; micro_batch_size was {before} and is {now}: weights, optimizer and data go on exactly, but dropout"
            " draws anew and sums are rounded in another order, so the bits are not the same"
        )
    training.changes = (*checkpoint.manifest.changes, *new)
    training.changed_now = len(new)
    if new:
        training.guard.forget()


def versions() -> dict[str, str]:
    """Versions of the libraries that a training computes with, by name."""
    return {"torch": torch.__version__, "megatron-core": version("megatron-core")}


def _named(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items()) or "unknown versions"
