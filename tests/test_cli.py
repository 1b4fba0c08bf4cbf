"""How the command ends when something is not as it should be."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, run_ncvc


@pytest.mark.parametrize(
    ("command", "module"),
    [
        (["train", f"{ROOT}/megatron_configs/tiny.yaml", "--set", "data.prefixes=[x/d]"], "torch"),
        (["generate", "x", "--prompt", "y"], "transformers"),
    ],
)
def test_a_missing_package_is_one_sentence(command: list[str], module: str, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x/d.idx").touch()
    (tmp_path / "x/d.bin").touch()
    (tmp_path / "x/config.json").write_text('{"model_type": "llama"}')
    header = json.dumps({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    (tmp_path / "x/model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    program = f"import sys; sys.modules['{module}'] = None; sys.argv = ['ncvc', *{command}]; from ncvc.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
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


HEAVY = (
    "importlib.metadata",
    "ipadic",
    "matplotlib",
    "ncvc._native",
    "numpy",
    "packaging",
    "pydantic",
    "ray",
    "safetensors",
    "sentencepiece",
    "tensorboard",
    "tokenizers",
    "torch",
    "transformers",
    "yaml",
)


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; sys.argv = ['ncvc', '--help']; from ncvc.cli import main\n"
        f"try: main()\nfinally: print(sorted(set({HEAVY}) & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: ncvc")
    assert done.stderr == "[]\n"


def test_the_package_loads_its_names_when_they_are_used() -> None:
    program = (
        "import sys, ncvc; assert not {'numpy', 'ncvc._native'} & sys.modules.keys();"
        "assert set(ncvc.__all__) <= set(dir(ncvc)); assert all(getattr(ncvc, name) for name in ncvc.__all__);"
        "from ncvc import IndexedDataset, clean; from ncvc.indexed import IndexedDataset as same;"
        "assert IndexedDataset is same is ncvc.IndexedDataset; assert clean('Ａ') == 'A'; ncvc.nothing"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "AttributeError: module 'ncvc' has no attribute 'nothing'"


@pytest.mark.parametrize("module", ["ncvc.cli.commands", "click", "click.core", "ncvc.cli.convert", "ncvc.errors"])
def test_ctrl_c_while_python_imports_is_one_line(module: str) -> None:
    program = (
        "import signal, sys\n"
        "class Interrupter:\n"
        "    def find_spec(self, name, path, target=None):\n"
        f"        if name == {module!r}: signal.raise_signal(signal.SIGINT)\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "sys.meta_path.insert(0, Interrupter()); sys.argv = ['ncvc', 'verify', '/']\n"
        "from ncvc.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "ncvc: stopped")


def test_an_unknown_command_is_named() -> None:
    done = run_ncvc("proprocess", ok=False)
    assert done.returncode == 2
    assert "proprocess" in done.stderr
