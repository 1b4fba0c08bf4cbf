"""The commands about weights run with the packages that `ncvc doctor` names for them, and import all of these."""

from pathlib import Path

import pytest

from ncvc.packages import requirements
from tests.inspect.conftest import NEEDS_FONT
from tests.needs import require_needs

DECLARED = {requirement.name for requirement in requirements("inspect")}
pytestmark = [
    NEEDS_FONT,
    pytest.mark.skipif("umap-learn" not in DECLARED, reason="ncvc was installed before it had the extra inspect"),
]


@pytest.mark.parametrize("command", ["embeddings", "knowledge", "weights"])
def test_a_command_needs_what_it_imports(command: str, stock: dict[str, Path], tmp_path: Path) -> None:
    arguments: dict[str, list[object]] = {
        "embeddings": ["--pieces", 60],
        "knowledge": ["発熱", "--choice", "a", "--choice", "b"],
        "weights": [],
    }
    given = [stock["llama"], *arguments[command], "-o", tmp_path / "out"]
    require_needs(f"inspect {command}", given, tmp_path / "check")
