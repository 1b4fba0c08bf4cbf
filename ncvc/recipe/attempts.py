"""Attempts at stages: two records each, of its beginning and of its end.

What began and has no end was killed.
"""

import signal
from dataclasses import dataclass
from pathlib import Path

import pydantic

from ncvc.errors import RecipeError
from ncvc.files import listed, write_whole
from ncvc.recipe.command import Cost

BEGUN, ENDED = "-begun", "-ended"
STOPPED = (128 + signal.SIGINT, 128 + signal.SIGTERM)
"""Exit statuses after a signal."""


class Record(pydantic.BaseModel, frozen=True):
    """Beginning or end of an attempt."""

    id: str
    """`NUMBER-begun` or `NUMBER-ended`, in the order of time."""
    stage: str
    arguments: tuple[str, ...] = ()
    """Of a beginning."""
    reads: dict[str, str | None] = {}
    """Of a beginning: path → digest of what the stage reads."""
    before: str | None = None
    """Of a beginning: digest of what had the output's name."""
    after: str | None = None
    """Of an end: digest of the output."""
    status: int | None = None
    """Of an end: exit status."""
    cost: tuple[float, float, int] | None = None
    """Of an end: seconds by the clock and of processors, peak bytes; None where nobody measured."""


@dataclass(frozen=True)
class Attempt:
    """One start of a stage's command."""

    begun: Record
    ended: Record | None

    @property
    def is_good(self) -> bool:
        """True if the command ended with status 0."""
        return self.ended is not None and self.ended.status == 0

    @property
    def was_stopped(self) -> bool:
        """True if a signal ended the command, or its starter, so that its status says nothing of its output."""
        return self.ended is None or self.ended.status is None or self.ended.status < 0 or self.ended.status in STOPPED

    @property
    def cost(self) -> Cost | None:
        """Cost; None if nobody measured it, since ncvc was killed too."""
        return Cost(*self.ended.cost) if self.ended is not None and self.ended.cost is not None else None


def total(attempts: list[Attempt]) -> Cost | None:
    """Adds up the attempts that were measured; None if none was."""
    costs = [attempt.cost for attempt in attempts if attempt.cost is not None]
    if not costs:
        return None
    return Cost(sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs), max(cost.peak for cost in costs))


class AttemptLog:
    """Records of a folder, each a file of its own that is there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        """Reads what is there; raises `RecipeError` for a file that is damaged."""
        self._folder = folder
        self.records: dict[str, Record] = {}
        for file in listed(folder, "*.json") if folder.is_dir() else []:
            try:
                record = Record.model_validate_json(file.read_bytes())
            except pydantic.ValidationError:
                raise RecipeError(f"{file}: damaged; remove it, and its stage counts as unfinished") from None
            self.records[record.id] = record

    def append(self, record: Record) -> None:
        """Writes a record, and waits until it is on disk."""
        self._folder.mkdir(exist_ok=True)
        write_whole(self._folder / f"{record.id}.json", record.model_dump(mode="json"))
        self.records[record.id] = record

    def next_number(self) -> int:
        """Returns a number above those of all records."""
        return 1 + max((int(name.partition("-")[0]) for name in self.records), default=0)

    def of(self, stage: str) -> list[Attempt]:
        """Lists the attempts at a stage, in their order."""
        begun = [record for record in self.records.values() if record.stage == stage and record.id.endswith(BEGUN)]
        return [Attempt(record, self.records.get(record.id.replace(BEGUN, ENDED))) for record in begun]
