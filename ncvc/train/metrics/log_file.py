"""Appends whole lines to a file that several processes write at once.

Each line is one write with O_APPEND, which the kernel does not mix with another's. Nothing that is there is ever cut:
after a line that a crash or a full disk left torn, the next one begins with a newline, and readers skip the torn one.
"""

import os
from pathlib import Path


class LogFile:
    """A file open for appending lines; raises `OSError` if the disk refuses one."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)

    def write(self, line: str) -> None:
        """Appends a line, which ends in its newline."""
        whole = line.encode()
        data = b"\n" + whole if self._is_torn() else whole
        while os.write(self._descriptor, data) < len(data):
            data = b"\n" + whole  # a full disk takes a part, and says why at the next attempt

    def _is_torn(self) -> bool:
        """Tells whether the file ends within a line; an append under way may look so, and costs an empty line."""
        size = os.fstat(self._descriptor).st_size
        return size > 0 and os.pread(self._descriptor, 1, size - 1) != b"\n"

    def close(self) -> None:
        """Closes the file; nothing is buffered."""
        os.close(self._descriptor)
