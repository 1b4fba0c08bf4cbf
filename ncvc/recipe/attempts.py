"""Attempts at stages: two records each, of its beginning and of its end, in a log that is only appended to.

What began and has no end was killed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pydantic

from ncvc.recipe.command import Cost


class Record(pydantic.BaseModel, frozen=True):
    """Beginning or end of an attempt."""

    id: str
    """`NUMBER:begun` or `NUMBER:ended`."""
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
    def cost(self) -> Cost | None:
        """Cost; None if nobody measured it, since ncvc was killed too."""
        return Cost(*self.ended.cost) if self.ended is not None and self.ended.cost is not None else None


def attempts_at(stage: str, records: dict[str, Record]) -> list[Attempt]:
    """Lists the attempts at a stage, in their order."""
    begun = [record for record in records.values() if record.stage == stage and record.id.endswith(":begun")]
    return [Attempt(record, records.get(record.id.replace(":begun", ":ended"))) for record in begun]


def total(attempts: list[Attempt]) -> Cost | None:
    """Adds up the attempts that were measured; None if none was."""
    costs = [attempt.cost for attempt in attempts if attempt.cost is not None]
    if not costs:
        return None
    return Cost(sum(cost.wall for cost in costs), sum(cost.cpu for cost in costs), max(cost.peak for cost in costs))


def read_records(log: Path) -> dict[str, Record]:
    """Reads a log that another process may be writing; what follows the last whole line is left out."""
    records: dict[str, Record] = {}
    for line in log.read_bytes().splitlines(keepends=True) if log.is_file() else []:
        try:
            record = Record.model_validate_json(line)
        except pydantic.ValidationError:
            break
        records[record.id] = record
    return records


State = Literal["done", "changed", "under way", "left"]
