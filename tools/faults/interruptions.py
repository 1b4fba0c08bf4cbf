"""What can happen to a run."""

import contextlib
import os
import random
import resource
import signal
import time
from collections.abc import Callable
from functools import partial

from running import Run

FULL_FOR = 2.0  # seconds that a disk is full, at most
ROOM = (0, 1000, 20_000)  # bytes that there are, nevertheless


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
    run.ranks_asked += 1


def stop_rank(run: Run, chance: random.Random) -> None:
    """A rank hangs."""
    if not run.records() or "event" in run.records()[-1]:
        raise ProcessLookupError  # they are starting, for which they have more time
    os.kill(chance.choice(run.pids()), signal.SIGSTOP)


def fill_disk(run: Run, chance: random.Random) -> None:
    """Writes fail for a time, of ranks and launcher."""
    if not run.disk:
        limit_files(run, chance)
        return
    run.disk.fill(chance.choice(ROOM))
    run.relief = (time.monotonic() + chance.uniform(0, FULL_FOR), run.disk.free)


def limit_files(run: Run, chance: random.Random) -> None:
    """Writes of one rank fail for a time: none of its files can grow beyond a size."""
    pid = chance.choice(run.pids())

    def limit(size: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    limit(chance.choice(ROOM))
    run.relief = (time.monotonic() + chance.uniform(0, FULL_FOR), partial(limit, resource.RLIM_INFINITY))


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
    "RLIMIT_FSIZE of a rank": limit_files,
    "flipped bytes": flip_bytes,
}

AT_A_START = ("kill -9 of a rank", "kill -9 of the launcher", "SIGTERM", "SIGINT", "SIGTERM of a rank")
OF_A_LAUNCHER = ("kill -9 of the launcher", "SIGTERM", "SIGINT")
