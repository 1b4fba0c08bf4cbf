"""Watchdog: finds hanging and slow ranks by their heartbeats.

Each machine's launcher watches its own ranks. A rank that works has to send a heartbeat within an allowance, and during
a long one to read, write or compute; on a CPU it may compute for as long as it takes. A rank that waits for others
hangs only if all of them wait.
"""

import contextlib
import math
import os
import signal
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ncvc.progress import Reporter
from ncvc.train.elastic.heartbeat import BUSY, COMPUTING, DUMP_SIGNAL, PHASES, Heartbeat, HeartbeatTable
from ncvc.train.elastic.process_activity import ProcessActivity
from ncvc.train.metrics.log import append_event
from ncvc.train.operation_config import WatchConfig

LOOK_EVERY = 0.5  # seconds
DUMP_TIME = 1.0  # seconds for the ranks to write their stacks
SLOW_STEPS = 20  # over which compute times are compared
STACKS = "stacks"
_STATES = {"T": "the process is stopped", "t": "the process is held by a debugger", "D": "the process waits for I/O"}


class Watchdog:
    """Watches `ranks` ranks of one machine; `several`: the run has other machines too; `on_cpu`: there is no GPU."""

    def __init__(
        self,
        config: WatchConfig,
        folder: Path,
        ranks: int,
        several: bool = False,
        reporter: Reporter | None = None,
        *,
        on_cpu: bool = False,
    ) -> None:
        self.on_cpu = on_cpu
        self.reporter = reporter or Reporter()
        self.config = config
        self.several = several
        self.folder = folder
        self.table = HeartbeatTable(ranks)
        self.hang: str | None = None
        """Sentence about the ranks that hung since the last start; None if none did."""
        self.reset()

    def reset(self) -> None:
        """Forgets the ranks before; call it before ranks start."""
        self.table.clear()
        self.hang = None
        self._began = self._looked = time.monotonic()
        self._compared: list[Heartbeat] | None = None
        self._slow: set[int] = set()
        self._activity = ProcessActivity(self.config.hang_after)

    def look(self, pids: Mapping[int, int], first_rank: int) -> None:
        """Checks the ranks, {local rank: pid}; if one hangs, dumps their stacks and kills them all.

        `first_rank`: number of local rank 0 in the whole run.
        """
        now = time.monotonic()
        if self.hang or now - self._looked < LOOK_EVERY:
            return
        self._looked = now
        beats = self.table.heartbeats()
        idle = [self._idle(beats[rank], pid, now) for rank, pid in sorted(pids.items())]
        if hanging := hanging_ranks(beats, now, self._began, self.config, idle, self.several, self.on_cpu):
            self.hang = self._explain(beats, hanging, now, pids, first_rank)
            ranks = [first_rank + rank for rank in hanging]
            try:
                self._dump(pids, first_rank)
                append_event(self.folder, "hang", ranks=ranks, reason=self.hang)
                self.reporter.say(self.hang)
            finally:  # a request to stop may come meanwhile, and a disk may refuse
                kill(pids.values())
        else:
            self._compare(beats, first_rank)

    def _idle(self, beat: Heartbeat, pid: int, now: float) -> float:
        """`idle` of `hanging_ranks` for one rank; counted only where it should compute, read or write."""
        if process_state(pid) == "T":
            return math.inf
        # Training costs nothing as long as heartbeats come.
        computes = self.on_cpu and beat.phase in COMPUTING and now - beat.at > self.config.hang_after / 10
        if beat.waiting or not (beat.phase in BUSY or computes):
            self._activity.forget(pid)
            return 0.0
        return self._activity.idle(pid, now)

    def _explain(
        self, beats: list[Heartbeat], hanging: list[int], now: float, pids: Mapping[int, int], first_rank: int
    ) -> str:
        states = {rank: _STATES.get(process_state(pids[rank]), "") for rank in hanging}
        # Ranks of one tensor-parallel group stop at the same place: one that does not even run is the reason.
        hanging[:] = [rank for rank in hanging if states[rank]] or hanging
        beat = beats[hanging[0]]
        names = ", ".join(str(first_rank + rank) for rank in hanging)
        where = f"{PHASES[beat.phase]}{f' in step {beat.step}' if beat.step else ''}"
        state = states[hanging[0]]
        return (
            f"rank{'s' if len(hanging) > 1 else ''} {names} hung: no sign of life for"
            f" {now - (beat.at or self._began):.0f} s, last seen {where}{f' ({state})' if state else ''}; the stacks"
            f" of this machine's ranks are in {self.folder / STACKS}. watch.hang_after"
            f" ({self.config.hang_after:g} s) and, for the first step, watch.startup_time"
            f" ({self.config.startup_time:g} s) say how long that may last"
        )

    def _dump(self, pids: Mapping[int, int], first_rank: int) -> None:
        """Makes every rank dump its threads' stacks, which hold names of functions and files only."""
        for pid in pids.values():
            signal_all([pid], DUMP_SIGNAL)
        time.sleep(DUMP_TIME)
        folder = self.folder / STACKS
        folder.mkdir(exist_ok=True)
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        for rank in pids:
            written = self.table.stacks(rank) or b"it did not answer; a process that is stopped cannot\n"
            (folder / f"{now}_rank_{first_rank + rank:05}.txt").write_bytes(written)

    def _compare(self, beats: list[Heartbeat], first_rank: int) -> None:
        """Reports each rank that became slow, once."""
        before = self._compared
        if before is None or min(beat.compute_steps for beat in beats) == 0:
            self._compared = beats
            return
        if min(b.compute_steps - a.compute_steps for a, b in zip(before, beats, strict=True)) < SLOW_STEPS:
            return
        self._compared = beats
        slow = slow_ranks(before, beats, self.config.slow_factor)
        for rank, factor in slow.items():
            if rank not in self._slow:
                name, step = first_rank + rank, beats[rank].step
                append_event(self.folder, "slow", rank=name, factor=round(factor, 3), step=step)
                self.reporter.say(
                    f"rank {name} is slow: its own work takes {factor:.2f} times the median of this"
                    " machine's ranks; look at its card's clock and temperature, and at what else runs there"
                )
        self._slow = set(slow)


