"""Runs one `ncvc` command as a person would type it, and measures what it cost."""

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from ncvc.progress import Channel, Reporter


@dataclass(frozen=True)
class Cost:
    """Cost of a command, of its child processes too."""

    wall: float
    """Seconds by the clock."""
    cpu: float
    """Seconds of processors, user and system."""
    peak: int
    """Bytes of memory of its largest process."""


@dataclass(frozen=True)
class Ended:
    """End of a command."""

    status: int
    """Exit status; negative for the signal that ended it."""
    cost: Cost
    stopped_by: int | None
    """Signal that asked this process to stop meanwhile."""


def command_line(arguments: Sequence[str]) -> str:
    """Returns the line that a person would type."""
    return shlex.join(("ncvc", *arguments))


def call(
    arguments: Sequence[str],
    reporter: Reporter,
    channel: Channel,
    *,
    folder: Path | None = None,
    keep_open: tuple[int, ...] = (),
) -> Ended:
    """Shows and runs one command; its standard output goes to `channel`, its errors to standard error.

    `folder` is where it runs, the current one by default; `keep_open` are descriptors that it inherits. Ctrl-C reaches
    the command by itself; SIGTERM is passed on. Both are waited for, and reported as `stopped_by`.
    """
    reporter.say(f"$ {command_line(arguments)}")
    out = {"stdout": None, "stderr": sys.stderr, "none": subprocess.DEVNULL}[channel]
    quiet = ("--quiet",) if channel == "none" and arguments[0] != "generate" else ()
    # In a folder of the user's nothing of it is imported.
    python = [sys.executable, *(["-P"] if folder else []), "-m", "ncvc"]
    started = time.monotonic()
    with _stop_requests() as requests:
        process = subprocess.Popen([*python, *arguments, *quiet], stdout=out, cwd=folder, pass_fds=keep_open)
        requests.reach(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    cost = Cost(time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
    return Ended(process.returncode, cost, requests.made[0] if requests.made else None)


class _StopRequests:
    """Handler that notes Ctrl-C and SIGTERM, and passes SIGTERM on to a command.

    It raises nothing: `os.wait4` may have taken the end of the command already, which an exception would lose.
    """

    def __init__(self) -> None:
        self.made: list[int] = []
        self._pid: int | None = None

    def reach(self, pid: int) -> None:
        """Takes the command that has started; requests that were made before reach it too."""
        self._pid = pid
        if signal.SIGTERM in self.made:
            os.kill(pid, signal.SIGTERM)

    def __call__(self, number: int, _: FrameType | None) -> None:
        """See `signal.signal`."""
        self.made.append(number)
        if number == signal.SIGTERM and self._pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, number)


@contextmanager
def _stop_requests() -> Iterator[_StopRequests]:
    """Yields the handler of Ctrl-C and SIGTERM, where these are not ignored; restores the ones before."""
    requests = _StopRequests()
    numbers = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    heard = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, requests) for number in heard}
    try:
        yield requests
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
