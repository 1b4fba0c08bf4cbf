"""The documentation as a site: built without a warning, complete, and nothing in it comes from a network."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx")
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make docs` does; a warning, such as a link to nothing, is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "docs", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder


def test_every_page_is_reached_from_the_first(site: Path) -> None:
    first = (site / "index.html").read_text(encoding="utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.stem == "index" or f'href="{page.stem}.html"' in first, page


def test_nothing_is_loaded_from_a_network(site: Path) -> None:
    loaded = r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"'](?:https?:)?//|<link\b[^>]*\bhref=[\"'](?:https?:)?//"
    for page in site.rglob("*.html"):
        assert not re.search(loaded, page.read_text(encoding="utf-8")), page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"@import|url\([\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8")), sheet


def test_the_reference_names_commands_keys_and_names(site: Path) -> None:
    commands = (site / "reference/commands.html").read_text(encoding="utf-8")
    configs = (site / "reference/configs.html").read_text(encoding="utf-8")
    names = (site / "reference/python.html").read_text(encoding="utf-8")
    assert all(f"<h2>ncvc {command}<" in commands for command in ("preprocess", "train status", "tokenizer train"))
    assert "Treatment of private data" in configs
    assert "sequence_length" in configs
    assert "Analyzer.split" in names
