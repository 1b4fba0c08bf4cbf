"""Reports progress to people. Library code gets a `Reporter`; only a command passes one that writes."""

import shutil
import sys
import time
from collections.abc import Callable, Mapping
from typing import Literal, TextIO

from ncvc.printable import printable
from ncvc.units import duration

TERMINAL_INTERVAL = 0.5
"""Seconds between two states of a line that is rewritten."""
LOG_INTERVAL = 10.0
"""Seconds between lines of progress in a log."""
CLEAR_LINE = "\r\033[K"

ProgressCallback = Callable[[Mapping[str, int]], None]
"""Takes the counts so far: `read_bytes`, `text_bytes`, `documents`, `dropped`, `quarantined`. What it raises stops the
work."""


class Progress:
    """Progress of one stage. This base class shows nothing."""

    def __call__(self, counts: Mapping[str, int]) -> None:
        """Takes the counts of a stage that knows them; see `ProgressCallback`."""

    def items(self, done: int, of: int, note: str = "") -> None:
        """Takes the number of finished items, of a stage that knows no more; `note` is shown behind it."""

    def resume(self, done: int) -> None:
        """Takes the number of items that an earlier start finished."""

    def close(self) -> None:
        """Ends the display."""


class Reporter:
    """Reports a long task. This base class reports nothing."""

    def say(self, line: str) -> None:
        """Reports one line."""

    def progress(self, label: str, total_bytes: int = 0) -> Progress:
        """Begins a stage that reads `total_bytes` bytes, 0 if that is not known."""
        return Progress()


class ConsoleReporter(Reporter):
    """Reports on a stream: lines, and one line of progress that is rewritten if the stream is a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()
        self._shows_progress = False

    def say(self, line: str) -> None:
        """Writes a line."""
        self._write(f"{printable(line)}\n")

    def progress(self, label: str, total_bytes: int = 0) -> Progress:
        """Begins a line of progress."""
        return ProgressLine(self, label, total_bytes)

    def show(self, line: str) -> None:
        """Shows progress: on a terminal until something else is written, elsewhere as a line."""
        if not self.terminal:
            self.say(line)
            return
        width = shutil.get_terminal_size().columns - 1  # a line that wraps could not be rewritten
        self._write(printable(line)[:width])
        self._shows_progress = True

    def clear(self) -> None:
        """Clears the line of progress."""
        self._write("")

    def _write(self, text: str) -> None:
        self.stream.write(f"{CLEAR_LINE if self._shows_progress else ''}{text}")
        self.stream.flush()  # at once, for whoever reads a pipe
        self._shows_progress = False


class ProgressLine(Progress):
    """Shows a stage every `TERMINAL_INTERVAL` seconds on a terminal, every `LOG_INTERVAL` seconds elsewhere."""

    def __init__(self, reporter: ConsoleReporter, label: str, total_bytes: int) -> None:
        self.reporter = reporter
        self.label = label
        self.total_bytes = total_bytes
        self.started = self.shown = time.monotonic()
        self._before = (self.started, 0)
        """Time from which items count, and the number that were done by then."""
        self.interval = TERMINAL_INTERVAL if reporter.terminal else LOG_INTERVAL

    def __call__(self, counts: Mapping[str, int]) -> None:
        """Shows the counts if it is time."""
        if seconds := self._due():
            self.reporter.show(self._line(counts, seconds))

    def resume(self, done: int) -> None:
        """Leaves the items that an earlier start finished out of the time left."""
        self._before = (time.monotonic(), done)

    def items(self, done: int, of: int, note: str = "") -> None:
        """Shows the share of finished items if it is time."""
        if self._due():
            since, before = self._before
            seconds, finished = time.monotonic() - since, done - before
            remaining = f" · {duration(seconds / finished * (of - done))} left" if finished and done < of else ""
            said = f" · {note}" if note else ""
            self.reporter.show(f"{self.label}: {done / of:4.0%} · {done:,} of {of:,}{said}{remaining}")

    def close(self) -> None:
        """Clears the line."""
        self.reporter.clear()

    def _due(self) -> float:
        """Returns the seconds since the start if it is time to show them, else 0."""
        now = time.monotonic()
        if now - self.shown < self.interval:
            return 0.0
        self.shown = now
        return now - self.started

    def _line(self, counts: Mapping[str, int], seconds: float) -> str:
        left = [f"{counts[name]:,} {name}" for name in ("dropped", "quarantined") if counts[name]]
        done = counts["read_bytes"] / self.total_bytes if self.total_bytes else 1.0
        remaining = f"{duration(seconds / done - seconds)} left" if 0 < done < 1 else ""
        rate = f"{counts['text_bytes'] / 1e6 / seconds:.1f} MB/s"
        parts = [f"{done:4.0%}", f"{counts['documents']:,} documents", rate, *left, remaining]
        return f"{self.label}: " + " · ".join(part for part in parts if part)


Channel = Literal["stdout", "stderr", "none"]


def reporter_on(channel: Channel) -> Reporter:
    """Returns a reporter that writes to a standard stream of this process, or nowhere."""
    return Reporter() if channel == "none" else ConsoleReporter(getattr(sys, channel))
