"""Runs a command in a Python that has the packages of `ncvc.doctor.NEEDS`, and no others that ncvc requires."""

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement

from ncvc.doctor import EXTRAS, NEEDS
from ncvc.packages import requirements
from tests.conftest import ROOT

MODULES = {
    "huggingface-hub": "huggingface_hub",
    "matplotlib-fontja": "matplotlib_fontja",
    "megatron-core": "megatron",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
    "umap-learn": "umap",
}
"""Distribution → the module it is imported as, where that has another name."""

HIDE = """\
import atexit, os, sys
from importlib.machinery import PathFinder
hidden, folder = os.environ["HIDDEN"].split(","), os.environ["IMPORTED"]
found = PathFinder.find_spec
def write(name):
    open(os.path.join(folder, name), "a").close()
def find(name, *rest):
    if name in ("ipadic", "matplotlib_fontja"):  # used without being imported
        write(name)
    return None if name in hidden else found(name, *rest)
PathFinder.find_spec = find
def hear(event, arguments):
    if event == "import" and "." not in arguments[0]:
        write(arguments[0])
sys.addaudithook(hear)
atexit.register(lambda: [write(name) for name in list(sys.modules) if "." not in name])
"""


def with_dependencies(names: set[str]) -> set[str]:
    """Adds the distributions that those of `names` require, and so on."""
    found: set[str] = set()
    left = set(names)
    while left:
        name = left.pop()
        found.add(name)
        try:
            rows = [Requirement(row) for row in requires(name) or []]
        except PackageNotFoundError:
            continue
        left |= {row.name for row in rows if not row.marker or row.marker.evaluate({"extra": ""})} - found
    return found


def require_needs(command: str, arguments: list[object], folder: Path) -> None:
    """Runs `command` with what it needs and nothing else, and requires that it imports all of that.

    `folder` is a new one for what the check itself writes.
    """
    declared = {requirement.name for extra in EXTRAS for requirement in requirements(extra)}
    modules = {MODULES.get(name, name): name for name in declared}
    needed = {*NEEDS[command], "click"}
    assert needed <= declared
    present = with_dependencies(needed)
    (folder / "imported").mkdir(parents=True)
    (folder / "sitecustomize.py").write_text(HIDE)
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "HIDDEN": ",".join(module for module, name in modules.items() if name not in present),
        "IMPORTED": str(folder / "imported"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "ncvc", *command.split(), *map(str, arguments)],
        env=environment,
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    imported = {modules[path.name] for path in (folder / "imported").iterdir() if path.name in modules}
    assert imported & needed == needed
