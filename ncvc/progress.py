"""Reports progress to people. Library code gets a `Reporter`; only a command passes one that writes to stderr."""

import sys
import time
from collections.abc import Callable, Mapping

import click

from ncvc.units import duration

TERMINAL_INTERVAL = 0.5
LOG_INTERVAL = 10.0

ProgressCallback = Callable[[Mapping[str, int]], None]
"""Takes the counts so far: `read_bytes`, `text_bytes`, `documents`, `dropped`, `quarantined`. What it raises stops the
work."""


class Progress:
    """Progress of one stage. This base class shows nothing."""

    def __call__(self, counts: Mapping[str, int]) -> None:
        """Takes the counts of a stage that knows them; see `ProgressCallback`."""

    def items(self, done: int, of: int) -> None:
        """Takes the number of finished items, of a stage that knows no more."""

    def close(self) -> None:
        """Ends the display."""


class Reporter:
    """Reports a long task. This base class reports nothing."""

    def say(self, line: str) -> None:
        """Reports one line."""

    def progress(self, label: str, total_bytes: int = 0) -> Progress:
        """Begins a stage that reads `total_bytes` bytes, 0 if that is not known."""
        return Progress()


class StderrReporter(Reporter):
    """Reports on standard error."""

    def say(self, line: str) -> None:
        """Writes a line."""
        click.echo(line, err=True)

    def progress(self, label: str, total_bytes: int = 0) -> Progress:
        """Begins a line of progress."""
        return ProgressLine(label, total_bytes)


class ProgressLine(Progress):
    """Rewrites one line on a terminal; writes a line every `LOG_INTERVAL` seconds elsewhere."""

    def __init__(self, label: str, total_bytes: int) -> None:
        self.label = label
        self.total_bytes = total_bytes
        self.started = time.monotonic()
        self.terminal = sys.stderr.isatty()
        self.shown = self.started
        self.width = 0

    def __call__(self, counts: Mapping[str, int]) -> None:
        """Shows the counts if it is time."""
        now = time.monotonic()
        if now - self.shown < (TERMINAL_INTERVAL if self.terminal else LOG_INTERVAL):
            return
        self.shown = now
        self._write(self._line(counts, now - self.started))

    def items(self, done: int, of: int) -> None:
        """Shows how many of a stage's items are done, where nothing more is known."""
        now = time.monotonic()
        if now - self.shown < (TERMINAL_INTERVAL if self.terminal else LOG_INTERVAL):
            return
        self.shown = now
        seconds = now - self.started
        remaining = f" · {duration(seconds / done * of - seconds)} left" if 0 < done < of else ""
        self._write(f"{self.label}: {done / of:4.0%} · {done:,} of {of:,} parts{remaining}")

    def _line(self, counts: Mapping[str, int], seconds: float) -> str:
        left = [f"{counts[name]:,} {name}" for name in ("dropped", "quarantined") if counts[name]]
        done = counts["read_bytes"] / self.total_bytes if self.total_bytes else 1.0
        remaining = f"{duration(seconds / done - seconds)} left" if 0 < done < 1 else ""
        rate = f"{counts['text_bytes'] / 1e6 / seconds:.1f} MB/s"
        parts = [f"{done:4.0%}", f"{counts['documents']:,} documents", rate, *left, remaining]
        return f"{self.label}: " + " · ".join(part for part in parts if part)

    def _write(self, line: str) -> None:
        if self.terminal:
            click.echo("\r" + line.ljust(self.width), nl=False, err=True)
            self.width = len(line)
        else:
            click.echo(line, err=True)

    def close(self) -> None:
        """Clears the line."""
        if self.terminal and self.width:
            click.echo("\r" + " " * self.width + "\r", nl=False, err=True)
