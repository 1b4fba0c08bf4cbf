"""What the README says of the tree and of the commands is so."""

import re
import subprocess
from pathlib import Path

import click
import pytest

from ncvc.cli import ncvc
from ncvc.corpus.config import PreprocessConfig
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
TREE = README.split("## The tree\n")[1].split("```")[1]


def files() -> list[Path]:
    """Files of the repository, as git knows them."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [Path(line) for line in done.stdout.splitlines()]


def test_every_name_in_the_tree_exists() -> None:
    folders: list[tuple[int, str]] = []
    for line in TREE.strip("\n").splitlines():
        indent = len(line) - len(line.lstrip())
        folders = [(depth, name) for depth, name in folders if depth < indent]
        names = re.match(r"\S+(?:  ?\S+(?=  ))*", line.strip())
        assert names is not None
        for name in names[0].split():
            path = ROOT.joinpath(*(folder for _, folder in folders), name)
            assert path.exists(), path
            if name.endswith("/"):
                folders.append((indent, name))


def test_every_python_module_of_a_stage_is_in_the_tree() -> None:
    stages = ("ncvc/train", "ncvc/convert", "ncvc/corpus", "ncvc/tokenizer")
    modules = [f for f in files() if f.suffix == ".py" and str(f.parent) in stages and f.name != "__init__.py"]
    assert len(modules) > 20
    for module in modules:
        # `errors.py` says what it is.
        assert module.name == "errors.py" or module.name in TREE, module


def commands() -> list[list[str]]:
    """Every `ncvc …` line of the README."""
    lines = re.findall(r"^ncvc ([a-z].*)$", README, flags=re.MULTILINE)
    return [line.split() for line in lines]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_exists(words: list[str]) -> None:
    command: click.Command = ncvc
    context = click.Context(ncvc)
    while isinstance(command, click.Group) and words:
        _, found, words = command.resolve_command(context, words)
        assert found
        command = found
    assert command is not ncvc
    options = {option for parameter in command.params for option in parameter.opts}
    for word in words:
        if word.startswith("--"):
            assert word in options


@pytest.mark.parametrize("page", ["README.md", "docs/preprocess.md"])
def test_every_config_shown_can_be_loaded(tmp_path: Path, page: str) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert blocks
    for block in blocks:
        (tmp_path / "config.yaml").write_text(block, encoding="utf-8")
        PreprocessConfig.load(tmp_path / "config.yaml")


def test_every_page_linked_exists() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), (page, link)
