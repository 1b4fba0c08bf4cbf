"""Joins the files of parts into a file of the output, and compares each with the SHA-256 in its part's record.

Datasets are joined part by part: their bytes are on disk once.

A part's file is copied to its place in the joined file, synced, compared, and then removed. A part whose file is gone
was joined before: its bytes are read at their place and compared in the same way. The records alone say where the bytes
of a part are and what they must be, so that a start that was stopped anywhere is repeated by doing the same again, and
bytes that are in neither file are found. The joined file is never emptied; whoever does the same work at the same time
writes the same bytes.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ncvc.corpus.part_records import RECORD, FinishedPart, PartCounts, PartFile
from ncvc.errors import DamagedError
from ncvc.files import sha256, sync
from ncvc.progress import ProgressCallback

LENGTHS = "lengths.bin"
BLOCK = 1 << 22
"""Bytes that are copied and hashed at a time."""
THREADS = 3
"""Threads that join a file: one copies, one hashes the whole, one the parts."""


@dataclass(frozen=True)
class Joined:
    """A joined file."""

    sha256: str
    lost: list[Path]
    """Parts whose bytes are not as they were written; the SHA-256 counts only without them."""


def join_parts(target: Path, parts: Sequence[Path], name: str, progress: ProgressCallback | None = None) -> Joined:
    """Joins the files called `name` of finished parts into `target`, and removes each once its bytes are on disk there.

    `progress` takes the documents and the bytes of text of the parts that are done.
    """
    lost: list[Path] = []
    documents = text_bytes = 0

    def tell() -> None:
        if progress:
            progress({"documents": documents, "text_bytes": text_bytes, "read_bytes": text_bytes})

    with _naming(target), ThreadPoolExecutor(THREADS - 1) as pool, _open_target(target) as out:
        joining = _Joining(out, pool, tell)
        for part in parts:
            record = FinishedPart.read(part)
            if not joining.take(part / name, _file_of(part, record, name)):
                lost.append(part)
            documents += record.kept
            text_bytes += record.statistics.kept.bytes
        tell()
        if not lost:
            os.ftruncate(out, joining.end)
            os.fsync(out)
    return Joined(joining.whole.hexdigest(), lost)


def index_parts(index: Path, parts: Sequence[Path], vocab_size: int, size: int) -> str:
    """Writes the index of a dataset of `size` bytes that parts were joined into; returns its SHA-256.

    Raises `DamagedError` for lengths that are not as they were written.
    """
    from ncvc.indexed import token_type, write_index  # numpy: not for a pass that joins nothing

    for part in parts:
        if sha256(part / LENGTHS) != _file_of(part, FinishedPart.read(part), LENGTHS).sha256:
            raise _damaged(part / LENGTHS)
    with _naming(index):
        index.unlink(missing_ok=True)
        digest = write_index(index, [part / LENGTHS for part in parts], token_type(vocab_size), size)
        sync(index)
    return digest


def join_files(target: Path, files: Iterable[tuple[Path, PartFile, int]]) -> str:
    """Writes files behind each other into `target`, of each so many bytes; returns the SHA-256 of what is written.

    Raises `DamagedError` for a file that is not as it was written.
    """
    whole = hashlib.sha256()
    with _naming(target), target.open("wb") as out:
        for path, record, left in files:
            each = hashlib.sha256()
            with path.open("rb") as file:
                while block := file.read(BLOCK):
                    each.update(block)
                    whole.update(block[:left])
                    out.write(block[:left])
                    left = max(0, left - len(block))
            if each.hexdigest() != record.sha256:
                raise _damaged(path)
        out.flush()
        os.fsync(out.fileno())
    return whole.hexdigest()


def _file_of(part: Path, record: PartCounts, name: str) -> PartFile:
    file = next((file for file in record.files if file.name == name), None)
    if file is None:
        raise DamagedError(f"{part / RECORD}: damaged: it lacks {name}; begin anew with --restart", part / RECORD)
    return file


def _damaged(path: Path) -> DamagedError:
    return DamagedError(f"{path}: not as it was written; begin anew with --restart", path)


class _Joining:
    """The joined file, up to the part that is taken next."""

    def __init__(self, out: int, pool: Executor, tell: Callable[[], None]) -> None:
        self.end = 0
        self.whole = hashlib.sha256()
        self._out = out
        self._pool = pool
        self._tell = tell

    def take(self, path: Path, file: PartFile) -> bool:
        """Takes a part's file, or if it is gone its place in the joined file; returns whether its bytes are there."""
        start, each = self.end, hashlib.sha256()
        self.end += file.bytes
        with _open_if_there(path) as source:
            blocks = _blocks(self._out, start, file.bytes) if source is None else _blocks(source, 0, file.bytes)
            read = 0
            hashing: list[Future[None]] = []
            for block in blocks:
                self._tell()
                _wait(hashing)
                hashing = [self._pool.submit(digest.update, block) for digest in (self.whole, each)]
                if source is not None:
                    _write(self._out, block, start + read)
                read += len(block)
            _wait(hashing)
        if source is not None:
            os.fsync(self._out)
        whole = read == file.bytes and each.hexdigest() == file.sha256
        if whole and source is not None:
            _remove_joined(path)
        return whole


def _wait(calls: Iterable[Future[None]]) -> None:
    for call in calls:
        call.result()


@contextlib.contextmanager
def _open_target(path: Path) -> Iterator[int]:
    """Opens the joined file; a link or a second name of a file goes before, since others may use what it names."""
    with contextlib.suppress(FileNotFoundError):
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
            path.unlink()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    try:
        sync(path.parent)
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _open_if_there(path: Path) -> Iterator[int | None]:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _blocks(descriptor: int, start: int, size: int) -> Iterator[bytes]:
    """Yields the bytes of a range of a file, up to the file's end."""
    end = start + size
    while start < end and (block := os.pread(descriptor, min(BLOCK, end - start), start)):
        yield block
        start += len(block)


def _write(descriptor: int, block: bytes, at: int) -> None:
    """Writes all of a block."""
    left = memoryview(block)
    while left:
        written = os.pwrite(descriptor, left, at)
        at, left = at + written, left[written:]


def _remove_joined(path: Path) -> None:
    """Removes a part's file whose bytes are joined; one that a link leads to stays, since others may use it."""
    if stat.S_ISREG(path.lstat().st_mode) and stat.S_ISDIR(path.parent.lstat().st_mode):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Adds the name of a file to an error of the system that has none, as those of reading and writing."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise
