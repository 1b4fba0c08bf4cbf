"""Folders and files that appear under their names whole or not at all."""

import contextlib
import ctypes
import errno
import fcntl
import fnmatch
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ncvc._native import NcvcError

RUN = "run.json"
CLOCKS_APART = 60 * 10**9
"""Nanoseconds by which the clocks of this machine and of a file server may differ."""
PARTIAL = re.compile(r"\..+\.[0-9a-f]{8}\.partial")
"""Names of files that a crash left half-written."""
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_EXCHANGE = 2  # RENAME_EXCHANGE of renameat2(2)
_HERE = -100  # AT_FDCWD


class WorkFolder:
    """The folder `.NAME.partial` beside NAME, while NAME is written; entering claims and locks it.

    run.json     names the work; written first and removed last, since a folder without it is not ours
    output/      becomes NAME
    replaced/    the NAME of before, until the new one has its place
    """

    NAMES: tuple[str, ...] = (RUN, "output", "replaced")
    """All that may be in it; a file of somebody else's is left where it is."""

    def __init__(self, final: Path, recheck: Callable[[Path, int], None] | None = None) -> None:
        """`recheck` refuses to replace `final` if it was touched since a time in nanoseconds."""
        self.final = final
        self._recheck = recheck
        self._since = time.time_ns() - CLOCKS_APART
        self.folder = final.with_name(f".{final.name}.partial")
        self.output = self.folder / "output"
        self._replaced = self.folder / "replaced"
        self._before = _identity(final)
        self._lock: int | None = None

    def __enter__(self) -> Self:
        """Raises `NcvcError` if the folder is not ours, or another process has it."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        held = None
        while held is None:
            held = self._claim()
        self._lock = held
        try:
            self._require_ours()
            if self._replaced.is_dir() and not os.path.lexists(self.final):
                self._replaced.rename(self.final)  # a crash came between the two names
                self._before = _identity(self.final)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    @property
    def is_there(self) -> bool:
        """True if something has its name."""
        return os.path.lexists(self.folder)

    def require_free(self) -> None:
        """Raises `NcvcError` if something that is not ours has its name; changes nothing."""
        if self.is_there:
            if self.folder.is_symlink() or not self.folder.is_dir():
                raise self._not_ours(self.folder)
            self._require_ours()

    def _claim(self) -> int | None:
        """Makes and locks the folder; None if the process that had it removed it meanwhile."""
        with contextlib.suppress(FileExistsError):
            self.folder.mkdir()
        if self.folder.is_symlink() or not self.folder.is_dir():
            if not os.path.lexists(self.folder):
                return None
            raise self._not_ours(self.folder)
        try:
            held = lock(self.folder)
        except BlockingIOError:
            raise NcvcError(f"{self.final}: another ncvc is writing it; wait for that one") from None
        except FileNotFoundError:
            return None
        if os.path.lexists(self.folder) and os.path.samestat(os.fstat(held), os.lstat(self.folder)):
            return held
        os.close(held)
        return None

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        """Names `final` in an error of a full disk, which Python says without a name."""
        if isinstance(error, OSError) and _is_nameless_full(error):
            error.filename = str(self.final)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def mark(self, **identity: Any) -> None:
        """Removes what is in it, and writes the work's `identity` down."""
        self.empty()
        write_whole(self.folder / RUN, {"ncvc": version("ncvc")} | identity)

    def publish(self) -> None:
        """Gives `output` its name and removes the rest.

        Raises `NcvcError` if something has come to stand there since this work folder was named.
        """
        if _identity(self.final) not in (None, self._before):
            raise NcvcError(f"{self.final}: was put there while ncvc was writing it; move it away, and start again")
        if self._recheck:
            self._recheck(self.final, self._since)
        move_folder(self.output, self.final, self._replaced)
        self.remove()

    def empty(self) -> None:
        """Removes all that is in it, `run.json` last."""
        for path in sorted(self.folder.iterdir(), key=lambda path: path.name == RUN):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def remove(self) -> None:
        """Removes it as far as the disk allows; what is left is removed by the next one."""
        with contextlib.suppress(OSError):
            self.empty()
            self.folder.rmdir()

    def _require_ours(self) -> None:
        """Raises `NcvcError` unless it holds only what we write, and `run.json` says so or nothing else is there."""
        try:
            ours = "ncvc" in json.loads((self.folder / RUN).read_bytes())
        except (OSError, ValueError, TypeError):
            ours = False
        paths = [path for path in self.folder.iterdir() if not PARTIAL.fullmatch(path.name)]
        names = [path.name for path in paths]
        foreign = sorted(path.name for path in paths if path.name not in self.NAMES or path.is_symlink())
        if foreign:
            raise self._not_ours(self.folder / foreign[0])
        if names and not ours:
            raise self._not_ours(self.folder)

    def _not_ours(self, path: Path) -> NcvcError:
        return NcvcError(
            f"{path}: is in the way of {self.final.name} and was not made by ncvc; nothing was changed; move it away"
        )


