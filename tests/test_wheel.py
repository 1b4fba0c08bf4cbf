"""The wheel, in an empty environment of a machine that has neither Rust nor torch."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NO_NETWORK = ("dns error", "Connection refused", "tcp connect error", "Network is unreachable", "timed out")


def uv(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "uv", *arguments], capture_output=True, text=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with the settings of `make wheel`; cargo reuses what `make setup` compiled."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "maturin", "build", "--release", "--locked", "--out", folder]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel and its locked base dependencies."""
    environment = tmp_path_factory.mktemp("environment")
    assert uv("venv", "--python", sys.executable, environment).returncode == 0
    python = environment / "bin/python"
    into = ("pip", "install", "--python", python)
    locked = (*into, "--require-hashes", "-r", ROOT / "requirements/base.txt")
    installed = uv(*locked, "--offline")  # what is in uv's cache needs no network
    if installed.returncode != 0:
        installed = uv(*locked)
    if any(sign in installed.stderr for sign in NO_NETWORK):
        pytest.skip("the base dependencies are not in uv's cache and no package index can be reached")
    assert installed.returncode == 0, installed.stderr
    installed = uv(*into, "--offline", "--no-deps", wheel)
    assert installed.returncode == 0, installed.stderr
    return python


def run(python: Path, *arguments: str) -> str:
    """Runs Python where the checkout is out of reach and the only programs are the environment's."""
    environment = {"PATH": str(python.parent), "HOME": str(python.parent.parent), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [python, *arguments], cwd=python.parent.parent, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_one_wheel_serves_every_python_from_312(wheel: Path) -> None:
    name, _, *tags = wheel.stem.split("-")
    assert (name, tags[:2]) == ("ncvc", ["cp312", "abi3"])
    if os.uname().sysname == "Linux":
        assert tags[2].startswith("manylinux")


def test_the_wheel_holds_its_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = ["ncvc/py.typed", "ncvc/_native.pyi"]
    for pattern in (
        *("ncvc/demo/grammar/*.yaml", "ncvc/recipe/recipes/*/*.*"),
        *("megatron_configs/*.yaml", "megatron_configs/tune/*.yaml"),
    ):
        files = [str(path.relative_to(ROOT)) for path in ROOT.glob(pattern)]
        assert files, pattern
        shipped += files
    assert set(shipped) <= names
    assert not [name for name in names if name.startswith(("tests/", "tools/", "rust/"))]


def test_the_wheel_holds_the_licences_of_what_it_carries(wheel: Path) -> None:
    """The engine carries words of ipadic, whose licence asks for its notice in every copy."""
    archive = zipfile.ZipFile(wheel)
    names = [name for name in archive.namelist() if ".dist-info/" in name]
    [metadata] = [archive.read(name).decode() for name in names if name.endswith("/METADATA")]
    declared = [line.partition(": ")[2] for line in metadata.splitlines() if line.startswith("License-File: ")]
    texts = [
        archive.read(name).decode(errors="replace") for path in declared for name in names if name.endswith(f"/{path}")
    ]
    assert len(texts) == len(declared) == 3
    assert any("Apache License" in text for text in texts)
    # Sentences of the notice of ipadic 2.7.0.
    notice = " ".join(next(text for text in texts if "Nara Institute of Science" in text).split())
    assert "Copyright 2000, 2001, 2002, 2003 Nara Institute of Science and Technology. All Rights Reserved." in notice
    assert "must include both the above copyright notice and the following paragraphs" in notice
    assert "originate from ICOT Free Software" in notice


def test_a_line_is_cleaned_without_torch_and_without_rust(python: Path) -> None:
    shown = run(python, "-c", "import ncvc; print(ncvc.clean('ＷＢＣ　１２，３００／μＬ、tel 03-0000-1234'))")
    assert shown == "WBC▁12,300/μL、tel\n"
    missing = run(
        python,
        "-c",
        "import shutil; from importlib.util import find_spec;"
        "print(*map(find_spec, ('torch', 'megatron')), *map(shutil.which, ('cargo', 'cc')))",
    )
    assert missing == "None None None None\n"


def test_the_commands_run_from_the_wheel(python: Path) -> None:
    assert "preprocess" in run(python, str(python.parent / "ncvc"), "--help")
    assert "ready" in run(python, "-m", "ncvc", "doctor")


def test_the_demo_text_is_the_checkouts(python: Path) -> None:
    from ncvc.demo.text import documents

    script = "from ncvc.demo.text import documents; print(''.join(d['text'] for d in documents(5, 20_000)))"
    assert run(python, "-c", script) == "".join(d["text"] for d in documents(5, 20_000)) + "\n"
