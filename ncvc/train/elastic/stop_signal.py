"""Requests to stop, by signals; imports nothing slow, so that ranks listen from the beginning."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator

REPEATED = 0.5  # seconds in which signals are one request


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


def one_request[F](handler: Callable[[int, F], None]) -> Callable[[int, F], None]:
    """Makes a handler that takes signals within `REPEATED` seconds of the first for the same request.

    `timeout` sends a signal to its child and then to the child's whole process group.
    """
    last = -REPEATED

    def handle(number: int, frame: F) -> None:
        nonlocal last
        if time.monotonic() - last >= REPEATED:
            last = time.monotonic()
            handler(number, frame)

    return handle


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
