"""Append-only logs of answers, a line each: whatever was written is not asked again.

A line that a crash cut off is dropped when the log is opened.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import pydantic


class Record(Protocol):
    """A pydantic model with an `id`."""

    @property
    def id(self) -> str:
        """Unlike those of the log's other records."""

    def model_dump_json(self) -> str:
        """Returns the record as one line of JSON."""


class RecordLog[R: Record]:
    """A log of records, to which more are appended."""

    def __init__(self, path: Path, kind: type[R]) -> None:
        self._path = path
        self._parse = pydantic.TypeAdapter(kind).validate_json
        self.records: dict[str, R] = {}

    def __enter__(self) -> Self:
        """Reads what is there, and drops what follows the last whole line."""
        self._file = self._path.open("a+b")
        self._file.seek(0)
        good = 0
        for line in self._file:
            try:
                record = self._parse(line)
            except pydantic.ValidationError:
                break
            if not line.endswith(b"\n"):
                break
            self.records[record.id] = record
            good += len(line)
        self._file.truncate(good)
        self._file.seek(good)
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._file.close()

    def append(self, records: Iterable[R]) -> None:
        """Writes records, and waits until they are on disk."""
        for record in records:
            self._file.write(record.model_dump_json().encode("utf-8") + b"\n")
            self.records[record.id] = record
        self._file.flush()
        os.fsync(self._file.fileno())
