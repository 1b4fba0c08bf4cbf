"""Training under interruptions: whatever happens at whatever moment, the run ends with the undisturbed weights.

A run of 40 slow steps is started again and again, as systemd would, until it says that it is finished. Meanwhile,
at moments drawn from a seed, ranks and launchers are killed, stopped and asked to end, the disk refuses a write,
bytes of the newest checkpoint flip; and the gradients of some steps are not finite. Afterwards every tensor of the
last checkpoint, random generators included, must equal that of a run which nothing happened to, bit for bit; for
spoiled gradients, of one that skips just these steps.
"""

import json
import os
import random
import resource
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import faulty
import numpy as np
import torch
import yaml
from megatron.core.datasets.indexed_dataset import IndexedDatasetBuilder

from ncvc.train.checkpoint.reader import Checkpoint, checkpoint_folder
from ncvc.train.log import LOG

STEPS = 40
TRIALS = 100
HANG_AFTER = 5.0  # seconds
STEP_SECONDS = 0.25
LIMIT = 600.0  # seconds for a run with all its interruptions
LAYOUTS = [(2, 1), (1, 1), (2, 2), (2, 1), (4, 2)]  # ranks, tensor parallel


@dataclass
class Run:
    """One run, its launcher, and what was done to it."""

    folder: Path
    config: Path
    faults: faulty.Faults
    launcher: faulty.Forked | None = None
    asked: int = 0
    """Requests to stop that the present launcher or its ranks got."""
    wrong: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Starts a launcher, or the next."""
        self.launcher = faulty.start(self.config, self.faults, self.folder / "output.txt")
        self.asked = 0

    def ended(self) -> bool:
        """Whether the run is finished; starts the next launcher where one has ended otherwise."""
        assert self.launcher
        status = self.launcher.poll()
        if status is None:
            return False
        if status == 0:
            if self.events()[-1:] != ["finished"] or self.step() != STEPS:
                self.wrong.append("a launcher ended with 0, but the run is not finished")
            return True
        if status not in (1, 75, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, 130):
            self.wrong.append(f"a launcher ended with {status}")
        if "Traceback" in (self.folder / "output.txt").read_text():
            self.wrong.append("a traceback; see the output")
        if status == 75 and not self.asked:
            self.wrong.append("a launcher ended with 75 unasked")
        self.start()
        return False

    def pids(self) -> list[int]:
        """The ranks that run now, in their order."""
        assert self.launcher
        children = Path(f"/proc/{self.launcher.pid}/task/{self.launcher.pid}/children")
        try:
            return [int(pid) for pid in children.read_text().split()]
        except OSError:
            return []

    def records(self) -> list[dict[str, Any]]:
        """The whole lines of the log."""
        try:
            lines = (self.folder / "run" / LOG).read_text().splitlines(keepends=True)
        except OSError:
            return []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def events(self) -> list[str]:
        """What happened, in order."""
        return [record["event"] for record in self.records() if "event" in record]

    def step(self) -> int:
        """The step that the log is at."""
        return next((int(record["step"]) for record in reversed(self.records()) if "step" in record), 0)

    def checkpoints(self) -> list[Path]:
        """Its checkpoints, the newest last."""
        return sorted((self.folder / "run" / "checkpoints").glob("step_*"))


def kill_rank(run: Run, chance: random.Random) -> None:
    """The machine's memory runs out."""
    os.kill(chance.choice(run.pids()), signal.SIGKILL)


def kill_launcher(run: Run, chance: random.Random) -> None:
    """Its ranks end with it."""
    assert run.launcher
    run.launcher.kill()


def ask_launcher(number: signal.Signals) -> Callable[[Run, random.Random], None]:
    """The run is asked to stop."""

    def ask(run: Run, chance: random.Random) -> None:
        assert run.launcher
        run.asked += 1
        run.launcher.send_signal(number)

    return ask


def ask_rank(run: Run, chance: random.Random) -> None:
    """One rank is asked to stop; all do."""
    os.kill(chance.choice(run.pids()), signal.SIGTERM)
    run.asked += 1


def stop_rank(run: Run, chance: random.Random) -> None:
    """A rank hangs."""
    if not run.records() or "event" in run.records()[-1]:
        raise ProcessLookupError  # they are starting, for which they have more time
    os.kill(chance.choice(run.pids()), signal.SIGSTOP)


def fill_disk(run: Run, chance: random.Random) -> None:
    """A write fails."""
    # From now on no file of this rank can grow beyond this, as on a full disk; the next rank has space again.
    resource.prlimit(chance.choice(run.pids()), resource.RLIMIT_FSIZE, (chance.choice([0, 1000, 20_000]), -1))


def flip_bytes(run: Run, chance: random.Random) -> None:
    """What was saved is damaged."""
    found = run.checkpoints()
    if len(found) < 2:
        raise FileNotFoundError  # a run whose only checkpoint is damaged does not begin anew by itself
    newest = found[-1]
    file = chance.choice(sorted(newest.iterdir()))
    content = bytearray(file.read_bytes())
    for _ in range(chance.choice([1, 1, 10])):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    kill_launcher(run, chance)  # so that it is read


