"""Reads what a run set aside."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from ncvc.corpus.part_records import PreparedPart
from ncvc.corpus.plan import Task
from ncvc.errors import InputError

QUARANTINE = "quarantine.jsonl"
UNREADABLE = "unreadable_file"
"""Reason of a file that the operating system could not read; another start may be able to."""


def require_nothing_quarantined(folders: Iterable[Path]) -> None:
    """Raises `InputError` for the first document or file that a part or an output lists as set aside."""
    for folder in folders:
        with (folder / QUARANTINE).open(encoding="utf-8") as rows:
            first = next(rows, None)
        if first is not None:
            row = json.loads(first)
            raise InputError(
                f"{row['file']}:{row['line']}: {row['reason']}; it was set aside with `on_error: quarantine`, and"
                " `on_error: stop` stops at it; mend it, or set `on_error: quarantine` again"
            )


def repeated_rows(parts: Iterable[Path], task_of: Callable[[Path], Task]) -> dict[Path, int]:
    """Finds the rows on a large file that could not be read which an earlier range of it has too.

    Returns the bytes of such a row by the part whose `quarantine.jsonl` ends with it: a range ends where it cannot be
    read. A row that counts as a document is none of these.
    """
    repeated: dict[Path, int] = {}
    set_aside: set[Path] = set()
    for part in parts:
        task = task_of(part)
        if task.ranges == 1 or UNREADABLE not in PreparedPart.read(part).reasons:
            continue
        [file] = task.paths
        last = (part / QUARANTINE).read_bytes().splitlines(keepends=True)[-1]
        if file in set_aside and not json.loads(last)["bytes"]:
            repeated[part] = len(last)
        set_aside.add(file)
    return repeated
