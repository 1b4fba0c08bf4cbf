"""Which files a pass reads, and how."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import ncvc._native as native
from ncvc.progress import Progress

SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".json", ".json.gz", ".json.zst")
LONGEST_LINE = 64 * 2**20

OnError = Literal["stop", "quarantine"]


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


def run_pass(run: Callable[..., str], label: str, sources: Sequence[Path], reading: Reading, *arguments: Any) -> str:
    """Calls an engine function on `sources` with progress; returns its summary in JSON."""
    progress = Progress(label, sum(path.stat().st_size for path in sources))
    source = {
        "sources": list(sources),
        "text_field": reading.text_field,
        "threads": reading.threads,
        "longest_line": reading.longest_line,
        "quarantine": reading.on_error == "quarantine",
        "progress": progress,
    }
    try:
        return run(source, *arguments)
    finally:
        progress.close()