KINDS: dict[str, Callable[[Run, random.Random], None]] = {
    "kill -9 of a rank": kill_rank,
    "kill -9 of the launcher": kill_launcher,
    "SIGTERM": ask_launcher(signal.SIGTERM),
    "SIGINT": ask_launcher(signal.SIGINT),
    "SIGTERM of a rank": ask_rank,
    "SIGSTOP of a rank": stop_rank,
    "full disk": fill_disk,
    "flipped bytes": flip_bytes,
}


def write_data(folder: Path) -> None:
    """A dataset of made-up documents, and what training asks of a tokenizer."""
    chance = random.Random(0)
    builder = IndexedDatasetBuilder(str(folder / "corpus.bin"), dtype=np.uint16)
    for _ in range(200):
        document = [chance.randrange(4, 64)]
        for _ in range(chance.randrange(20, 120)):
            document.append(4 + (document[-1] * 7 + chance.randrange(4)) % 60)
        builder.add_document(torch.tensor([*document, 2]), [len(document) + 1])
    builder.finalize(str(folder / "corpus.idx"))
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "manifest.json").write_text(json.dumps({"vocab_size": 64}))


def make_run(folder: Path, data: Path, layout: tuple[int, int], faults: faulty.Faults) -> Run:
    """A run that has not been started."""
    folder.mkdir()
    ranks, tensor = layout
    config = {
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
        "schedule": {"train_iters": STEPS, "lr_warmup_iters": 4, "global_batch_size": 8, "micro_batch_size": 2},
        "checkpoints": {"save_interval": 3},
        "parallel": {"nproc_per_node": ranks, "tensor_model_parallel_size": tensor},
        "compute": {"dtype": "float32"},
        "watch": {"hang_after": HANG_AFTER, "startup_time": 120.0},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return Run(folder, folder / "config.yaml", faults)


def last_tensors(run: Run) -> dict[str, Any]:
    """Every tensor of the run's last checkpoint."""
    checkpoint = Checkpoint.open(checkpoint_folder(run.folder / "run", STEPS))
    checkpoint.verify()
    return {name: checkpoint.tensor(name) for name in checkpoint.names()}


def interrupt(run: Run, kinds: list[str], chance: random.Random) -> Iterator[str]:
    """Does one thing after the other to a run at moments of chance, until it is finished; yields what was done.

    Each strikes ranks that the one before has not; half of them while these start, half in their steps.
    """
    deadline = time.monotonic() + LIMIT
    run.start()
    waiting = list(kinds)
    struck: set[int] = set()
    seen, moment, in_steps = 0.0, 0.0, True
    while not run.ended():
        now = time.monotonic()
        if now > deadline:
            run.wrong.append("not finished in time")
            assert run.launcher
            run.launcher.kill()
            return
        time.sleep(0.02)
        pids = set(run.pids())
        if not waiting or not pids or pids & struck:
            seen = 0.0
            continue
        if not seen:
            seen, lines = now, len(run.records())
            in_steps = chance.random() < 0.5
            moment = chance.uniform(0, 4 * STEP_SECONDS)
        if in_steps and (len(run.records()) < lines + 2 or "event" in run.records()[-1]):
            seen = now
        if now - seen < moment:
            continue
        try:
            KINDS[waiting[0]](run, chance)
        except (ProcessLookupError, IndexError, FileNotFoundError):
            continue  # nothing there to be disturbed at this moment
        struck = pids
        seen = 0.0
        yield f"{waiting.pop(0)} at step {run.step()}"


def trials(folder: Path, every: int) -> Iterator[tuple[str, str]]:
    """Interrupts runs `TRIALS / every` times in all; yields what was done and what was wrong, if anything."""
    write_data(folder)
    chance = random.Random(every)
    left = TRIALS // every
    number = 0
    while left > 0:
        layout = LAYOUTS[number % len(LAYOUTS)]
        count = min(left, 10)
        spoiled = sorted(chance.sample(range(2, STEPS + 1), count // 5))
        names = list(KINDS)
        kinds = [names[(number * 3 + i) % len(names)] for i in range(count - len(spoiled))]
        chance.shuffle(kinds)
        reference = make_run(folder / f"reference-{number}", folder, layout, faulty.Faults(skipped=spoiled))
        list(interrupt(reference, [], chance))
        run = make_run(folder / f"run-{number}", folder, layout, faulty.Faults(STEP_SECONDS, spoiled))
        done = [f"nan in step {step}" for step in spoiled]
        done += interrupt(run, kinds, chance)
        wrong = "; ".join(run.wrong + reference.wrong) or differences(reference, run)
        for what in done:
            yield f"run {number}, {layout[0]} ranks: {what}", wrong
        left -= len(done)
        number += 1


def differences(reference: Run, run: Run) -> str:
    """In which tensors two finished runs differ, in words."""
    expected, found = last_tensors(reference), last_tensors(run)
    names = [n for n in expected if n not in found or not torch.equal(expected[n], found[n])]
    return f"other bits in {len(names)} of {len(expected)} tensors, such as {names[0]}" if names else ""
