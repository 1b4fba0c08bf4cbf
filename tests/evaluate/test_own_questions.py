"""`ncvc evaluate --suite own`: questions of one's own, asked, scored and shown."""

import json
from pathlib import Path

import pytest

from ncvc.data.prepare import prepare_own
from tests.conftest import run_ncvc
from tests.evaluate.conftest import write_model


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    rows = [
        {"task": "診療科", "question": f"問{n}", "document": f"文書{n}", "choices": ["内", "外", "眼"], "answer": "外"}
        for n in range(3)
    ]
    rows += [{"task": "drugs", "question": "薬剤名を挙げよ。", "answer": [f"薬{n}", "ヘパリン"]} for n in range(2)]
    for name in ("test", "train"):
        lines = [json.dumps(row, ensure_ascii=False) for row in (rows if name == "test" else rows[:1])]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    prepare_own(folder / "test.jsonl", folder / "prepared", train=folder / "train.jsonl")
    return folder / "prepared"


def test_own_questions_are_evaluated_like_a_benchmark(questions: Path, tmp_path: Path) -> None:
    model = write_model(tmp_path / "model")
    out = tmp_path / "out"
    options = ("--suite", "own", "--data", questions, "--max-new-tokens", 4, "-o", out)
    said = run_ncvc("evaluate", model, *options).stdout
    assert "診療科: kappa (accuracy)" in said
    assert "by chance 0.33" in said
    assert "1 of 3 documents in the training split" in said
    scores = json.loads((out / "scores.json").read_text(encoding="utf-8"))
    tasks = scores["models"][0]["tasks"]
    assert {name: task["rows"] for name, task in tasks.items()} == {"診療科": 3, "drugs": 2}
    assert tasks["診療科"]["chance"] == pytest.approx(1 / 3)
    assert tasks["drugs"]["chance"] == pytest.approx(1 / 2)  # one of two is in the other's answer
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "偶然水準" in report
    assert "GPT-4" not in report  # no table of the papers has these tasks
    page = (out / "pages/model/診療科.html").read_text(encoding="utf-8")
    assert "文書2" in page
    assert "By chance: accuracy* 0.33." in (out / "report.md").read_text(encoding="utf-8")


def test_a_suite_that_is_not_there_is_named(questions: Path, tmp_path: Path) -> None:
    options = ("--data", questions, "-o", tmp_path / "out")
    refused = run_ncvc("evaluate", tmp_path, *options, "--suite", "ours", ok=False)
    assert "choose from jmed-llm, igakuqa, own" in refused.stderr
    refused = run_ncvc("evaluate", tmp_path, *options, "--suite", "igakuqa", ok=False)
    assert "no prepared igakuqa in it" in refused.stderr
    assert not (tmp_path / "out").exists()
