"""Which files a pass reads, and how."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import ncvc._native as native

SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".json", ".json.gz", ".json.zst")
LONGEST_LINE = 64 * 2**20
NO_LIMIT = 2**62

OnError = Literal["stop", "quarantine"]
Tell = Callable[[Mapping[str, int]], None]


def find_sources(names: Sequence[str], folder: Path) -> list[Path]:
    """The files that `names` stand for: files, folders or patterns, relative to `folder`.

    Folders and patterns are taken in the order of their names, so that the same tree gives the same dataset.
    """
    found: list[Path] = []
    for name in names:
        path = folder / name
        if path.is_dir():
            matches = sorted(p for p in path.rglob("*") if p.name.endswith(SUFFIXES) and p.is_file())
        elif any(c in name for c in "*?["):
            anchor = Path(path.anchor)
            matches = sorted(p for p in anchor.glob(str(path.relative_to(anchor))) if p.is_file())
        else:
            matches = [path]
        if not matches or not matches[0].exists():
            raise native.NcvcError(f"{path}: no such input; name files, folders or patterns of JSON lines")
        found += matches
    return found


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How documents are read."""

    text_field: str = "text"
    """The member of each JSON object that holds the text."""
    threads: int = 0
    """Worker threads; 0 is one a core."""
    on_error: OnError = "stop"
    """What to do with what cannot be read."""
    longest_line: int = LONGEST_LINE
    """The longest line that is read, in bytes."""
    part_bytes: int = NO_LIMIT
    """About how many bytes make a part."""
    most_lines: int = NO_LIMIT
    """The most lines that are read of all files together."""

    def native(self, tell: Tell | None = None) -> dict[str, Any]:
        """What the engine's stages take; `tell` hears of progress and stops the work with an exception."""
        return {
            "text_field": self.text_field,
            "threads": self.threads,
            "longest_line": self.longest_line,
            "quarantine": self.on_error == "quarantine",
            "part_bytes": self.part_bytes,
            "most_lines": self.most_lines,
            "progress": tell,
        }
