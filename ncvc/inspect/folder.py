"""Folder that a subcommand writes: decided before the work, whole after it."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ncvc import __version__
from ncvc.files import sha256, whole_folder, write_json
from ncvc.hf.folder import CONFIG
from ncvc.manifest import INSPECTION, MANIFEST, write_manifest
from ncvc.outputs import require_output, require_untouched

PAGE = "index.html"
NUMBERS = "numbers.json"


@dataclass(frozen=True)
class Inspection:
    """An output that may be written; asked for before anything heavy is imported."""

    command: str
    """Name of the subcommand."""
    final: Path
    reads: Sequence[Path]

    @contextlib.contextmanager
    def write(self, page: str, numbers: Any, **settings: Any) -> Iterator[Path]:
        """Yields the folder to draw pictures into; it appears with page, numbers and manifest at the end."""
        with whole_folder(self.final, require_untouched) as folder:
            yield folder
            (folder / PAGE).write_text(page, encoding="utf-8")
            write_json(folder / NUMBERS, numbers)
            facts = {"command": self.command, "inputs": {str(path): _digest(path) for path in self.reads}}
            write_manifest(folder, stage=INSPECTION, ncvc=__version__, **facts, settings=settings)


def require_inspection(command: str, out: Path, reads: Sequence[Path], *, replace: bool) -> Inspection:
    """Refuses an output that may not be written, or that is read; see `require_output` for the errors."""
    return Inspection(command, require_output(out, INSPECTION, reads=reads, replace=replace), tuple(reads))


def finite(value: float) -> float | None:
    """The number as JSON can have it: None for NaN and for an infinite one."""
    return value if math.isfinite(value) else None


def _digest(path: Path) -> str | None:
    """SHA-256 of a file, or of what describes a folder; None where nothing does."""
    described = [path] if path.is_file() else [path / MANIFEST, path / CONFIG]
    return next((sha256(file) for file in described if file.is_file()), None)
