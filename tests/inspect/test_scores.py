"""Curves of scores from folders of evaluations: by run, task and tokens."""

import json
from pathlib import Path
from typing import Any

import pytest

from ncvc.errors import NcvcError
from ncvc.inspect.scores.curves import read_curves
from ncvc.manifest import EVALUATION, write_manifest
from tests.conftest import run_ncvc
from tests.inspect.conftest import NEEDS_FONT


def task(value: float, **more: Any) -> dict[str, Any]:
    """What `scores.json` has of a task, as `TaskScores.dump` writes it."""
    scores = {"accuracy": {"value": value, "low": value - 0.1, "high": value + 0.2}}
    scores["kappa"] = {"value": None, "low": None, "high": None}
    return {"suite": "igakuqa", "main": "accuracy", "scores": scores, "chance": 0.2, "exam": None} | more


def evaluation(folder: Path, models: list[tuple[str, int | None, dict[str, Any]]]) -> Path:
    folder.mkdir()
    found = [
        {"name": name, "kind": "checkpoint", "facts": {"tokens_seen": tokens} if tokens else {}, "tasks": tasks}
        for name, tokens, tasks in models
    ]
    (folder / "scores.json").write_text(json.dumps({"models": found}))
    write_manifest(folder, stage=EVALUATION)
    return folder


@pytest.fixture
def both(tmp_path: Path) -> list[Path]:
    """Two runs, whose checkpoints were measured in two evaluations and in no order."""
    exam = {"points": 30, "total": 120}
    first = [
        ("one/step_00000200", 2_000_000, {"igakuqa_2018": task(0.4, exam=exam), "crade": task(0.5, suite="jmed-llm")}),
        ("two/step_00000100", 1_500_000, {"igakuqa_2018": task(0.3)}),
        ("original", None, {"igakuqa_2018": task(0.9)}),
    ]
    second = [("one/step_00000100", 1_000_000, {"igakuqa_2018": task(0.25, exam=exam)})]
    return [evaluation(tmp_path / "a", first), evaluation(tmp_path / "b", second)]


def test_points_are_put_to_their_run_and_task(both: list[Path]) -> None:
    curves, unplaced = read_curves(both)
    assert unplaced == ["original"]
    found = {(curve.run, curve.suite, curve.task): curve for curve in curves}
    assert found.keys() == {
        ("one", "igakuqa", "igakuqa_2018"),
        ("one", "jmed-llm", "crade"),
        ("two", "igakuqa", "igakuqa_2018"),
    }
    points = found["one", "igakuqa", "igakuqa_2018"].points
    assert [(point.tokens, point.value) for point in points] == [(1_000_000, 0.25), (2_000_000, 0.4)]
    assert [(point.low, point.high) for point in points] == [(0.15, 0.45), pytest.approx((0.3, 0.6))]
    assert {curve.chance for curve in curves} == {0.2}


def test_another_score(both: list[Path]) -> None:
    curves, _ = read_curves(both, "points")
    assert [(curve.run, [point.value for point in curve.points]) for curve in curves] == [("one", [0.25, 0.25])]
    assert (curves[0].chance, curves[0].points[0].low) == (None, None)
    with pytest.raises(NcvcError, match="no task has the score f1; choose from accuracy, kappa, points"):
        read_curves(both, "f1")
    with pytest.raises(NcvcError, match="no task has the score kappa"):
        read_curves(both, "kappa")  # there, but no number


def test_what_is_no_curve(tmp_path: Path) -> None:
    twice = [("first", 1000, {"crade": task(0.5)}), ("second", 1000, {"crade": task(0.6)})]
    with pytest.raises(NcvcError, match="first and second: both have seen 1,000 tokens"):
        read_curves([evaluation(tmp_path / "a", twice)])
    with pytest.raises(NcvcError, match="first: it is not known how many tokens were seen"):
        read_curves([evaluation(tmp_path / "b", [("first", None, {"crade": task(0.5)})])])
    (tmp_path / "c").mkdir()
    with pytest.raises(NcvcError, match="is no report of `ncvc evaluate`"):
        read_curves([tmp_path / "c"])


@NEEDS_FONT
def test_the_command(both: list[Path], tmp_path: Path) -> None:
    done = run_ncvc("inspect", "scores", *both, "-o", tmp_path / "out")
    assert "original: left out" in done.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "index.html",
        "manifest.json",
        "numbers.json",
        "scores.png",
    ]
    page = (tmp_path / "out/index.html").read_text()
    assert "0.150–0.450" in page
    assert "IgakuQA 2018" in page
