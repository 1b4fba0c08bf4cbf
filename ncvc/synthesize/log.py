"""Append-only log of answers, a JSON line a request; what is in it is not asked again.

    ANSWERS/log.jsonl   the first line says that the file is ours; then a `Record` a line, in the order of arrival

A line is written as soon as its answer is there, which a killed process does not lose, and lines are synced together,
which a power failure does not lose. A last line without a line feed was cut off and is dropped by the next start; a
whole line that cannot be read is an error. Of two answers with one id the first counts; a failure counts until there
is an answer.
"""

import contextlib
import errno
import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import pydantic

from ncvc.errors import NcvcError
from ncvc.files import lock, sync
from ncvc.synthesize.record import Record

NAME = "log.jsonl"
HEAD = b'{"format": "ncvc-synthesis-log/1"}\n'
SYNC_LINES = 256
"""Lines after which the file is synced at the latest."""
FULL = (errno.ENOSPC, errno.EDQUOT)


class LogError(NcvcError):
    """A log that cannot be read or continued."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Place of a record in the file, and its state."""

    offset: int
    size: int
    answered: bool


class AnswerLog:
    """Log in a folder, which is locked for this process; entering reads what is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / NAME
        self.spent = 0.0
        """Cost of all records."""
        self.dropped = 0
        """Bytes of a line that was cut off, which were dropped."""
        self._places: dict[str, _Place] = {}
        self._size = 0
        self._unsynced = 0
        self._lock: int | None = None
        self._file: int | None = None

    def __enter__(self) -> Self:
        """Raises `LogError` for a folder that is not ours, for one that another process has and for a damaged log."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = lock(self.folder)
        except BlockingIOError:
            raise LogError(f"{self.folder}: another ncvc is writing it; wait for that one") from None
        except (FileExistsError, NotADirectoryError):
            raise LogError(f"{self.folder}: is no folder; name another one as `answers`") from None
        try:
            self._open()
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

    def __contains__(self, request: str) -> bool:
        """Tells whether a request has an answer."""
        place = self._places.get(request)
        return place is not None and place.answered

    def get(self, request: str) -> Record | None:
        """Reads the record of a request; None for one that was never logged."""
        place = self._places.get(request)
        if place is None:
            return None
        assert self._file is not None
        return Record.model_validate_json(os.pread(self._file, place.size, place.offset))

    def append(self, record: Record) -> None:
        """Writes a record.

        Raises `LogError` where the disk is full, with the file as it was before.
        """
        assert self._file is not None
        line = record.model_dump_json(exclude_defaults=True).encode("utf-8", "replace") + b"\n"
        self._write(line)
        self._note(record, len(line) - 1)
        self._size += len(line)
        self._unsynced += 1

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
        """Closes the file and unlocks the folder."""
        for descriptor in (self._file, self._lock):
            if descriptor is not None:
                os.close(descriptor)
        self._file = self._lock = None

    def _open(self) -> None:
        if not os.path.lexists(self.path) and (foreign := next(self.folder.iterdir(), None)):
            raise LogError(
                f"{foreign}: is in the folder of answers and was not made by ncvc; nothing was changed; name another"
                " folder as `answers`"
            )
        if os.path.lexists(self.path) and not self.path.is_file():
            raise LogError(f"{self.path}: is no file; name another folder as `answers`")
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        self._read()
        if not self._size:
            self._write(HEAD)
            self._size = len(HEAD)
            os.fsync(self._file)
            sync(self.folder)

    def _read(self) -> None:
        """Reads the file, and cuts off a last line without a line feed.

        Raises `LogError` for a whole line that is no record.
        """
        assert self._file is not None
        with self.path.open("rb") as file:
            head = file.readline()
            if not HEAD.startswith(head):
                raise LogError(f"{self.path}: is no log of ncvc; nothing was changed; name another folder as `answers`")
            whole = len(head) if head == HEAD else 0
            number = 1
            for line in file if whole else ():
                number += 1
                if not line.endswith(b"\n"):
                    break
                try:
                    record = Record.model_validate_json(line)
                except pydantic.ValidationError as error:
                    behind = next(file, b"").endswith(b"\n")
                    raise LogError(f"{self.path}:{number}: {_mistake(error, behind=behind)}") from None
                self._size = whole
                self._note(record, len(line) - 1)
                whole += len(line)
        self.dropped = self.path.stat().st_size - whole
        if self.dropped:
            os.ftruncate(self._file, whole)
        self._size = whole

    def _note(self, record: Record, size: int) -> None:
        self.spent += record.cost
        before = self._places.get(record.id)
        if before is None or not before.answered:
            self._places[record.id] = _Place(self._size, size, record.state == "answered")

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


def _mistake(error: pydantic.ValidationError, *, behind: bool) -> str:
    """Tells why a whole line is no record, and the remedy; `behind`: whole lines follow."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    unknown = [str(each["loc"][0]) for each in found if each["type"] == "extra_forbidden"]
    if len(unknown) == len(found):
        return (
            f"has a member that this version of ncvc does not know ({unknown[0][:40]}); nothing was changed; use the"
            " version that wrote it, or name another folder as `answers`"
        )
    where = ", with whole lines behind it" if behind else ""
    return f"damaged{where}; nothing was changed; restore the file, or delete that line to ask for its answer again"