def _is_nameless_full(error: OSError) -> bool:
    """Tests for an error of a full disk that names no file; the engine's name it in their words."""
    return error.errno in _FULL and error.filename is None and error.strerror == os.strerror(error.errno)


def _identity(path: Path) -> tuple[int, int] | None:
    """Returns the device and inode of a path, None if nothing is there."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


@contextlib.contextmanager
def whole_folder(final: Path, recheck: Callable[[Path, int], None] | None = None) -> Iterator[Path]:
    """Yields a folder to write into; it becomes `final` when everything in it is on disk.

    On an error it is removed and `final` stays as it was. A folder that is there already is replaced:
    `ncvc.outputs` decides before whether it may be, and by `recheck` once more at the end.
    """
    with WorkFolder(final, recheck) as work:
        work.mark(output=final.name)
        work.output.mkdir()
        try:
            yield work.output
            work.publish()
        except BaseException as error:
            work.remove()
            full = isinstance(error, OSError) and error.errno in _FULL
            # Of a copy the error names what was copied.
            if isinstance(error, OSError) and (full or not error.filename) and error.strerror:
                error.filename = str(final)
            raise


def move_folder(partial: Path, final: Path, replaced: Path) -> None:
    """Syncs `partial` and names it `final`; a folder that was there goes only when the new one is in its place.

    Both change places at once where the file system can do that; elsewhere the old one is called `replaced` for a
    moment, and whoever finds that after a crash gives it its name back.
    """
    for path in [*partial.rglob("*"), partial]:
        sync(path)
    old = replaced
    if not final.is_dir() or not any(final.iterdir()):
        partial.rename(final)
    elif _exchange(partial, final):
        old = partial
    else:
        final.rename(replaced)
        try:
            partial.rename(final)
        except BaseException:
            replaced.rename(final)
            raise
    sync(final.parent)
    if old.is_dir():
        shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Lets two folders change names in one step; returns False where the system or the file system cannot."""
    try:
        call = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    if call(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(other))


def sync(path: Path) -> None:
    """Sees to it that a file or a folder's list of names is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def lock(folder: Path) -> int:
    """Locks a folder for this process; closing the returned descriptor, or the process's end, unlocks it.

    Raises `BlockingIOError` if another one has it.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        lock_file(descriptor)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


def lock_file(descriptor: int) -> None:
    """Locks an open file for this process until it is closed; raises `BlockingIOError` if another one has it."""
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def listed(folder: Path, pattern: str) -> list[Path]:
    """Lists the entries of a folder whose names match a pattern, in the order of the names.

    A folder that cannot be read is an error; `Path.glob` takes it for empty.
    """
    return sorted(path for path in folder.iterdir() if fnmatch.fnmatchcase(path.name, pattern))


def files_below(folder: Path) -> list[Path]:
    """The files in a folder and the folders in it, sorted; one that cannot be read is an error."""

    def refuse(error: OSError) -> None:
        raise error

    walk = os.walk(folder, onerror=refuse)
    return sorted(Path(parent, name) for parent, _, names in walk for name in names)


def empty_folders(folder: Path) -> list[Path]:
    """Lists the folders below a folder that hold nothing, and links to folders, sorted."""
    walk = list(os.walk(folder))
    links = [Path(parent, name) for parent, folders, _ in walk for name in folders if Path(parent, name).is_symlink()]
    return sorted([*links, *(Path(parent) for parent, folders, names in walk if not folders and not names)])


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_if_readable(path: Path) -> str | None:
    """The SHA-256 of a file, in hexadecimal; None if the operating system does not let it be read."""
    try:
        return sha256(path)
    except OSError:
        return None


def write_json(path: Path, value: Any) -> None:
    """Writes JSON that people can read, Japanese as it is."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Reads a JSON file of ours; raises `NcvcError` if it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise NcvcError(f"{path}: damaged: not JSON ({error}); write it again") from None


@contextlib.contextmanager
def whole_file(final: Path) -> Iterator[Path]:
    """A name to write a file under; it gets its own when it is on disk, and on an error it is removed.

    An `OSError` of that name, or of a full disk, which Python says without a name, is one of `final`.
    """
    partial = final.with_name(f".{final.name}.{secrets.token_hex(4)}.partial")
    try:
        yield partial
        sync(partial)
        partial.rename(final)
        sync(final.parent)
    except OSError as error:
        if _is_nameless_full(error) or str(error.filename) == str(partial):
            error.filename, error.filename2 = str(final), None
        raise
    finally:
        with contextlib.suppress(OSError):  # the first error is the one to tell
            partial.unlink(missing_ok=True)


def write_whole(path: Path, value: Any) -> None:
    """Writes JSON that is there whole or not at all."""
    with whole_file(path) as partial:
        write_json(partial, value)
