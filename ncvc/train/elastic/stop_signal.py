"""Requests to stop, by signals; imports nothing slow, so that ranks listen from the beginning."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType

REPEATED = 0.5  # seconds in which signals are one request
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
    torch's threads would wait for ever.
    """

    def __init__(self, handler: Callable[[int, FrameType | None], None]) -> None:
        self._handler = handler
        self._last = -REPEATED
        self._number = 0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Passes on the first of some signals."""
        if time.monotonic() - self._last < REPEATED:
            return
        if _inside(frame, "logging"):
            signal.signal(signal.SIGALRM, lambda _, later: self(number, later))
            signal.setitimer(signal.ITIMER_REAL, LATER)
            return
        self._last = time.monotonic()
        self._number = number
        self._handler(number, frame)

    def repeat_if_lost(self) -> None:
        """Calls the handler again where its exception was lost, as in a destructor; call it while nothing has ended."""
        if self._number:
            self._handler(self._number, None)


def _inside(frame: FrameType | None, module: str) -> bool:
    """Tells whether a function of a module is being called."""
    while frame is not None and frame.f_globals.get("__name__") != module:
        frame = frame.f_back
    return frame is not None


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
