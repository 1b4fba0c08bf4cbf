"""`ncvc doctor` on machines that are made of files: distributions are their metadata, a GPU is a program."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from ncvc.cli import commands as cli
from ncvc.doctor import NEEDS, Report, examine
from tests.conftest import run_ncvc

BASE = {"click": "8.5.1", "ipadic": "1.0.0", "numpy": "2.5.5", "packaging": "26.3", "pydantic": "2.14.3"}
BASE |= {"pyyaml": "6.0.3", "sentencepiece": "0.2.3"}
TRAIN = {"matplotlib": "3.11.2", "megatron-core": "0.19.2", "psutil": "7.2.2", "safetensors": "0.8.0"}
TRAIN |= {"tensorboard": "2.21.0", "torch": "2.13.0"}
HF = {"huggingface-hub": "2.4.0", "tokenizers": "0.23.3", "transformers": "5.23.0"}
COMMANDS = ["preprocess", "train run", "convert", "generate"]


@pytest.fixture(autouse=True)
def no_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))


def site(tmp_path: Path, distributions: dict[str, str], summaries: dict[str, str] | None = None) -> list[str]:
    """A folder with the metadata of `distributions` and none of their code."""
    for name, version in distributions.items():
        folder = tmp_path / "site" / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir(parents=True)
        summary = (summaries or {}).get(name, "")
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: {summary}\n"
        )
    return [str(tmp_path / "site")]


def driver(tmp_path: Path, output: str, status: int = 0) -> None:
    """An `nvidia-smi` that says `output`."""
    program = tmp_path / "bin" / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nprintf '{output}'\nexit {status}\n")
    program.chmod(0o755)


def commands(report: Report) -> dict[str, tuple[str, ...]]:
    return {command.name: command.missing for command in report.commands}


def test_text_can_be_prepared_without_torch(tmp_path: Path) -> None:
    report = examine(COMMANDS, tmp_path, site(tmp_path, BASE))
    assert {name: set(missing) for name, missing in commands(report).items()} == {
        "preprocess": set(),
        "train run": set(TRAIN) - {"matplotlib"},
        "convert": set(TRAIN | HF) - {"matplotlib", "tensorboard"},
        "generate": {"safetensors", "torch", *HF},
    }
    assert [command.install for command in report.commands] == [
        None,
        "pip install 'ncvc[train]'",
        "pip install 'ncvc[hf]'",
        "pip install 'ncvc[hf]'",
    ]
    assert report.would_use == {"device": "none: torch is not installed"}


def test_everything_is_ready_without_a_gpu(tmp_path: Path) -> None:
    report = examine(COMMANDS, tmp_path, site(tmp_path, BASE | TRAIN | HF))
    assert commands(report) == dict.fromkeys(COMMANDS, ())
    assert report.would_use["device"] == "cpu (no GPU)"
    assert report.would_use["distributed backend"] == "gloo"


@pytest.mark.parametrize("built_for_cuda", [True, False])
def test_a_gpu_is_used_if_torch_is_built_for_it(tmp_path: Path, built_for_cuda: bool) -> None:
    driver(tmp_path, r"NVIDIA X100, 81559, 570.1\nNVIDIA X100, 81559, 570.1\n")
    path = site(tmp_path, BASE | TRAIN)
    if built_for_cuda:
        (tmp_path / "site/torch/lib").mkdir(parents=True)
        (tmp_path / "site/torch/lib/libtorch_cuda.so").touch()
    report = examine(COMMANDS, tmp_path, path)
    assert [gpu.memory_mib for gpu in report.machine.gpus] == [81559, 81559]
    if built_for_cuda:
        assert report.would_use["device"] == "cuda (2 × NVIDIA X100)"
        assert report.would_use["distributed backend"] == "nccl"
    else:
        assert report.would_use["device"] == "cpu (this torch is built without CUDA)"
        assert report.would_use["distributed backend"] == "gloo"


def test_a_driver_that_fails_is_no_gpu(tmp_path: Path) -> None:
    driver(tmp_path, "NVIDIA-SMI has failed", status=9)
    assert examine(COMMANDS, tmp_path, site(tmp_path, BASE | TRAIN)).machine.gpus == ()


def test_shared_memory_has_no_size(tmp_path: Path) -> None:
    driver(tmp_path, r"NVIDIA Y10, [N/A], 580.2\n")
    [gpu] = examine(COMMANDS, tmp_path, site(tmp_path, BASE)).machine.gpus
    assert gpu.memory_mib is None


def test_a_version_out_of_range_is_refused(tmp_path: Path) -> None:
    report = examine(COMMANDS, tmp_path, site(tmp_path, BASE | TRAIN | {"megatron-core": "0.16.1"}))
    [megatron] = [package for package in report.packages if package.name == "megatron-core"]
    assert megatron.problem == "ncvc needs megatron-core==0.19.2"
    assert commands(report)["train run"] == ("megatron-core",)


@pytest.mark.parametrize(
    ("version", "summary", "refused"),
    [
        ("0.9.10.dev0", "Pyramid toolkit to add Velruse, Flash Messages,CSRF, ReCaptcha and Sessions", True),
        ("0.1", "PyTorch Extensions written by NVIDIA", False),
    ],
)
def test_the_other_apex_is_refused(tmp_path: Path, version: str, summary: str, refused: bool) -> None:
    report = examine(COMMANDS, tmp_path, site(tmp_path, {"apex": version}, {"apex": summary}))
    [apex] = [package for package in report.packages if package.name == "apex"]
    assert apex.version == version
    assert (apex.problem is not None) == refused
    if refused:
        assert "not NVIDIA's apex" in str(apex.problem)
        assert "pip uninstall apex" in str(apex.problem)


def test_the_command_writes_text_and_json() -> None:
    text = CliRunner().invoke(cli.ncvc, ["doctor"])
    assert text.exit_code == 0, text.output
    assert all(title in text.output for title in ("Packages", "Training would use", "Commands"))
    report = json.loads(CliRunner().invoke(cli.ncvc, ["doctor", "--json"]).output)
    assert report["machine"]["cores"] == len(os.sched_getaffinity(0))
    assert {command["name"] for command in report["commands"]} == set(NEEDS)
    assert {name.partition(" ")[0] for name in NEEDS} == set(cli.ncvc.commands)


@pytest.mark.parametrize(("value", "shown"), [("1", "not kept: commands begin in twice the time"), ("", "kept\n")])
def test_unkept_bytecode_is_named(monkeypatch: pytest.MonkeyPatch, value: str, shown: str) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", value)
    assert f"  {shown}" in run_ncvc("doctor").stdout


def test_nothing_heavy_is_imported() -> None:
    script = (
        "import sys; from pathlib import Path; from ncvc.doctor import examine; examine(['train run'], Path());"
        "print(sorted({'torch', 'megatron', 'transformers', 'sentencepiece'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"
