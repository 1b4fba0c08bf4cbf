"""A run of `ncvc train` that is started again and again, as systemd would, and what there is to see of it."""

import json
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen
from typing import Any

import faulty
import numpy as np
import torch
import yaml
from disk import Disk
from megatron.core.datasets.indexed_dataset import IndexedDatasetBuilder

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.train.metrics.log import records

STEPS = 40
HANG_AFTER = 5.0  # seconds
ENDED_BY_A_SIGNAL = (-signal.SIGTERM, -signal.SIGINT, 130)


@dataclass
class Run:
    """One run, its launcher, and what was done to it."""

    folder: Path
    config: Path
    faults: faulty.Faults | None
    """What happens to its steps; None for processes that nothing was done to before they began."""
    disk: Disk | None = None
    """The disk that the run folder has for itself."""
    launcher: Popen[bytes] | None = None
    starts: int = 0
    asked: int = 0
    """Requests to stop that the present launcher got, and"""
    ranks_asked: int = 0
    """its ranks."""
    ranks_after: float = 0.0
    """Seconds from the first launcher's start to its ranks'; 0 before, and"""
    steps_after: float = 0.0
    """to their first step."""
    relief: tuple[float, Callable[[], None]] | None = None
    """What ends a fault that lasts, and at which time.monotonic()."""
    flags: tuple[str, ...] = ()
    """Arguments of every start but the first."""
    wrong: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Starts a launcher, or the next."""
        self.starts += 1
        if self.faults:
            flags = self.flags if self.starts > 1 else ()
            self.launcher = faulty.start(self.config, self.faults, self.output, ("--max-restarts", "4", *flags))
        else:
            self.launcher = faulty.start_as_people_do(self.config, self.output)
        self.asked = self.ranks_asked = 0
        self._began = time.monotonic()
        self._had_ranks = False

    @property
    def output(self) -> Path:
        """What the present launcher and its ranks say."""
        return self.folder / f"output-{self.starts}.txt"

    def ended(self) -> bool:
        """Whether the run is finished; starts the next launcher where one has ended otherwise."""
        assert self.launcher
        status = self.launcher.poll()
        if status is None:
            self._look()
            return False
        self._judge(status)
        if status == 0:
            return True
        self.start()
        return False

    def relieved(self, now: float) -> bool:
        """Whether a fault that lasts ends with this call."""
        if not self.relief or now < self.relief[0]:
            return False
        self.relief[1]()
        self.relief = None
        return True

    def _look(self) -> None:
        seconds = time.monotonic() - self._began
        if not self._had_ranks and self.pids():
            self._had_ranks = True
            self.ranks_after = self.ranks_after or seconds
        if not self.steps_after and self.step():
            self.steps_after = seconds

    def _judge(self, status: int) -> None:
        """Whether a launcher ended as is documented."""
        events = self.events()
        if status == 0 and (events[-1:] != ["finished"] or self.step() != STEPS):
            self.wrong.append("a launcher ended with 0, but the run is not finished")
        if status not in (0, 1, 75, -signal.SIGKILL, *ENDED_BY_A_SIGNAL):
            self.wrong.append(f"a launcher ended with {status}")
        if status == 75 and not self.asked and not self.ranks_asked:
            self.wrong.append("a launcher ended with 75 unasked")
        if status == 1 and self.asked:
            self.wrong.append("a launcher that was asked to stop ended with 1")
        if status in ENDED_BY_A_SIGNAL and self._had_ranks and events[-1:] not in (["finished"], ["stopped"]):
            self.wrong.append("a request to stop ended a launcher that had ranks")
        # Python itself says where an interrupt met it, as long as nothing of the command is imported.
        if status != -signal.SIGINT and "Traceback" in self.output.read_text():
            self.wrong.append(f"a traceback; see {self.output.name}: {self.output.read_text()[-500:]}")

    def pids(self) -> list[int]:
        """The ranks that run now, in their order."""
        assert self.launcher
        children = Path(f"/proc/{self.launcher.pid}/task/{self.launcher.pid}/children")
        try:
            found = [int(pid) for pid in children.read_text().split()]
            # A forked rank has a session of its own; hooks at checkpoints stay in the launcher's.
            return [pid for pid in found if (os.getsid(pid) == pid if self.faults else _is_rank(pid))]
        except OSError:
            return []

    def records(self) -> list[dict[str, Any]]:
        """The whole lines of the log, without one that a full disk left torn."""
        try:
            return list(records(self.folder / "run"))
        except OSError:
            return []

    def events(self) -> list[str]:
        """What happened, in order."""
        return [record["event"] for record in self.records() if "event" in record]

    def step(self) -> int:
        """The step that the log is at."""
        return next((int(record["step"]) for record in reversed(self.records()) if "step" in record), 0)

    def checkpoints(self) -> list[Path]:
        """Its checkpoints, the newest last."""
        return sorted((self.folder / "run" / "checkpoints").glob("step_*"))


def _is_rank(pid: int) -> bool:
    """Whether it is one of ours; torch starts other programs too while it is imported."""
    return b"ncvc.train.elastic.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()


def write_data(folder: Path) -> None:
    """Two datasets of made-up documents, and what training asks of a tokenizer."""
    for seed, name in enumerate(("corpus", "second")):
        chance = random.Random(seed)
        builder = IndexedDatasetBuilder(str(folder / f"{name}.bin"), dtype=np.uint16)
        for _ in range(200):
            document = [chance.randrange(4, 64)]
            for _ in range(chance.randrange(20, 120)):
                document.append(4 + (document[-1] * 7 + chance.randrange(4)) % 60)
            builder.add_document(torch.tensor([*document, 2]), [len(document) + 1])
        builder.finalize(str(folder / f"{name}.idx"))
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "manifest.json").write_text(json.dumps({"vocab_size": 64}))


def make_run(
    folder: Path,
    data: Path,
    layout: tuple[int, int],
    faults: faulty.Faults | None,
    *,
    staged: bool = False,
    options: bool = False,
    checkpoints: dict[str, Any] | None = None,
) -> Run:
    """A run that has not been started; of processes as people start them, if there are no `faults`.

    One that is `staged` has three stages, a ramp of its batch size and a z-loss; one with `options` is by Muon, with a
    moving average of the weights and attention within documents. `checkpoints` has more settings of that section.
    """
    folder.mkdir()
    ranks, tensor = layout
    batch = 8 if faults else 64  # many micro-batches make steps slow
    config: dict[str, Any] = {
        "run": str(folder / "run"),
        "seed": 7,
        "model": {
            "num_layers": 2,
            "hidden_size": 32,
            "ffn_hidden_size": 64,
            "num_attention_heads": 4,
            "num_query_groups": 2,
            "vocab_size": 64,
            "max_position_embeddings": 32,
        },
        "data": {"prefixes": [str(data / "corpus")], "tokenizer": str(data / "tokenizer"), "sequence_length": 16},
        "optimizer": {"lr": 0.01},
        "schedule": {"train_iters": STEPS, "lr_warmup_iters": 4, "global_batch_size": batch, "micro_batch_size": 2},
        "checkpoints": {"save_interval": 3} | (checkpoints or {}),
        "parallel": {"nproc_per_node": ranks, "tensor_model_parallel_size": tensor},
        "compute": {"dtype": "float32"},
        "watch": {"hang_after": HANG_AFTER, "startup_time": 120.0},
    }
    if staged:
        config["data"] |= {"prefixes": [str(data / "corpus"), str(data / "second")], "weights": [3.0, 1.0]}
        config["schedule"]["rampup"] = {"start": batch // 2, "increment": batch // 2, "samples": 5 * batch}
        config["optimizer"]["z_loss"] = 1e-3
        config["stages"] = [
            {"from": STEPS // 3, "blend": [1.0, 3.0], "seq_length": 24},
            {"from": STEPS * 2 // 3, "lr": 0.004},
        ]
    if options:
        config["data"]["document_mask"] = True
        config["optimizer"] |= {"name": "muon", "ema": 0.9}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return Run(folder, folder / "config.yaml", faults)


def last_tensors(run: Run) -> dict[str, Any]:
    """Every tensor of the run's last checkpoint."""
    checkpoint = Checkpoint.open(checkpoint_folder(run.folder / "run", STEPS))
    checkpoint.verify()
    return {name: checkpoint.tensor(name) for name in checkpoint.names()}
