"""A small disk that a run has for itself, so that it can be full: a tmpfs that other processes do not see."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SIZE = 32 << 20  # bytes, of which the runs here need a tenth


class Disk:
    """A disk that is mounted at a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._filler = folder / ".full"

    def fill(self, leave: int) -> None:
        """Takes all of its room but some bytes."""
        # Others write meanwhile, and may be faster.
        with contextlib.suppress(OSError), self._filler.open("wb") as file:
            room = os.statvfs(self._folder)
            os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - leave)

    def free(self) -> None:
        """Gives the room back."""
        self._filler.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Disk | None]:
    """A disk at a new folder; None where only root may have one."""
    if not own_mounts():
        yield None
        return
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "ncvc-faults", folder], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@cache
def own_mounts() -> bool:
    """Gives this process, and those that it starts, mounts of their own; returns whether that was permitted."""
    try:
        os.unshare(os.CLONE_NEWNS)
    except OSError:
        return False
    done = subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, check=False)
    return done.returncode == 0