def hanging_ranks(
    beats: list[Heartbeat],
    now: float,
    began: float,
    config: WatchConfig,
    idle: Sequence[float],
    several: bool = False,
    on_cpu: bool = False,
) -> list[int]:
    """Finds the ranks that hang, the least advanced ones of them. Times in seconds.

    `idle`: seconds for which each has neither computed nor read nor written in a busy phase; infinite for a stopped
    process, which gets no allowance. Waiting ranks get twice the time if the run has `several` machines: the rank that
    they wait for may hang on another one, whose launcher reports it. `on_cpu`: ranks that compute do so on a processor,
    which shows that they do.
    """

    def is_late(rank: int) -> bool:
        beat = beats[rank]
        silent = now - (beat.at or began)
        if idle[rank] > config.hang_after:
            return silent > config.hang_after
        if on_cpu and beat.at and not beat.waiting and beat.phase in COMPUTING:
            return False
        longest = beat.allowance if beat.at else config.startup_time
        return silent > max(config.hang_after, longest) * (2 if several and beat.waiting else 1)

    late = [rank for rank in range(len(beats)) if is_late(rank)]
    working = [rank for rank in late if math.isinf(idle[rank]) or not beats[rank].waiting]
    if not working and len(late) < len(beats):
        return []  # some wait for a rank that still has time
    candidates = working or late
    least = min((beats[rank].step, beats[rank].position) for rank in candidates)
    return [rank for rank in candidates if (beats[rank].step, beats[rank].position) == least]


def slow_ranks(before: list[Heartbeat], after: list[Heartbeat], factor: float) -> dict[int, float]:
    """Finds ranks whose compute time per step since `before` is at least `factor` medians; {rank: its multiple}."""
    seconds = [
        (b.compute_seconds - a.compute_seconds) / (b.compute_steps - a.compute_steps)
        for a, b in zip(before, after, strict=True)
    ]
    median = statistics.median_low(seconds)
    return {rank: own / median for rank, own in enumerate(seconds) if own >= factor * median}


def process_state(pid: int) -> str:
    """State letter of /proc/PID/stat, such as S or T; empty if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return ""


def kill(pids: Iterable[int]) -> None:
    """Sends SIGKILL to processes."""
    signal_all(pids, signal.SIGKILL)


def signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    """Sends a signal to the processes that still run."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
