"""Curves of scores, read from the folders of `ncvc evaluate`: a point a checkpoint, a line a task of a run."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from ncvc.errors import NcvcError
from ncvc.files import read_json
from ncvc.manifest import EVALUATION, own_manifest

SCORES = "scores.json"
POINTS = "points"
"""The share of an examination's points, by the original scorer; it has no interval."""
STEP = re.compile(r"(^|/)step_\d+$")


@dataclass(frozen=True)
class Point:
    """A checkpoint's score; `low` and `high` are its 95 % interval, None where there is none."""

    model: str
    tokens: int
    """Tokens seen."""
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Curve:
    """Scores of the checkpoints of a run in a task."""

    run: str
    """Empty if names of checkpoints tell no run."""
    suite: str
    task: str
    score: str
    """Name of the score."""
    chance: float | None
    """Of answers that do not depend on the question; None where it is not known, or of another score."""
    points: tuple[Point, ...]
    """In the order of their tokens."""

    def dump(self) -> dict[str, Any]:
        """Returns it as a JSON value."""
        return asdict(self)


def require_evaluation(folder: Path) -> None:
    """Raises `NcvcError` for a folder that is none of `ncvc evaluate`."""
    manifest = own_manifest(folder) or {}
    if manifest.get("stage") != EVALUATION or not (folder / SCORES).is_file():
        raise NcvcError(f"{folder}: is no report of `ncvc evaluate`; give the folder that it wrote")


def read_curves(folders: Sequence[Path], score: str | None = None) -> tuple[list[Curve], list[str]]:
    """Reads the curves of all evaluations together, and the names of models that do not say how much they saw.

    `score`: a score's name, `points`, or None for the main one of each task. Raises `NcvcError` where two models of a
    run have seen the same number of tokens, or nothing is left to draw.
    """
    rows: dict[tuple[str, str, str, str], list[tuple[Point, float | None]]] = {}
    unplaced: dict[str, None] = {}
    known: dict[str, None] = {}
    for folder in folders:
        require_evaluation(folder)
        for model in read_json(folder / SCORES)["models"]:
            if not model["facts"].get("tokens_seen"):
                unplaced[model["name"]] = None
                continue
            for task, scores in model["tasks"].items():
                known |= dict.fromkeys(_names(scores))
                for name, point, chance in _points(model, scores, score):
                    key = (
                        STEP.sub("", model["name"]) if STEP.search(model["name"]) else "",
                        scores["suite"],
                        task,
                        name,
                    )
                    rows.setdefault(key, []).append((point, chance))
    if not rows:
        raise NcvcError(_nothing(folders, score, unplaced, known))
    return [_curve(key, own) for key, own in rows.items()], list(unplaced)


def _points(
    model: dict[str, Any], scores: dict[str, Any], score: str | None
) -> Iterator[tuple[str, Point, float | None]]:
    """Yields the score that is asked for, if the task has it, with the chance of the main one."""
    name = score or scores["main"]
    tokens = int(model["facts"]["tokens_seen"])
    exam = scores.get("exam")
    if name == POINTS:
        if exam and exam["total"]:
            yield name, Point(model["name"], tokens, exam["points"] / exam["total"], None, None), None
        return
    found = scores["scores"].get(name)
    if found and found["value"] is not None:
        point = Point(model["name"], tokens, found["value"], found["low"], found["high"])
        yield name, point, scores["chance"] if name == scores["main"] else None


def _names(scores: dict[str, Any]) -> list[str]:
    return [*scores["scores"], *([POINTS] if scores.get("exam") else [])]


def _curve(key: tuple[str, str, str, str], rows: list[tuple[Point, float | None]]) -> Curve:
    run, suite, task, score = key
    points = sorted((point for point, _ in rows), key=lambda point: point.tokens)
    for before, after in pairwise(points):
        if before.tokens == after.tokens:
            raise NcvcError(
                f"{before.model} and {after.model}: both have seen {after.tokens:,} tokens, and are no two points of a"
                " curve; give evaluations of the checkpoints of a run alone"
            )
    return Curve(run, suite, task, score, rows[0][1], tuple(points))


def _nothing(folders: Sequence[Path], score: str | None, unplaced: dict[str, None], known: dict[str, None]) -> str:
    place = ", ".join(map(str, folders))
    if known:
        return f"{place}: no task has the score {score}; choose from {', '.join(known)}"
    names = ", ".join(unplaced) or "no model"
    return (
        f"{place}: {names}: it is not known how many tokens were seen; evaluate checkpoints, or folders of"
        " `ncvc convert`"
    )
