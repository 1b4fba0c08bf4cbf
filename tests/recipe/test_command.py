"""Requests to stop that come at any moment of a recipe's or the demo's command: both end, and its end is not lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ncvc.progress import Reporter
from ncvc.recipe.command import Ended, call

REQUESTS = [signal.SIGINT, signal.SIGTERM]


def call_program(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Ended:
    """Calls a program in the place of Python with a command of ncvc."""
    program = folder / "python"
    program.write_text(f"#!{sys.executable}\n{code}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return call(("verify", "model"), Reporter(), "none")


@pytest.mark.parametrize("asked", REQUESTS)
@pytest.mark.parametrize("moment", ["before its end is taken", "after"])
def test_a_request_that_comes_as_the_command_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: signal.Signals, moment: str
) -> None:
    take = os.wait4

    def wait(pid: int, options: int) -> Any:
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        if moment != "after":
            signal.raise_signal(asked)
        ended = take(pid, options)
        if moment == "after":
            signal.raise_signal(asked)
        return ended

    monkeypatch.setattr(os, "wait4", wait)
    ended = call_program("raise SystemExit(130)", tmp_path, monkeypatch)
    assert (ended.status, ended.stopped_by) == (130, asked)


@pytest.mark.parametrize("asked", REQUESTS)
def test_a_request_that_comes_as_the_command_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: signal.Signals
) -> None:
    started: list[int] = []

    class Popen(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self.pid)
            if asked == signal.SIGINT:  # Ctrl-C reaches both
                self.send_signal(asked)
            signal.raise_signal(asked)

    monkeypatch.setattr(subprocess, "Popen", Popen)
    ended = call_program("import time; time.sleep(600)", tmp_path, monkeypatch)
    assert ended.stopped_by == asked
    [pid] = started
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_handlers_are_those_of_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = [signal.getsignal(number) for number in REQUESTS]
    assert call_program("raise SystemExit(3)", tmp_path, monkeypatch).status == 3
    assert [signal.getsignal(number) for number in REQUESTS] == before
