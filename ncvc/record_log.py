"""Append-only logs of records, a JSON line each: whatever was written is not asked again.

A line is written when its record is there, which a killed process does not lose, and lines are synced together, which
a power failure does not lose. A last line without a line feed was cut off and is dropped by the next start; a whole
line that cannot be read is an error, and the file stays as it is. A full disk leaves the file as it was before the
record.
"""

import contextlib
import errno
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import pydantic

from ncvc.errors import NcvcError
from ncvc.files import lock_file, sync
from ncvc.progress import Reporter

SYNC_LINES = 256
"""Lines after which the file is synced at the latest."""
FULL = (errno.ENOSPC, errno.EDQUOT)


class LogError(NcvcError):
    """A log that cannot be read or continued."""


class RecordLog[R: pydantic.BaseModel](ABC):
    """A log of records of one kind, locked for this process; entering reads what is there."""

    HEAD: ClassVar[bytes] = b""
    """First line of the file, which says that it is ours."""
    ELSEWHERE: ClassVar[str]
    """Advice for a file that cannot be continued."""

    def __init__(self, path: Path, kind: type[R]) -> None:
        self.path = path
        self.dropped = 0
        """Bytes of a line that was cut off, which were dropped."""
        self._kind = kind
        self._size = 0
        self._unsynced = 0
        self._file: int | None = None

    def __enter__(self) -> Self:
        """Raises `LogError` for a file that another process has, for one that is not ours and for a damaged one."""
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            lock_file(self._file)
            self._read()
            if not self._size:
                self._write(self.HEAD)
                self._size = len(self.HEAD)
                os.fsync(self._file)
                sync(self.path.parent)
        except BlockingIOError:
            self.close()
            raise LogError(f"{self.path}: another ncvc is writing it; wait for that one") from None
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        try:
            if self._file is not None:
                self.sync()
        finally:
            self.close()

    @abstractmethod
    def note(self, record: R, offset: int, size: int) -> None:
        """Takes notice of a record that is in the file, in the order of the lines; offset and size are in bytes."""

    def append(self, record: R) -> None:
        """Writes a record.

        Raises `LogError` where the disk is full, with the file as it was before.
        """
        line = record.model_dump_json(exclude_defaults=True).encode("utf-8", "replace") + b"\n"
        self._write(line)
        self.note(record, self._size, len(line) - 1)
        self._size += len(line)
        self._unsynced += 1

    def extend(self, records: Iterable[R]) -> None:
        """Writes each record when it comes, and waits until all are on disk."""
        for record in records:
            self.append(record)
        self.sync()

    def read(self, offset: int, size: int) -> R:
        """Reads the record at a place that `note` was told."""
        assert self._file is not None
        return self._kind.model_validate_json(os.pread(self._file, size, offset))

    def say_dropped(self, reporter: Reporter) -> None:
        """Says that a line was cut off, where one was."""
        if self.dropped:
            reporter.say(f"{self.path}: {self.dropped} bytes of a line that was cut off were dropped")

    @property
    def needs_sync(self) -> bool:
        """True if `SYNC_LINES` lines are not on disk yet."""
        return self._unsynced >= SYNC_LINES

    def sync(self) -> None:
        """Waits until what was written is on disk; raises `LogError` where it cannot be."""
        if self._unsynced and self._file is not None:
            self._unsynced = 0
            try:
                os.fsync(self._file)
            except OSError as error:
                raise self._failed(error) from None

    def close(self) -> None:
        """Closes the file, and so unlocks it."""
        if self._file is not None:
            os.close(self._file)
        self._file = None

    def _read(self) -> None:
        """Reads the file, and cuts off a last line without a line feed.

        Raises `LogError` for a whole line that is no record.
        """
        assert self._file is not None
        with self.path.open("rb") as file:
            head = file.readline() if self.HEAD else b""
            if not self.HEAD.startswith(head):
                raise LogError(f"{self.path}: is no log of ncvc; nothing was changed; {self.ELSEWHERE}")
            whole = len(head) if head == self.HEAD else 0
            for number, line in enumerate(file, 2 if self.HEAD else 1):
                if not line.endswith(b"\n"):
                    break
                try:
                    record = self._kind.model_validate_json(line)
                except pydantic.ValidationError as error:
                    behind = next(file, b"").endswith(b"\n")
                    raise LogError(f"{self.path}:{number}: {self._mistake(error, behind=behind)}") from None
                self.note(record, whole, len(line) - 1)
                whole += len(line)
        self.dropped = os.fstat(self._file).st_size - whole
        if self.dropped:
            os.ftruncate(self._file, whole)
        self._size = whole

    def _write(self, line: bytes) -> None:
        assert self._file is not None
        written = 0
        try:
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> LogError:
        advice = "free some space, and start again" if error.errno in FULL else "start again when that is mended"
        return LogError(f"{self.path}: {error.strerror}; every answer in it is kept; {advice}")

    def _mistake(self, error: pydantic.ValidationError, *, behind: bool) -> str:
        """Tells why a whole line is no record, and the remedy; `behind`: whole lines follow."""
        found = error.errors(include_url=False, include_context=False, include_input=False)
        unknown = [str(each["loc"][0]) for each in found if each["type"] == "extra_forbidden"]
        if len(unknown) == len(found):
            return (
                f"has a member that this version of ncvc does not know ({unknown[0][:40]}); nothing was changed; use"
                f" the version that wrote it, or {self.ELSEWHERE}"
            )
        where = ", with whole lines behind it" if behind else ""
        return f"damaged{where}; nothing was changed; restore the file, or delete that line to ask for its answer again"


class Identified(pydantic.BaseModel):
    """A record with an id of its own."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True, ser_json_inf_nan="constants")

    id: str


class InMemoryLog[R: Identified](RecordLog[R]):
    """A log in a work folder, all of whose records are in memory; of two with one id the first counts."""

    ELSEWHERE = "begin anew with --restart"

    def __init__(self, path: Path, kind: type[R]) -> None:
        super().__init__(path, kind)
        self.records: dict[str, R] = {}

    def note(self, record: R, offset: int, size: int) -> None:
        """Keeps the record."""
        self.records.setdefault(record.id, record)
