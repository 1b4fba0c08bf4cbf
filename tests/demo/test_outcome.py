"""What the demo's tuning brings, from the answers that its evaluation kept, by plain counting.

Runs the whole demo, minutes on two cores; NCVC_DEMO names the folder of one that has run already.
"""

import ast
import json
import math
import os
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest

from tests.conftest import run_ncvc

Answers = list[dict[str, Any]]

pytestmark = pytest.mark.skipif(
    not {"NCVC_SLOW", "NCVC_DEMO"} & set(os.environ), reason="slow: make test-all, or NCVC_DEMO=FOLDER after make demo"
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if "NCVC_DEMO" in os.environ:
        return Path(os.environ["NCVC_DEMO"])
    folder = tmp_path_factory.mktemp("demo") / "demo"
    run_ncvc("demo", folder)
    return folder


def answers(demo: Path, model: str, task: str) -> Answers:
    lines = (demo / "scores/answers" / model / f"{task}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def is_right(row: dict[str, Any]) -> bool:
    letters = [character for character in row["answer"] if character in "ABCDEF"]
    return letters[:1] == row["gold"]


def f1(gold: list[str], answer: str) -> float:
    try:
        found = set(ast.literal_eval(answer.strip()))
    except (ValueError, SyntaxError, TypeError):
        return 0.0
    hit = len(found & set(gold))
    return 2 * hit / (len(found) + len(set(gold))) if found else 0.0


def wilson(right: int, of: int) -> tuple[float, float]:
    """The 95 % score interval of a share."""
    z, share = 1.96, right / of
    middle, half = share + z * z / (2 * of), z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return (middle - half) / (1 + z * z / of), (middle + half) / (1 + z * z / of)


@pytest.mark.parametrize(("task", "choices"), [("note_kind", 6), ("topic", 4)])
def test_the_tuned_model_beats_chance_where_the_base_does_not(demo: Path, task: str, choices: int) -> None:
    low, high = {}, {}
    for model in ("hf", "tuned"):
        rows = answers(demo, model, task)
        assert len(rows) == 120
        low[model], high[model] = wilson(sum(map(is_right, rows)), len(rows))
    assert low["hf"] <= 1 / choices < low["tuned"]
    assert high["hf"] < low["tuned"]


def test_entities_beat_those_of_another_question(demo: Path) -> None:
    low = {}
    for model in ("hf", "tuned"):
        rows = answers(demo, model, "headings")
        scores = [f1(row["gold"], row["answer"]) for row in rows]
        low[model] = fmean(scores) - 1.96 * stdev(scores) / math.sqrt(len(scores))
    golds = [row["gold"] for row in rows]
    chance = fmean(f1(gold, repr(other)) for i, gold in enumerate(golds) for j, other in enumerate(golds) if i != j)
    assert low["hf"] <= chance < low["tuned"]


def test_the_report_says_the_same(demo: Path) -> None:
    models = json.loads((demo / "scores/scores.json").read_text(encoding="utf-8"))["models"]
    said = {(model["name"], task): found for model in models for task, found in model["tasks"].items()}
    assert {key: found["beats_chance"] for key, found in said.items()} == {
        (model, task): model == "tuned" for model in ("hf", "tuned") for task in ("note_kind", "topic", "headings")
    }
    for (model, task), found in said.items():
        if found["kind"] == "choice":
            rows = answers(demo, model, task)
            assert found["scores"]["accuracy"]["value"] == pytest.approx(sum(map(is_right, rows)) / len(rows))
    assert all(found["seen"] == 0 for found in said.values())
