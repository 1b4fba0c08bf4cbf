"""Kills a function, or makes its system calls fail, at any call that it makes.

The function runs in a forked child that strace attaches to before it begins; so neither start-up nor imports are
seen, and the n-th call of a kind is the same one every time.
"""

import ctypes
import os
import re
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CALLS = (
    "copy_file_range",
    "fdatasync",
    "fsync",
    "ftruncate",
    "mkdir",
    "openat",
    "pwrite64",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "sendfile",
    "unlink",
    "unlinkat",
    "write",
    "writev",
)
ACTIONS = ("signal=KILL", "error=ENOSPC", "error=EIO")

_LINE = re.compile(r"^(?P<thread>\d+) +(?P<call>\w+)\((?P<arguments>.*)")
_PR_SET_PTRACER, _ANYONE = 0x59616D61, -1


@dataclass(frozen=True)
class Site:
    """One system call of a run."""

    call: str
    """Its name."""
    number: int
    """Which of the main thread's calls of that name, counted from 1."""
    arguments: str
    """What it was called with, for people."""


@dataclass(frozen=True)
class Outcome:
    """How a child ended."""

    status: int
    """Its exit status; negative for the signal that killed it."""
    output: str
    """What it wrote."""
    injected: bool
    """Whether the fault took place."""


def sites(function: Callable[[], int]) -> Iterator[Site]:
    """Runs `function` undisturbed and returns the calls that its main thread makes."""
    with tempfile.NamedTemporaryFile(suffix=".strace") as log:
        outcome = _run(function, ["-e", f"trace={','.join(CALLS)}", "-o", log.name])
        assert outcome.status == 0, outcome.output
        found = [m for line in Path(log.name).read_text(errors="replace").splitlines() if (m := _LINE.match(line))]
    counts: Counter[str] = Counter()
    for match in found:
        if match["thread"] == found[0]["thread"]:
            counts[match["call"]] += 1
            yield Site(match["call"], counts[match["call"]], match["arguments"])


def trial(function: Callable[[], int], site: Site, action: str) -> Outcome:
    """Runs `function` with one call killed or failing."""
    with tempfile.NamedTemporaryFile(suffix=".strace") as log:
        inject = f"inject={site.call}:{action}:when={site.number}"
        outcome = _run(function, ["-e", f"trace={site.call}", "-e", inject, "-o", log.name])
        injected = "(INJECTED)" in Path(log.name).read_text(errors="replace") or outcome.status == -signal.SIGKILL
    return Outcome(outcome.status, outcome.output, injected)


def undisturbed(function: Callable[[], int]) -> Outcome:
    """Runs `function` in a child."""
    return _run(function, None)


def _run(function: Callable[[], int], strace: list[str] | None) -> Outcome:
    with tempfile.TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            _child(function, errors.fileno(), stopped=strace is not None)
        tracer = None
        if strace is not None:
            os.waitpid(child, os.WUNTRACED)
            command = ["strace", "-f", "-qq", "-p", str(child), *strace]
            tracer = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            _wait_for_tracer(child)
            os.kill(child, signal.SIGCONT)
        _, status = os.waitpid(child, 0)
        if tracer is not None:
            tracer.wait()
        errors.seek(0)
        return Outcome(os.waitstatus_to_exitcode(status), errors.read().decode(errors="replace"), False)


def _child(function: Callable[[], int], errors: int, *, stopped: bool) -> None:
    """Never returns."""
    os.dup2(errors, 1)
    os.dup2(errors, 2)
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANYONE, 0, 0, 0)
    if stopped:
        os.kill(os.getpid(), signal.SIGSTOP)
    status = 99
    try:
        status = function()
    finally:
        os._exit(status)


def _wait_for_tracer(child: int) -> None:
    while True:
        fields = dict(line.split(":\t", 1) for line in Path(f"/proc/{child}/status").read_text().splitlines())
        if fields["TracerPid"] != "0":
            return
