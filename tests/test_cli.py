"""How the command ends when something is not as it should be."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT, run_ncvc


@pytest.mark.parametrize(
    ("command", "module"),
    [(["train", f"{ROOT}/megatron_configs/tiny.yaml"], "torch"), (["generate", "x", "--prompt", "y"], "transformers")],
)
def test_a_missing_package_is_one_sentence(command: list[str], module: str) -> None:
    program = f"import sys; sys.modules['{module}'] = None; sys.argv = ['ncvc', *{command}]; from ncvc.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"ncvc: {module}" in done.stderr
    assert "ncvc doctor" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = subprocess.run(
        f"{sys.executable} -m ncvc doctor --json | head -c 1", shell=True, capture_output=True, text=True, check=False
    )
    assert done.stdout == "{"
    assert done.stderr == ""


def test_help_is_quick_and_light() -> None:
    program = (
        "import sys; from ncvc.cli import ncvc; ncvc(['-h'], standalone_mode=False); assert 'torch' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0


def test_an_unknown_command_is_named() -> None:
    done = run_ncvc("proprocess", ok=False)
    assert done.returncode == 2
    assert "proprocess" in done.stderr
