"""The demo's closing lines: the scores of the base and the tuned model beside chance, from the evaluation's file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ncvc.files import read_json


def outcome_lines(scores: Path) -> Iterator[str]:
    """Yields a line a task, and the place of the report, from a folder of `ncvc evaluate`."""
    models = read_json(scores / "scores.json")["models"]
    yield "held-out questions, with 95 % intervals:"
    for task, first in models[0]["tasks"].items():
        main = first["main"]
        cells = [f"{model['name']} {_cell(model['tasks'][task]['scores'][main])}" for model in models]
        yield f"  {task}: {main} by chance {first['chance']:.2f}; {'; '.join(cells)}"
    yield f"questions, answers and all scores: {scores / 'report.html'}"


def _cell(score: dict[str, Any]) -> str:
    return f"{score['value']:.2f} ({score['low']:.2f}–{score['high']:.2f})"
