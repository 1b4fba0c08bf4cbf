"""Runs the tries of a tuning one after the other, each in processes of its own, and compares them."""

import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ncvc.progress import Reporter
from ncvc.train.config import TrainConfig
from ncvc.train.tune.trial import NO_MEMORY
from ncvc.train.tune.tries import Candidate
from ncvc.yaml12 import dump

GRACE = 5.0
"""Seconds for the other ranks to end when one has failed."""
TOLERANCE = {"float32": (1e-5, 1e-3), "bfloat16": (5e-3, 5e-2)}
"""Relative differences that rounding explains, of the first batch's loss and of its gradient's norm."""


@dataclass
class Outcome:
    """Measurement of a try."""

    candidate: Candidate
    failed: str = ""
    """Reason of a failure; empty if the try ran to its end."""
    seconds: tuple[float, ...] = ()
    """Of the steps."""
    memory: int = 0
    """Peak of the fullest rank, in bytes."""
    loss: float = 0.0
    """Of the first batch without dropout, in nats."""
    grad_norm: float = 0.0
    """Of the same batch."""
    agrees: bool = True
    """False if loss or gradient norm is not that of the other tries."""

    @property
    def tokens_per_second(self) -> float:
        """Over all ranks, by the median step; 0 for a try that failed."""
        return self.candidate.config.tokens_per_step / statistics.median(self.seconds) if self.seconds else 0.0


def run_all(tries: list[Candidate], steps: int, limit: float, reporter: Reporter) -> Iterator[Outcome]:
    """Yields the outcome of each try; whoever stops reading ends the try that runs."""
    progress = reporter.progress("tries")
    for number, candidate in enumerate(tries):
        progress.items(number, len(tries))
        yield run(candidate, steps, limit)
    progress.close()


def run(candidate: Candidate, steps: int, limit: float) -> Outcome:
    """Runs one try; `limit`: seconds after which it is ended."""
    with tempfile.TemporaryDirectory(prefix="ncvc-tune-") as name:
        folder = Path(name)
        config = _short(candidate.config, folder, steps)
        (folder / "config.yaml").write_text(dump(config.model_dump(mode="json")), encoding="utf-8")
        with _ranks(config, candidate.tried.ranks, steps, folder) as processes:
            reason = _wait(processes, limit)
        found = [json.loads(path.read_bytes()) for path in sorted(folder.glob("rank_*.json"))]
        reason = next((each["failed"] for each in found if "failed" in each), reason) or _last_words(processes, folder)
    if reason:
        return Outcome(candidate, failed=reason)
    first = found[0]
    return Outcome(candidate, "", tuple(first["seconds"]), first["memory"], first["loss"], first["grad_norm"])


def _short(config: TrainConfig, folder: Path, steps: int) -> TrainConfig:
    """Config of a try: in a folder of its own, from random weights, without anything beside the steps.

    Its steps are the largest of the run: of the whole batch, and of the longest sequences of a stage.
    """
    values: dict[str, Any] = config.model_dump(mode="json")
    values["data"]["sequence_length"] = max(
        config.data.sequence_length, *(stage.seq_length or 0 for stage in config.stages), 0
    )
    values["stages"], values["schedule"]["rampup"] = [], None
    values["run"] = str(folder / "run")
    values["schedule"]["train_iters"] = max(config.schedule.train_iters, steps + 2)
    values["checkpoints"] = {"save_interval": values["schedule"]["train_iters"]}
    values["data"] |= {"validation_prefixes": [], "validation_split": 0.0}
    values["logging"] = {"tensorboard": False}
    values["alerts"] = {}
    values["evaluation"] = None
    return TrainConfig.model_validate(values)


@contextlib.contextmanager
def _ranks(config: TrainConfig, count: int, steps: int, folder: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Starts the ranks of a try; none of them is left afterwards."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {
        **os.environ,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "OMP_NUM_THREADS": str(config.compute.threads),
        "NCVC_TUNE": str(os.getpid()),
    }
    if config.parallel.tensor_model_parallel_size > 1:
        shared.setdefault("CUDA_DEVICE_MAX_CONNECTIONS", "1")  # as in a training
    command = [sys.executable, "-m", "ncvc.train.tune.trial", str(folder / "config.yaml"), str(steps), str(folder)]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for rank in range(count):
            with (folder / f"rank_{rank}.err").open("wb") as errors:
                processes.append(
                    subprocess.Popen(
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=errors,
                        env={**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
                        start_new_session=True,
                    )
                )
        yield processes
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # with the processes that read samples
            process.wait()


def _wait(processes: list[subprocess.Popen[bytes]], limit: float) -> str:
    """Waits for the ranks; returns why they are ended, or an empty string."""
    end = time.monotonic() + limit
    failing = False
    while any(process.poll() is None for process in processes):
        if not failing and any(process.poll() for process in processes):
            failing, end = True, min(end, time.monotonic() + GRACE)
        if time.monotonic() > end:
            return "" if failing else f"not done after {limit:g} s"
        time.sleep(0.05)
    return ""


def _last_words(processes: list[subprocess.Popen[bytes]], folder: Path) -> str:
    """Returns why ranks without a result failed, by the first that did; empty if none did."""
    for rank, process in enumerate(processes):
        if process.returncode == -signal.SIGKILL and not (folder / f"rank_{rank}.json").exists():
            others = [each.returncode for each in processes if each.returncode not in (0, -signal.SIGKILL)]
            if not others:
                return f"{NO_MEMORY}: killed by the system"
    for rank, process in enumerate(processes):
        if process.returncode:
            said = (folder / f"rank_{rank}.err").read_text(encoding="utf-8", errors="replace").strip().splitlines()
            return said[-1][:200] if said else f"rank {rank} ended with status {process.returncode}"
    return ""


def judge(outcomes: list[Outcome]) -> Outcome | None:
    """Marks tries whose loss or gradient norm is not the others'; returns the fastest of the rest, None if none is."""
    done = [outcome for outcome in outcomes if not outcome.failed]
    if not done:
        return None
    loss, norm = (statistics.median(getattr(each, name) for each in done) for name in ("loss", "grad_norm"))
    for outcome in done:
        for_loss, for_norm = TOLERANCE[outcome.candidate.config.compute.dtype]
        outcome.agrees = abs(outcome.loss - loss) <= for_loss * abs(loss) and abs(outcome.grad_norm - norm) <= (
            for_norm * abs(norm)
        )
    agreeing = [outcome for outcome in done if outcome.agrees]
    return max(agreeing, key=lambda outcome: outcome.tokens_per_second, default=None)
