"""Writes the licences of others: of crates that the engine links, for the wheel, and of Python packages, for the docs.

`python tools/licences.py` writes `rust/THIRD_PARTY_LICENSES.txt` and `docs/licences.md` from what is installed and from
the sources that cargo has unpacked; neither needs a network.
"""

import json
import subprocess
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
CRATES = ROOT / "rust" / "THIRD_PARTY_LICENSES.txt"
PAGE = ROOT / "docs" / "licences.md"
TEXT_ELSEWHERE = {"alloc-stdlib": "alloc-no-stdlib"}
"""Crate that carries no text of its licence → a crate of the same repository that does."""
EXTRAS = (
    "train",
    "hf",
    "serve",
    "onnx",
    "tune",
    "quality",
    "synthesize",
    "inspect",
    "ray",
    "office",
    "wikipedia",
    "gpu",
)


def linked_crates() -> list[dict[str, Any]]:
    """Lists the crates whose code is in the engine, by name; crates that run while it is built are not."""
    command = [
        "cargo",
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--filter-platform",
        "x86_64-unknown-linux-gnu",
    ]
    found = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    packages = {package["id"]: package for package in found["packages"]}
    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
    seen: set[str] = set()
    waiting = [key for key, package in packages.items() if package["name"] == "ncvc-python"]
    while waiting:
        key = waiting.pop()
        if key in seen or "proc-macro" in packages[key]["targets"][0]["kind"]:
            continue
        seen.add(key)
        edges = nodes[key]["deps"]
        waiting += [edge["pkg"] for edge in edges if any(kind["kind"] is None for kind in edge["dep_kinds"])]
    others = [packages[key] for key in seen if packages[key]["source"]]
    return sorted(others, key=lambda package: (package["name"], package["version"]))


def crates_text(crates: list[dict[str, Any]]) -> str:
    """Returns a list of the crates, then each text once with the crates that it is for."""
    texts: dict[str, list[str]] = {}
    for crate in crates:
        source = next(each for each in crates if each["name"] == TEXT_ELSEWHERE.get(crate["name"], crate["name"]))
        found = [*_texts(Path(source["manifest_path"]).parent)]
        if not found and "Apache-2.0" in crate["license"]:
            found = [*_texts(ROOT)]
        if not found:
            raise SystemExit(
                f"{crate['name']}: carries no text of its licence; add a crate that does to TEXT_ELSEWHERE"
            )
        for text in found:
            texts.setdefault(text, []).append(f"{crate['name']} {crate['version']}")
    lines = ["Code of these crates is part of the engine ncvc/_native. Written by tools/licences.py.", ""]
    lines += [f"{crate['name']} {crate['version']}: {crate['license'].replace('/', ' OR ')}" for crate in crates]
    for text, names in texts.items():
        lines += ["", "~" * 80, ", ".join(names), "", text]
    return "\n".join(lines) + "\n"


def _texts(folder: Path) -> Iterator[str]:
    """Yields the texts of a crate's licence; the Apache licence only where no other but the GPL is offered."""
    begins = ("licen", "copying", "notice", "unlicense")
    files = sorted(path for path in folder.iterdir() if path.name.lower().startswith(begins))
    files = [path for path in files if "gpl" not in path.name.lower()]
    shorter = [path for path in files if "apache" not in path.name.lower()]
    for path in shorter or files:
        yield "\n".join(line.rstrip() for line in path.read_text(encoding="utf-8").strip().splitlines())


def python_packages() -> dict[str, set[str]]:
    """Maps each installed package that ncvc needs to the extras that bring it; `base` is every installation."""
    found: dict[str, set[str]] = {}
    for extra in ("", *EXTRAS):
        waiting = [("ncvc", extra)]
        seen: set[tuple[str, str]] = set()
        while waiting:
            name, wanted = waiting.pop()
            if (name, wanted) in seen:
                continue
            seen.add((name, wanted))
            try:
                requires = metadata.requires(name) or []
            except metadata.PackageNotFoundError:
                continue  # of another platform, or of a GPU's machine
            found.setdefault(name, set()).add(extra or "base")
            for requirement in map(Requirement, requires):
                if requirement.marker is None or requirement.marker.evaluate({"extra": wanted}):
                    waiting += [(canonicalize_name(requirement.name), each) for each in {"", *requirement.extras}]
    del found["ncvc"]
    return found


def page(crates: list[dict[str, Any]]) -> str:
    """Returns the page of the documentation."""
    lines = [
        "# Licences of others",
        "",
        "Written by `make licences`. The wheel carries the code of crates, and `THIRD_PARTY_LICENSES.txt` with their",
        "licences; it carries words of ipadic, and `words.COPYING`. Python packages are installed beside it, each with",
        "its own licence.",
        "",
        "## Python packages",
        "",
        "As each package declares its licence; `for` is the extra of `pip install 'ncvc[…]'` that brings it.",
        "",
        "| package | version | licence | for |",
        "| --- | --- | --- | --- |",
    ]
    for name, extras in sorted(python_packages().items()):
        shown = "base" if "base" in extras else ", ".join(sorted(extras))
        lines.append(f"| {name} | {metadata.version(name)} | {declared_licence(name)} | {shown} |")
    lines += ["", "## Crates in the engine", "", "| crate | version | licence |", "| --- | --- | --- |"]
    lines += [f"| {crate['name']} | {crate['version']} | {crate['license']} |" for crate in crates]
    return "\n".join(lines) + "\n"


def declared_licence(name: str) -> str:
    """Returns the licence in a package's metadata: its SPDX expression, else its classifiers, else its first line."""
    found = metadata.metadata(name)
    classifiers = [each for each in found.get_all("Classifier", []) if each.startswith("License ::")]
    named = [each.rpartition(" :: ")[2] for each in classifiers if each != "License :: OSI Approved"]
    text = found.get("License-Expression") or ", ".join(named) or (found.get("License") or "").strip()
    first = text.splitlines()[0].strip() if text else "not declared"
    return first.replace("|", "\\|")


def main() -> None:
    """Writes both files."""
    crates = linked_crates()
    CRATES.write_text(crates_text(crates), encoding="utf-8")
    PAGE.write_text(page(crates), encoding="utf-8")


if __name__ == "__main__":
    main()
