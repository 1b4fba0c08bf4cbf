"""`ncvc train` in forked processes: launchers, and the ranks that they start.

What takes seconds to import is imported once, before the first fork; all else is as it is: the launcher is a
process with torch's elastic agent, every rank is a child of it with a session of its own. Nothing of torch runs
before the forks, so they inherit no threads of its. Some steps can be slow, or have spoiled gradients.
"""

import logging
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ncvc.model.lazy_dynamo  # noqa: F401  # isort: skip

from torch.distributed.elastic.multiprocessing.subprocess_handler import subprocess_handler

from ncvc import NcvcError
from ncvc.cli import main
from ncvc.train import anomaly_guard, loop
from ncvc.train.elastic import launch, worker

HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGALRM)


@dataclass(frozen=True)
class Faults:
    """What happens to the steps of a run."""

    seconds: float = 0.0
    """That each step takes longer."""
    spoiled: Sequence[int] = ()
    """Steps whose gradients are not finite, on one rank."""
    skipped: Sequence[int] = ()
    """Good steps that the guard is made to take for bad."""
    mistake: int = 0
    """Step in which the ranks of this launcher end with a user's mistake; 0 for none."""


class Forked(subprocess.Popen[bytes]):
    """A forked child that runs a function, with Popen's ways to wait for it."""

    def __init__(self, function: Callable[[], Any], output: Path | None = None) -> None:
        self._function = function
        self._output = output
        super().__init__(["a function"])

    def _execute_child(self, *_: Any) -> None:
        # As Popen does: no signal meets the hooks of a fork, nor a child that has its parent's handlers.
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
        self.pid = os.fork()
        if self.pid == 0:
            for number in HANDLED:
                signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
            self._run()
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        self._child_created = True

    def _run(self) -> None:
        """Never returns."""
        status = 99
        try:
            os.setsid()
            if self._output:
                descriptor = os.open(self._output, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
                os.dup2(descriptor, 1)
                os.dup2(descriptor, 2)
            self._function()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:  # as the interpreter would
            traceback.print_exc()
            status = 1
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(status)


def start(config: Path, faults: Faults, output: Path, flags: Sequence[str] = ("--max-restarts", "4")) -> Forked:
    """`ncvc train CONFIG FLAGS`."""

    def run() -> None:
        tempfile.tempdir = str(output.parent)  # torchrun's own files, which nobody removes after a kill
        subprocess_handler.Popen = rank  # type: ignore[assignment, misc]
        sys.argv = ["ncvc", "train", str(config), *flags]
        main()

    def rank(args: Sequence[str], env: dict[str, str], **_: Any) -> Forked:
        _, *module = args[: 1 + len(launch.WORKER)]
        assert tuple(module) == launch.WORKER

        def run_rank() -> None:
            os.environ.update(env)
            logging.disable(logging.NOTSET)  # the launcher's, which a new interpreter would not have
            spoil(faults)
            worker.main(*args[1 + len(launch.WORKER) :])

        return Forked(run_rank)

    return Forked(run, output)


def start_as_people_do(config: Path, output: Path) -> subprocess.Popen[bytes]:
    """The same command in a new process, which imports everything itself."""
    command = [sys.executable, "-m", "ncvc", "train", str(config), "--max-restarts", "4"]
    environment = {**os.environ, "TMPDIR": str(output.parent)}
    with output.open("ab") as file:
        return subprocess.Popen(command, env=environment, stdout=file, stderr=file, start_new_session=True)


def spoil(faults: Faults) -> None:
    """Changes the steps of this process' training loop."""
    forward_backward, judge = loop.forward_backward, anomaly_guard.AnomalyGuard.judge

    def slow_and_spoiled(training: Any, *rest: Any) -> Any:
        result = forward_backward(training, *rest)
        time.sleep(faults.seconds)
        step, ranks = training.done + 1, training.ranks
        if step == faults.mistake:
            raise NcvcError("a mistake that was made on purpose; leave it out")
        if step in faults.spoiled and ranks.rank == step % ranks.world_size:
            training.model.buffers[0].grad_data.mul_(math.nan)
        training.guard.step = step
        return result

    def judge_or_skip(self: Any, loss: float, grad_norm: float) -> str | None:
        return judge(self, math.nan if self.step in faults.skipped else loss, grad_norm)

    loop.forward_backward = slow_and_spoiled
    anomaly_guard.AnomalyGuard.judge = judge_or_skip  # type: ignore[method-assign]
