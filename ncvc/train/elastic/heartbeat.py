"""A rank's signs of life, in memory that it shares with its machine's launcher.

The launcher owns the memory (a memfd), a slot a rank; a rank opens it through /proc and writes its slot at every
micro-batch and before anything long. That takes no thread, no system call and no lock, and the memory goes with the
launcher, however that ends. Each rank also registers its stack dump on a signal, into a second memfd, so that a
disk that hangs cannot keep the reason to itself.
"""

import ctypes
import faulthandler
import mmap
import os
import signal
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar

VARIABLE = "NCVC_WATCH"
DUMP_SIGNAL = signal.SIGUSR1
IO_ALLOWANCE = 1800.0  # seconds for what reads or writes much at a time: data, checkpoints
DAY = 86400.0  # seconds

PHASES = (
    "starting",
    "reading the data",
    "building the index of the samples",
    "loading",
    "computing",
    "waiting for the other ranks",
    "updating the weights",
    "saving",
    "ending",
)
BUSY = frozenset(
    map(PHASES.index, ("starting", "reading the data", "building the index of the samples", "loading", "saving"))
)
"""Phases in which a rank that does not wait for others uses the processor or the disk. While computing it may wait for
a GPU or a compiler."""
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True)
class Heartbeat:
    """A rank's newest sign of life."""

    at: float
    """time.monotonic() of it, in seconds; 0 if there is none yet."""
    allowance: float
    """Seconds that the rank may take until the next, if that is more than usual."""
    step: int
    """The step that it is in; 0 before the first."""
    position: int
    """Signs of life in that step, before this one."""
    phase: int
    """Index of PHASES."""
    waiting: int
    """1 if the rank waits for others and has nothing to do itself."""
    compute_seconds: float
    """Seconds of own work in forward and backward passes so far, without waiting for data-parallel ranks."""
    compute_steps: int
    """Steps that `compute_seconds` is the sum of."""

    LAYOUT: ClassVar[struct.Struct] = struct.Struct("=ddqqqqdq")


class HeartbeatTable:
    """The launcher's side: a slot a rank."""

    def __init__(self, ranks: int) -> None:
        beats = os.memfd_create("ncvc-heartbeats")
        os.ftruncate(beats, ranks * Heartbeat.LAYOUT.size)
        self._memory = mmap.mmap(beats, ranks * Heartbeat.LAYOUT.size)
        self._stacks = [os.memfd_create("ncvc-stacks") for _ in range(ranks)]
        self.variable = " ".join(map(str, (os.getpid(), beats, *self._stacks)))
        """What the ranks find in their environment."""

    def clear(self) -> None:
        """Forgets what the ranks before have written."""
        self._memory[:] = bytes(len(self._memory))
        for stacks in self._stacks:
            os.ftruncate(stacks, 0)

    def heartbeats(self) -> list[Heartbeat]:
        """The newest sign of life of every rank of this machine."""
        return [Heartbeat(*values) for values in Heartbeat.LAYOUT.iter_unpack(self._memory)]

    def stacks(self, local_rank: int) -> bytes:
        """What a rank's stack dump has written."""
        return os.pread(self._stacks[local_rank], os.fstat(self._stacks[local_rank]).st_size, 0)


class _Sender:
    """The rank's side: writes its slot of the table."""

    def __init__(self) -> None:
        self.slot: Any = None
        self.stacks: IO[bytes] | None = None
        self.step = self.position = self.compute_steps = 0
        self.compute_seconds = self.allowance = 0.0

    def connect(self) -> None:
        where = os.environ.get(VARIABLE)
        if where is None:
            return
        launcher, beats, *stacks = map(int, where.split())
        rank = int(os.environ["LOCAL_RANK"])
        # A launcher that is killed takes its ranks with it: they must not go on in the next one's run folder.
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != launcher:
            sys.exit(1)
        descriptors = Path(f"/proc/{launcher}/fd")
        with (descriptors / str(beats)).open("r+b") as file:
            memory = mmap.mmap(file.fileno(), 0)
        size = Heartbeat.LAYOUT.size
        self.slot = memoryview(memory)[rank * size : (rank + 1) * size]
        self.stacks = (descriptors / str(stacks[rank])).open("ab")
        faulthandler.register(DUMP_SIGNAL, self.stacks, all_threads=True)

    def send(self, phase: str, step: int | None, allowance: float, waiting: bool) -> None:
        if step is not None and step != self.step:
            self.step, self.position, self.allowance = step, 0, allowance
        else:
            self.position += 1
        if self.slot is not None:
            Heartbeat.LAYOUT.pack_into(
                self.slot,
                0,
                time.monotonic(),
                max(allowance, self.allowance),
                self.step,
                self.position,
                PHASES.index(phase),
                waiting,
                self.compute_seconds,
                self.compute_steps,
            )

    def add_compute_time(self, seconds: float) -> None:
        self.compute_seconds += seconds
        self.compute_steps += 1


_sender = _Sender()


def connect() -> None:
    """Lets the launcher watch this process from now on, if one does, and end it with itself."""
    _sender.connect()


def send_heartbeat(phase: str, *, step: int | None = None, allowance: float = 0.0, waiting: bool = False) -> None:
    """A sign of life: what this rank does now, one of PHASES.

    `allowance`: seconds until the next one, if it can take long; with a new `step`, for all of it. `waiting`: for
    other ranks, with nothing to do.
    """
    _sender.send(phase, step, allowance, waiting)


def announce_wait(allowance: float = IO_ALLOWANCE) -> None:
    """A sign of life before a word with the other ranks that may still have much to do; `allowance` in seconds."""
    send_heartbeat("waiting for the other ranks", allowance=allowance, waiting=True)


def add_compute_time(seconds: float) -> None:
    """The seconds that a step took of this rank alone; told with the next sign of life."""
    _sender.add_compute_time(seconds)
