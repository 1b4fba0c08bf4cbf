"""Heartbeats of ranks, in memory that they share with their machine's launcher.

The launcher owns the memory (a memfd) with one slot per rank; a rank opens it through /proc and writes its slot at
every micro-batch and before any long operation. A heartbeat takes no thread, no system call and no lock, and the memory
is freed with the launcher, however that ends. Each rank also dumps its stacks on a signal, into a second memfd, since a
disk may be what hangs.
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
IO_ALLOWANCE = 1800.0  # seconds for reading or writing data or a checkpoint
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
"""Phases in which a rank uses the processor or the disk, unless it waits for others."""
COMPUTING = frozenset(map(PHASES.index, ("computing", "updating the weights")))
"""Phases in which a rank of a CPU uses the processor; one of a GPU may wait for that or for a compiler."""
_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True)
class Heartbeat:
    """Newest heartbeat of a rank."""

    at: float
    """time.monotonic() in seconds; 0 before the first heartbeat."""
    allowance: float
    """Seconds until the next heartbeat is due, if more than usual."""
    step: int
    """Step that the rank is in; 0 before the first."""
    position: int
    """Heartbeats of this step before this one."""
    phase: int
    """Index of PHASES."""
    waiting: int
    """1 if the rank waits for others and has no work of its own."""
    compute_seconds: float
    """Seconds in forward and backward passes so far, without waiting for data-parallel ranks."""
    compute_steps: int
    """Number of steps in `compute_seconds`."""

    LAYOUT: ClassVar[struct.Struct] = struct.Struct("=ddqqqqdq")


class HeartbeatTable:
    """The launcher's side: one slot per rank of this machine."""

    def __init__(self, ranks: int) -> None:
        beats = os.memfd_create("ncvc-heartbeats")
        os.ftruncate(beats, ranks * Heartbeat.LAYOUT.size)
        self._memory = mmap.mmap(beats, ranks * Heartbeat.LAYOUT.size)
        self._stacks = [os.memfd_create("ncvc-stacks") for _ in range(ranks)]
        self.variable = " ".join(map(str, (os.getpid(), beats, *self._stacks)))
        """Value of the ranks' environment variable `VARIABLE`: launcher's process id, descriptors of the memory."""

    def clear(self) -> None:
        """Clears heartbeats and stack dumps before the ranks start."""
        self._memory[:] = bytes(len(self._memory))
        for stacks in self._stacks:
            os.ftruncate(stacks, 0)

    def heartbeats(self) -> list[Heartbeat]:
        """Newest heartbeat of every rank of this machine, by local rank."""
        return [Heartbeat(*values) for values in Heartbeat.LAYOUT.iter_unpack(self._memory)]

    def stacks(self, local_rank: int) -> bytes:
        """Stack dump of a rank; empty if it wrote none."""
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
        end_with_parent(launcher)  # or ranks would write into the next launcher's run folder
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


def end_with_parent(parent: int) -> None:
    """Lets the system kill this process when `parent`, which started it, is gone; ends it if that is so already."""
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


_sender = _Sender()


def connect() -> None:
    """Connects this process to its launcher's table, if a launcher started it, and ends it with the launcher."""
    _sender.connect()


def send_heartbeat(phase: str, *, step: int | None = None, allowance: float = 0.0, waiting: bool = False) -> None:
    """Sends a heartbeat with the present phase, one of PHASES.

    `allowance`: seconds until the watchdog may act, if the phase can take long; with a new `step` it holds for the
    whole step. `waiting`: the rank waits for others and has no work of its own.
    """
    _sender.send(phase, step, allowance, waiting)


def announce_wait(allowance: float = IO_ALLOWANCE) -> None:
    """Sends a heartbeat "waiting" before a collective; `allowance`: seconds until the watchdog may act."""
    send_heartbeat("waiting for the other ranks", allowance=allowance, waiting=True)


def add_compute_time(seconds: float) -> None:
    """Adds a step's own compute time, in seconds, to the next heartbeat."""
    _sender.add_compute_time(seconds)
