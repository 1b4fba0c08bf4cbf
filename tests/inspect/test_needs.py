"""The commands that draw run with the packages that `ncvc doctor` names for them, and import all of these."""

from pathlib import Path

import pytest

from ncvc.packages import requirements
from tests.conftest import SLOW
from tests.inspect.conftest import NEEDS_FONT
from tests.inspect.test_losses import write_run
from tests.inspect.test_scores import evaluation, task
from tests.needs import require_needs
from tests.small_training import write_dataset

DECLARED = {requirement.name for requirement in requirements("inspect")}
pytestmark = [
    NEEDS_FONT,
    pytest.mark.skipif("umap-learn" not in DECLARED, reason="ncvc was installed before it had the extra inspect"),
]


@pytest.mark.parametrize(
    "command",
    ["attention", "memorization", *(pytest.param(name, marks=SLOW) for name in ("embeddings", "knowledge", "weights"))],
)
def test_a_command_needs_what_it_imports(command: str, stock: dict[str, Path], tmp_path: Path) -> None:
    write_dataset(tmp_path / "data", [[4, 5, 6]])
    (tmp_path / "texts.txt").write_text("発熱と咳嗽を認める。\n")
    arguments: dict[str, list[object]] = {
        "attention": ["発熱", "咳"],
        "embeddings": ["--pieces", 60],
        "knowledge": ["発熱", "--choice", "a", "--choice", "b"],
        "memorization": ["--texts", tmp_path / "texts.txt", "--length", 4, "--prefix", 4, "--data", tmp_path / "data"],
        "weights": [],
    }
    given = [stock["llama"], *arguments[command], "-o", tmp_path / "out"]
    require_needs(f"inspect {command}", given, tmp_path / "check")


def test_commands_about_runs_need_what_they_import(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [2.0, 1.0])
    require_needs("inspect loss", [run, "-o", tmp_path / "loss"], tmp_path / "1")
    measured = evaluation(tmp_path / "measured", [("step_00000001", 1000, {"crade": task(0.5)})])
    require_needs("inspect scores", [measured, "-o", tmp_path / "scores"], tmp_path / "2")
