"""Reads what a run set aside."""

import json
from collections.abc import Iterable
from pathlib import Path

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
