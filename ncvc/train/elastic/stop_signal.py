"""A request to stop; nothing here is imported that takes time, so that ranks can be asked from the beginning."""

import contextlib
import signal
from collections.abc import Iterator


class StopRequest:
    """Whether SIGTERM, SIGINT or SIGHUP asked this process to stop after its step."""

    def __init__(self) -> None:
        self.made = False

    def listen(self) -> None:
        """From now on a signal is a request instead of an end."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._make)

    def _make(self, number: int, frame: object) -> None:
        self.made = True


@contextlib.contextmanager
def launchers_requests() -> Iterator[str]:
    """The signals that ask a launcher to stop, as torch's LaunchConfig takes them.

    torch's handlers end with this. SIGHUP that is ignored, as under nohup, stays so.
    """
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield ",".join(n.name for n in numbers if n != signal.SIGHUP or before[n] != signal.SIG_IGN)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
