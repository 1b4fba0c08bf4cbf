"""Runs one `ncvc` command as a person would type it, and measures what it cost."""

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
    process = subprocess.Popen([*python, *arguments, *quiet], stdout=out, cwd=folder, pass_fds=keep_open)
    stopped_by = None
    with _passing_on(process) as passed:
        while True:
            try:
                _, status, usage = os.wait4(process.pid, 0)
                break
            except KeyboardInterrupt:
                stopped_by = signal.SIGINT  # Ctrl-C reached the command too; it ends in its own way
    process.returncode = os.waitstatus_to_exitcode(status)
    cost = Cost(time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
    return Ended(process.returncode, cost, passed[0] if passed else stopped_by)


@contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Passes SIGTERM on to a process, and yields the list that notes it."""
    passed: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield passed
        return

    def pass_on(number: int, _: FrameType | None) -> None:
        passed.append(number)
        process.send_signal(number)

    before = signal.signal(signal.SIGTERM, pass_on)
    try:
        yield passed
    finally:
        signal.signal(signal.SIGTERM, before)
