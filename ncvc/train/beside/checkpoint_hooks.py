"""Export, benchmarks and the user's command for each checkpoint that stays for ever."""

import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ncvc.checkpoint.manifest import checkpoint_folders
from ncvc.errors import ConfigError, NcvcError
from ncvc.progress import Channel, Reporter, reporter_on
from ncvc.train.beside.commands import run
from ncvc.train.beside.evaluation import evaluation_command, record_scores
from ncvc.train.config import TrainConfig
from ncvc.train.packages import require_exporter
from ncvc.train.run_lock import locked

POLL = 1.0
"""Seconds between two looks for new checkpoints."""


@dataclass(frozen=True)
class Hook:
    """One command for one checkpoint."""

    checkpoint: Path
    step: int
    kind: str
    """`export`, `run` or `evaluate`."""
    output: Path
    """Folder that an export or an evaluation writes."""
    log: Path
    """Output of the command, once it has succeeded; it is not run again then."""

    @property
    def is_done(self) -> bool:
        """True if an earlier start has done it."""
        return self.log.exists() or (self.kind == "export" and self.output.exists())


class CheckpointHooks:
    """Runs the hooks of a run one after the other, oldest checkpoint first, in a thread; use it as a context.

    Those that an end of the launcher cut off or that failed are run again by the next start.
    """

    def __init__(self, config: TrainConfig, reporter: Reporter) -> None:
        self.config = config
        self.reporter = reporter
        self._failed: set[Path] = set()
        self._stop = threading.Event()
        self._no_more = threading.Event()
        # Not the thread's `is_alive`: Python 3.12 takes a thread for ended whose `join` an exception interrupts.
        self._ended = threading.Event()
        self._ended.set()
        self._thread = threading.Thread(target=self._work, name="checkpoint hooks", daemon=True)

    def __enter__(self) -> "CheckpointHooks":
        """Begins with what earlier starts have left.

        Raises `ConfigError` if what exports is not installed, or there are no benchmarks.
        """
        require_exporter(self.config)
        settings = self.config.evaluation
        if settings and not Path(settings.data).is_dir():
            raise ConfigError(
                f"evaluation.data: no folder {settings.data}; `ncvc data` makes one, or leave evaluation out"
            )
        if self._commands():
            self._ended.clear()
            self._thread.start()
        return self

    def finish(self) -> bool:
        """Waits for the hooks of a finished training; returns False if it was asked to leave them to the next start."""
        if self._ended.is_set():
            return True
        self._no_more.set()
        if any(self.pending()):
            self.reporter.say("the training is finished; waiting for its checkpoints' hooks (Ctrl-C: the next start)")
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            while not self._ended.wait(0.2):  # with a timeout signals are heard
                pass
        except KeyboardInterrupt:
            return False
        finally:
            signal.signal(signal.SIGTERM, before)
        return True

    def __exit__(self, *_: object) -> None:
        """Ends a command that still runs."""
        self._stop.set()
        self._ended.wait()

    def pending(self) -> Iterator[Hook]:
        """Yields the hooks that are to be run now, in order."""
        for checkpoint in reversed(checkpoint_folders(self.config.folder)):
            for hook in self._hooks(checkpoint):
                if not hook.is_done and hook.log not in self._failed:
                    yield hook

    def _commands(self) -> list[str]:
        """Lists the kinds of hooks that the config asks for, in the order in which they run."""
        kinds = [kind for kind in ("export", "run") if getattr(self.config.checkpoints, kind) is not None]
        return kinds + (["evaluate"] if self.config.evaluation else [])

    def _hooks(self, checkpoint: Path) -> Iterator[Hook]:
        settings = self.config.checkpoints
        step = int(checkpoint.name.removeprefix("step_"))
        if step != self.config.schedule.train_iters and not settings.is_kept(step):
            return
        for kind in self._commands():
            if kind == "evaluate" and not self._is_measured(step):
                continue
            log = self.config.folder / "hooks" / f"{checkpoint.name}.{kind}.log"
            place = "evaluation" if kind == "evaluate" else "hf"
            yield Hook(checkpoint, step, kind, self.config.folder / place / checkpoint.name, log)

    def _is_measured(self, step: int) -> bool:
        every = self.config.evaluation.every if self.config.evaluation else 0
        return step == self.config.schedule.train_iters or step % every == 0

    def _work(self) -> None:
        try:
            self._run_pending()
        finally:
            self._ended.set()

    def _run_pending(self) -> None:
        while not self._stop.is_set():
            last = self._no_more.is_set()
            hook = next(self.pending(), None)
            if hook is not None:
                self._run(hook)
            elif last:
                return
            else:
                self._stop.wait(POLL)

    def _run(self, hook: Hook) -> None:
        settings = self.config.checkpoints
        exported = str(hook.output) if settings.export else ""
        if hook.kind == "export":
            arguments = ["convert", str(hook.checkpoint), str(hook.output), "--to", "hf"]
            command = [sys.executable, "-m", "ncvc", *arguments]
        elif hook.kind == "evaluate":
            command = evaluation_command(self.config, hook.checkpoint, hook.output)
        else:
            command = ["/bin/sh", "-c", settings.run or ""]
        variables = {
            "CUDA_VISIBLE_DEVICES": "",  # the GPUs are the training's
            "NCVC_RUN": str(self.config.folder),
            "NCVC_CHECKPOINT": str(hook.checkpoint),
            "NCVC_STEP": str(hook.step),
            "NCVC_EXPORT": exported,
        }
        partial = hook.log.with_suffix(".log.partial")
        try:
            partial.parent.mkdir(exist_ok=True)
            hook.output.parent.mkdir(exist_ok=True)
            # An evaluation whose scores a stop kept from the log is there already.
            done = hook.kind == "evaluate" and hook.output.exists()
            problem = "" if done else run(command, partial, self._stop, variables=variables)
            if self._stop.is_set():
                return
            if hook.kind == "evaluate" and not problem:
                partial.touch()
                record_scores(self.config, hook.step, hook.output)
            partial.replace(hook.log.with_suffix(".log.failed") if problem else hook.log)
        except (OSError, NcvcError) as error:
            problem = str(error)
        if problem:
            self._failed.add(hook.log)
            self.reporter.say(
                f"checkpoints.{hook.kind} FAILED for {hook.checkpoint.name}: {problem}; see"
                f" {hook.log.with_suffix('.log.failed')}; the next start tries again"
            )
        else:
            self.reporter.say(f"checkpoints.{hook.kind}: {hook.checkpoint.name} done")


def finish_hooks(config: TrainConfig, channel: Channel) -> bool:
    """Runs the hooks that a finished training has left; returns False if it was asked to stop before their end.

    Raises `NcvcError` if another process has the run.
    """
    if not any(CheckpointHooks(config, Reporter()).pending()):
        return True
    with locked(config), CheckpointHooks(config, reporter_on(channel)) as hooks:
        return hooks.finish()
