"""Requests to stop, by signals; imports nothing slow, so that ranks listen from the beginning."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType

REPEATED = 0.5  # seconds in which signals are one request
ACKNOWLEDGED = (
    "asked to stop by {}: the ranks end after the step that they are in, and save; those that load end when they have"
    " loaded. A second signal ends the run at once"
)
LATER = 0.01  # seconds after which a signal that came at a bad moment comes again


class StopRequest:
    """Records whether SIGTERM, SIGINT or SIGHUP asked this process to stop after its step."""

    def __init__(self) -> None:
        self.made = False

    def listen(self) -> None:
        """Handles the signals from now on, which would otherwise end the process."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._make)

    def _make(self, number: int, frame: object) -> None:
        self.made = True


class OneRequest:
    """Handler of a launcher's signals that calls torch's, which raises an exception wherever the launcher is.

    Signals within `REPEATED` seconds of the first are the same request: `timeout` sends one to its child and then to
    the child's whole process group. One that comes inside `logging` waits until that has given back its lock, for which
    torch's threads would wait for ever; one inside a finalizer until that has ended, since Python prints an exception
    there and drops it. The first request is acknowledged through `say`.
    """

    def __init__(
        self, handler: Callable[[int, FrameType | None], None], say: Callable[[str], None] = lambda _: None
    ) -> None:
        self._handler = handler
        self._say = say
        self.count = 0
        """Number of requests so far."""
        self._last = -REPEATED
        self._number = 0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Passes on the first of some signals."""
        if time.monotonic() - self._last < REPEATED:
            return
        if _at_a_bad_moment(frame):
            signal.signal(signal.SIGALRM, lambda _, later: self(number, later))
            signal.setitimer(signal.ITIMER_REAL, LATER)
            return
        self._last = time.monotonic()
        self._number = number
        self.count += 1
        if self.count == 1:
            self._acknowledge(ACKNOWLEDGED.format(signal.Signals(number).name))
        self._handler(number, frame)

    def _acknowledge(self, line: str) -> None:
        try:
            self._say(line)
        except RuntimeError:  # the signal came while the same stream was being written
            os.write(2, f"{line}\n".encode())

    def repeat_if_lost(self) -> None:
        """Calls the handler again where its exception was lost, as in a destructor; call it while nothing has ended."""
        if self._number:
            self._handler(self._number, None)


def _at_a_bad_moment(frame: FrameType | None) -> bool:
    """Tells whether a function of `logging` or a finalizer is being called."""
    while frame is not None:
        if frame.f_globals.get("__name__") in ("logging", "weakref") or frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False


@contextlib.contextmanager
def launchers_requests() -> Iterator[str]:
    """Yields the signals that ask a launcher to stop, as torch's LaunchConfig takes them; restores their handlers.

    SIGHUP stays ignored where it is, as under nohup.
    """
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield ",".join(n.name for n in numbers if n != signal.SIGHUP or before[n] != signal.SIG_IGN)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
