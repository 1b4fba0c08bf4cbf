"""Runs a recipe from its raw text to its tables, and looks at what came out."""

import html
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

from ncvc.recipe.config import load_recipe
from tests.conftest import run_ncvc


def walk(folder: Path) -> str:
    """Runs a recipe to its end; returns its page. A second run does nothing."""
    done = run_ncvc("recipe", "run", folder)
    recipe = load_recipe(folder)
    shown = [line.removeprefix("$ ") for line in done.stdout.splitlines() if line.startswith("$ ")]
    assert shown[0] == f"cd {folder}"
    assert [shlex.split(line) for line in shown[1:]] == [["ncvc", *stage.arguments] for stage in recipe.stages]
    again = run_ncvc("recipe", "run", folder).stdout
    assert "$ ncvc" not in again
    assert again.count("done before, in ") == len(recipe.stages)
    status = json.loads(run_ncvc("recipe", "status", folder, "--json").stdout)
    for stage in status["stages"]:
        assert (stage["state"], stage["attempts"]) == ("done", 1)
        assert stage["cost"]["cpu"] > 0.1
        assert stage["cost"]["peak"] > 10e6
    assert status["next"] is None
    page = (folder / "index.html").read_text(encoding="utf-8")
    for link in re.findall(r'href="([^"]+)"', page):
        assert (folder / unquote(html.unescape(link))).is_file(), link
    assert all(html.escape(shlex.join(("ncvc", *stage.arguments))) in page for stage in recipe.stages)
    return page


def start(folder: Path) -> subprocess.Popen[bytes]:
    """Starts a run of a recipe in a process group of its own."""
    command = [sys.executable, "-m", "ncvc", "recipe", "run", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
