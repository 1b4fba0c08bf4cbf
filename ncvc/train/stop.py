"""A request to stop; nothing here is imported that takes time, so that ranks can be asked from the beginning."""

import signal


class StopRequest:
    """Whether SIGTERM or SIGINT asked this process to stop after its step."""

    def __init__(self) -> None:
        self.made = False

    def listen(self) -> None:
        """From now on a signal is a request instead of an end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._make)

    def _make(self, number: int, frame: object) -> None:
        self.made = True
