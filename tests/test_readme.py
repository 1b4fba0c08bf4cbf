"""What the README says of the tree and of the commands is so."""

import re
from pathlib import Path

import click
import pytest

from ncvc.cli.commands import ncvc
from ncvc.corpus.config import PreprocessConfig
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
JAPANESE = (ROOT / "README.ja.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")


def test_every_folder_in_the_tree_exists_and_none_is_missing() -> None:
    tree = README.split("```\n")[-2]
    named = re.findall(r"[\w/]+/(?=\s|$)", tree)
    inside = {name.strip("/") for name in named if (ROOT / "ncvc" / name).is_dir()}
    assert all((ROOT / name).is_dir() or (ROOT / "ncvc" / name).is_dir() for name in named), named
    there = {path.parent.name for path in (ROOT / "ncvc").glob("*/__init__.py")}
    assert there - inside == {"demo"}


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 120


def test_both_languages_show_the_same_commands_and_config() -> None:
    def shown(text: str) -> list[str]:
        return [line.partition("#")[0].strip() for block in re.findall(r"```(?:sh|yaml|python)\n(.*?)```", text, re.DOTALL)
                for line in block.splitlines() if line.partition("#")[0].strip()]  # fmt: skip

    assert shown(JAPANESE) == shown(README)


def test_every_place_that_the_architecture_names_exists() -> None:
    places = set(re.findall(r"`(ncvc/[\w/]+(?:\.py|/))`", ARCHITECTURE))
    assert len(places) > 10
    for place in places:
        assert (ROOT / place).exists(), place
    python, rust = ROOT / "ncvc", ROOT / "rust/core/src"
    pictured = set(re.findall(r"<br/>([\w/, ]+?)(?:\"|\]|:)", ARCHITECTURE))
    for names in pictured:
        for name in re.findall(r"[a-z_]+/[\w/]*", names):
            found = [base / end for base in (python, rust) for end in (name, f"{name}.py", f"{name}.rs")]
            assert any(path.exists() for path in found), name


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
    for page in [ROOT / "README.md", ROOT / "README.ja.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), (page, link)
