"""Activity of a process by the kernel's counters: processor time, and bytes read and written."""

from dataclasses import dataclass

import psutil

SHARE = 0.01  # of a processor; gloo has dozens of polling threads, each far below it
BYTES = 1 << 20


@dataclass
class _Mark:
    at: float
    seconds: dict[int, float]
    """Processor time of each thread."""
    bytes: int


class ProcessActivity:
    """Measures for how long processes have been idle; one whose counters cannot be read counts as active."""

    def __init__(self, window: float) -> None:
        self.window = window
        """Seconds in which an active process reads or writes `BYTES`, or one of its threads uses `SHARE` of a
        processor."""
        self._marks: dict[int, _Mark] = {}

    def forget(self, pid: int) -> None:
        """Discards what was measured of a process."""
        self._marks.pop(pid, None)

    def idle(self, pid: int, now: float) -> float:
        """Seconds for which a process has been idle, since it was first measured. `now`: time.monotonic()."""
        try:
            mark = _measure(pid, now)
        except (psutil.Error, AttributeError):  # some containers have no I/O counters
            return 0.0
        before = self._marks.setdefault(pid, mark)
        used = max((own - before.seconds.get(thread, 0.0) for thread, own in mark.seconds.items()), default=0.0)
        if used >= SHARE * self.window or mark.bytes - before.bytes >= BYTES:
            self._marks[pid] = mark
        return now - self._marks[pid].at


def _measure(pid: int, now: float) -> _Mark:
    process = psutil.Process(pid)
    seconds = {thread.id: thread.user_time + thread.system_time for thread in process.threads()}
    io = process.io_counters()
    # Reading through a mapping raises only read_bytes, reading from the page cache only read_chars.
    return _Mark(now, seconds, io.read_bytes + io.write_bytes + io.read_chars + io.write_chars)
