"""Commands beside a training: at the lowest priority, in a process group of their own, with their output in a file."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

LOWEST_PRIORITY = 19
GRACE = 5.0
"""Seconds that a command has to end itself after SIGTERM."""


def run(
    command: Sequence[str],
    output: Path,
    stop: threading.Event,
    *,
    variables: Mapping[str, str],
    text: bytes = b"",
    timeout: float | None = None,
) -> str:
    """Runs a command with `text` as its input; returns why it failed, or an empty string.

    Standard output and error go to the file `output`. `stop` or `timeout` (seconds) ends it with all its processes.
    """
    try:
        with output.open("wb") as file:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, **variables},
                process_group=0,
            )
    except OSError as error:
        return str(error)
    with contextlib.suppress(ProcessLookupError):
        os.setpriority(os.PRIO_PGRP, process.pid, LOWEST_PRIORITY)
    threading.Thread(target=_feed, args=(process, text), daemon=True).start()
    return _wait(process, stop, timeout)


def _feed(process: subprocess.Popen[bytes], text: bytes) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(text)


def _wait(process: subprocess.Popen[bytes], stop: threading.Event, timeout: float | None) -> str:
    waited = 0.0
    while process.poll() is None:
        if stop.wait(0.1):
            _end(process)
            return "ended with the training"
        waited += 0.1
        if timeout is not None and waited > timeout:
            _end(process)
            return f"took longer than {timeout:.0f} s"
    code = process.returncode
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    return f"exit status {code}" if code else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
            return
