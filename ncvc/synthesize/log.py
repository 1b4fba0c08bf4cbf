"""Log of answers in a folder of its own, which every run of any config goes on with.

    ANSWERS/log.jsonl   the first line says that the file is ours; then a `Record` a line, in the order of arrival

Of two answers with one id the first counts; a failure counts until there is an answer.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ncvc.record_log import LogError, RecordLog
from ncvc.synthesize.record import Record

NAME = "log.jsonl"


@dataclass(frozen=True, slots=True)
class _Place:
    """Place of a record in the file, and its state."""

    offset: int
    size: int
    answered: bool


class AnswerLog(RecordLog[Record]):
    """Log in a folder; answers stay on disk, and their places are in memory."""

    HEAD = b'{"format": "ncvc-synthesis-log/1"}\n'
    ELSEWHERE = "name another folder as `answers`"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / NAME, Record)
        self.folder = folder
        self.spent = 0.0
        """Cost of all records."""
        self._places: dict[str, _Place] = {}

    def __enter__(self) -> Self:
        """Raises `LogError` for a folder that is not ours, for one that another process has and for a damaged log."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise LogError(f"{self.folder}: is no folder; name another one as `answers`") from None
        if not os.path.lexists(self.path) and (foreign := next(self.folder.iterdir(), None)):
            raise LogError(
                f"{foreign}: is in the folder of answers and was not made by ncvc; nothing was changed; name another"
                " folder as `answers`"
            )
        if os.path.lexists(self.path) and not self.path.is_file():
            raise LogError(f"{self.path}: is no file; name another folder as `answers`")
        return super().__enter__()

    def __contains__(self, request: str) -> bool:
        """Tells whether a request has an answer."""
        place = self._places.get(request)
        return place is not None and place.answered

    def get(self, request: str) -> Record | None:
        """Reads the record of a request; None for one that was never logged."""
        place = self._places.get(request)
        return None if place is None else self.read(place.offset, place.size)

    def note(self, record: Record, offset: int, size: int) -> None:
        """Adds up costs, and remembers the place."""
        self.spent += record.cost
        before = self._places.get(record.id)
        if before is None or not before.answered:
            self._places[record.id] = _Place(offset, size, record.state == "answered")
