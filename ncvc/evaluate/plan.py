"""An evaluation before anything is loaded: models, questions, settings."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ncvc.data.prepare import find_prepared
from ncvc.data.rows import LEAKAGE, TEST, Message, Row, read_demonstrations, read_rows
from ncvc.errors import NcvcError
from ncvc.evaluate.engine import Settings
from ncvc.evaluate.models import Model
from ncvc.files import read_json, sha256
from ncvc.manifest import MANIFEST

Likelihood = Literal["none", "letters", "texts"]
"""Continuations that are weighed: none, the labels of the choices, or labels and texts."""


@dataclass(frozen=True)
class Suite:
    """A prepared benchmark, as much of it as is asked for."""

    name: str
    folder: Path
    rows: tuple[Row, ...]
    demonstrations: tuple[Message, ...]
    """Solved examples that stand before each question."""
    leakage: dict[str, dict[str, int]]
    """Task → counts; see `ncvc.data.jmed_llm.leakage` and that of `own`."""

    @property
    def tasks(self) -> dict[str, list[Row]]:
        """Rows by task."""
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(row.task, []).append(row)
        return found

    def messages(self, row: Row) -> list[Message]:
        """Turns of a row's prompt, with the solved examples behind the system's turn."""
        return [*row.messages[:-1], *self.demonstrations, row.messages[-1]]


@dataclass(frozen=True)
class Plan:
    """Questions, models and settings of an evaluation."""

    models: Sequence[Model]
    suites: Sequence[Suite]
    settings: Settings
    likelihood: Likelihood = "texts"
    limit: int | None = None
    """First questions of each task that are asked, as `read_suites` left them; None for all."""

    def identity(self) -> dict[str, Any]:
        """Returns the facts that the answers depend on."""
        return {
            "models": {model.name: model.identity for model in self.models},
            "suites": {
                suite.name: {
                    "manifest": sha256(suite.folder / MANIFEST),
                    "rows": len(suite.rows),
                    "shots": len(suite.demonstrations) // 2,
                }
                for suite in self.suites
            },
            "settings": {**asdict(self.settings), "likelihood": self.likelihood},
        }


def read_suites(
    names: Iterable[str], data: Sequence[Path], *, shots: int | None = None, limit: int | None = None
) -> list[Suite]:
    """Reads the test rows of prepared benchmarks, each in one of the folders `data`.

    `shots`: solved examples before a question, None for all that there are; `limit`: first rows of a task.
    Raises `NcvcError` for one that is not there, or has fewer solved examples.
    """
    return [_read_suite(name, _find(name, data), shots, limit) for name in names]


def _read_suite(name: str, folder: Path, shots: int | None, limit: int | None) -> Suite:
    demonstrations = read_demonstrations(folder)
    if shots is not None:
        # A benchmark without solved examples is zero-shot, as its own script has it.
        if shots > len(demonstrations) // 2 and demonstrations:
            raise NcvcError(f"{folder}: has {len(demonstrations) // 2} solved examples, not {shots}")
        demonstrations = demonstrations[: 2 * shots]
    counts: Counter[str] = Counter()
    rows = []
    for row in read_rows(folder / TEST):
        counts[row.task] += 1
        if limit is None or counts[row.task] <= limit:
            rows.append(row)
    leakage = read_json(folder / LEAKAGE) if (folder / LEAKAGE).exists() else {}
    return Suite(name, folder, tuple(rows), demonstrations, leakage)


def _find(name: str, data: Sequence[Path]) -> Path:
    for folder in data[:-1]:
        try:
            return find_prepared(folder, name)
        except NcvcError:
            continue
    return find_prepared(data[-1], name)
