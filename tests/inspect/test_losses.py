"""Losses of runs: pre-training and tuning apart, each step in a table, pictures that do not change."""

import csv
import json
from pathlib import Path

import pytest

from ncvc.smoothing import centred_means
from tests.conftest import run_ncvc
from tests.inspect.conftest import NEEDS_FONT

pytestmark = NEEDS_FONT


def write_run(folder: Path, losses: list[float], **started: str) -> Path:
    folder.mkdir()
    lines = [json.dumps({"event": "started", "step": 0, **started})]
    for step, loss in enumerate(losses, 1):
        numbers = {"lr": 0.1, "grad_norm": 1.0, "seconds": 1.0, "tokens_per_second": 10.0}
        lines.append(json.dumps({"step": step, "tokens": 10 * step, "loss": loss, **numbers}))
    (folder / "log.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def test_runs_and_their_kinds(tmp_path: Path) -> None:
    losses = [5.0, 4.0, 4.5, 3.0]
    runs = [write_run(tmp_path / "事前", losses), write_run(tmp_path / "調整", [2.0, 1.0], kind="tune")]
    out = tmp_path / "out"
    done = run_ncvc("inspect", "loss", *runs, "-o", out)
    assert "事前: 4 steps, 40 tokens" in done.stdout
    names = ["index.html", "loss-tuning.png", "loss.csv", "loss.png", "manifest.json", "numbers.json"]
    assert sorted(path.name for path in out.iterdir()) == names
    with (out / "loss.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["run"], int(row["step"]), int(row["tokens"]), float(row["loss"])) for row in rows] == [
        *(("事前", step, 10 * step, loss) for step, loss in enumerate(losses, 1)),
        ("調整", 1, 10, 2.0),
        ("調整", 2, 20, 1.0),
    ]
    assert [float(row["smoothed_loss"]) for row in rows[:4]] == pytest.approx(centred_means(losses))
    numbers = json.loads((out / "numbers.json").read_text())
    assert [run["kind"] for run in numbers["runs"]] == ["pre-training", "tuning"]
    assert numbers["smoothing"]["decay"] == 0.9
    page = (out / "index.html").read_text()
    assert page.count("Loss over steps") == 2
    assert "太線" in page
    # The same runs give the same picture; a run alone has no picture of the other kind.
    again = tmp_path / "again"
    run_ncvc("inspect", "loss", runs[0], "-o", again)
    assert (again / "loss.png").read_bytes() == (out / "loss.png").read_bytes()
    assert not (again / "loss-tuning.png").exists()


def test_a_folder_without_a_log(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run_ncvc("inspect", "loss", tmp_path / "empty", "-o", tmp_path / "out", ok=False)
    assert "not a run folder" in done.stderr
    assert not (tmp_path / "out").exists()
