"""Names that a command makes in a folder while it runs, as the kernel tells them."""

import ctypes
import os
import struct
from pathlib import Path

MOVED_TO, CREATED, IS_FOLDER = 0x80, 0x100, 0x40000000
HEADER = struct.Struct("iIII")  # watch, mask, cookie, length of the name


class Watch:
    """Collects from the beginning of a `with` block; one folder, not those below it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._libc = ctypes.CDLL(None, use_errno=True)

    def __enter__(self) -> "Watch":
        self._fd = self._libc.inotify_init1(os.O_NONBLOCK)
        assert self._libc.inotify_add_watch(self._fd, os.fsencode(self._folder), MOVED_TO | CREATED) >= 0
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def names(self) -> dict[str, bool]:
        """Every name so far, and whether a folder had it."""
        found = {}
        while True:
            try:
                events = os.read(self._fd, 1 << 16)
            except BlockingIOError:
                return found
            at = 0
            while at < len(events):
                _, mask, _, length = HEADER.unpack_from(events, at)
                at += HEADER.size + length
                name = events[at - length : at].rstrip(b"\0")
                found[os.fsdecode(name)] = bool(mask & IS_FOLDER)
