"""Whether a process does anything, as the kernel counts it: processor time, and bytes read and written."""

from dataclasses import dataclass

import psutil

SHARE = 0.01  # of a processor; the threads that only look after something stay far below it
BYTES = 1 << 20


@dataclass
class _Mark:
    at: float
    seconds: float
    bytes: int


class Activity:
    """Tells processes that stand still from those at work; one that may not be looked at counts as at work."""

    def __init__(self, window: float) -> None:
        self.window = window
        """Seconds in which a process at work uses `SHARE` of a processor, or reads or writes `BYTES`."""
        self._marks: dict[int, _Mark] = {}

    def idle(self, pid: int, now: float) -> float:
        """Seconds for which a process has done nothing that counts, as far as was seen. `now`: time.monotonic()."""
        try:
            mark = _measure(pid, now)
        except (psutil.Error, AttributeError):  # some containers have no counters of what is read and written
            return 0.0
        before = self._marks.setdefault(pid, mark)
        if mark.seconds - before.seconds >= SHARE * self.window or mark.bytes - before.bytes >= BYTES:
            self._marks[pid] = mark
        return now - self._marks[pid].at


def _measure(pid: int, now: float) -> _Mark:
    process = psutil.Process(pid)
    with process.oneshot():
        times, io = process.cpu_times(), process.io_counters()
    # Through a mapping only read_bytes rises, from the page cache only read_chars.
    count = io.read_bytes + io.write_bytes + io.read_chars + io.write_chars
    return _Mark(now, times.user + times.system, count)
