"""The tasks in lm-evaluation-harness, beside `ncvc evaluate` on the same model, offline."""

import os
from pathlib import Path

import pytest
from lm_eval import simple_evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager

from ncvc.data.rows import read_rows
from ncvc.evaluate.harness import TASKS
from ncvc.evaluate.run import evaluate
from ncvc.hf.load import load
from tests.evaluate.conftest import plan_of

NAMES = ["smdis", "jcsts", "mrner_medicine", "igakuqa_2018"]


@pytest.fixture(scope="module")
def harness(plain_model: Path, benchmarks: Path) -> dict[str, dict[str, float]]:
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_DATASETS_OFFLINE"] = "1"
    manager = TaskManager(include_path=str(TASKS), include_defaults=False, metadata={"data": str(benchmarks)})
    names = [f"ncvc_{name}" for name in NAMES] + [
        f"ncvc_{name}_likelihood" for name in NAMES if name != "mrner_medicine"
    ]
    model = HFLM(pretrained=str(plain_model), device="cpu", batch_size=4, dtype="float32")
    found = simple_evaluate(
        model, tasks=names, task_manager=manager, bootstrap_iters=0, gen_kwargs="max_gen_toks=12", log_samples=True
    )
    assert found is not None
    return found


def test_scores_are_those_of_the_command(
    harness: dict, evaluated: Path, plain_model: Path, benchmarks: Path, tmp_path: Path
) -> None:
    result = evaluate(plan_of([plain_model], benchmarks), tmp_path / "out")
    tasks = result.models[0].tasks
    compared = 0
    for name in NAMES:
        theirs = {key.removesuffix(",none"): value for key, value in harness["results"][f"ncvc_{name}"].items()}
        for score, ours in tasks[name].scores.items():
            if score in theirs:
                assert theirs[score] == pytest.approx(ours.value, abs=1e-9), (name, score)
                compared += 1
        said = [sample["filtered_resps"][0] for sample in harness["samples"][f"ncvc_{name}"]]
        assert said == [row.record.answer for row in result.models[0].rows[name]]
    assert compared == 3 + 3 + 5 + 3


def test_likelihoods_are_those_of_the_command_where_the_boundary_is_one_of_pieces(
    harness: dict, plain_model: Path, benchmarks: Path, tmp_path: Path
) -> None:
    """The harness cuts the ids of the whole text at the length of the context's; ours encodes apart in such a case."""
    result = evaluate(plan_of([plain_model], benchmarks, max_new_tokens=1), tmp_path / "out")
    tokenizer = load(plain_model).tokenizer
    compared = 0
    rows = {row.row.id: row for row in result.models[0].rows["igakuqa_2018"] if row.row.choices}
    for sample, row in zip(harness["samples"]["ncvc_igakuqa_2018_likelihood"], rows.values(), strict=True):
        assert sample["doc"]["prompt"] == row.record.prompt
        before = tokenizer.encode(row.record.prompt)
        for (label, text), (theirs, _) in zip(row.row.choices.items(), sample["filtered_resps"], strict=True):
            if tokenizer.encode(row.record.prompt + text)[: len(before)] == before:
                assert row.record.texts[label][0] == pytest.approx(float(theirs), abs=1e-3)
                compared += 1
    assert compared > 10


def test_every_task_has_a_file(benchmarks: Path) -> None:
    tasks = {row.task for suite in ("jmed-llm", "igakuqa") for row in read_rows(benchmarks / suite / "test.jsonl")}
    assert tasks | {"igakuqa_2022"} <= {path.stem for path in TASKS.glob("*.yaml")}
