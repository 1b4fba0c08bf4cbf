"""The lists of others' licences, against the locks."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CRATES = (ROOT / "rust" / "THIRD_PARTY_LICENSES.txt").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")


def test_every_linked_crate_is_listed_with_its_licence() -> None:
    """`cargo tree` follows the graph by its own rules."""
    shown = subprocess.run(
        ["cargo", "tree", "-p", "ncvc-python", "-e", "normal,no-proc-macro", "--prefix", "none", "--locked",
         "--target", "x86_64-unknown-linux-gnu", "-f", "{p}: {l}"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    expected = {
        re.sub(r" v(\S+)( \(.*?\))?:", r" \1:", line.removesuffix(" (*)")).replace("/", " OR ")
        for line in shown.splitlines()
        if not line.startswith("ncvc-")
    }
    listed = {line for line in CRATES.splitlines() if re.match(r"[\w-]+ \d+\.\d+\.\d\S*: ", line)}
    assert expected <= listed, "run make licences"
    locked = set(re.findall(r'name = "(.*)"\nversion = "(.*)"', (ROOT / "Cargo.lock").read_text(encoding="utf-8")))
    assert {tuple(line.partition(": ")[0].split()) for line in listed} <= locked
    rows = set(re.findall(r"^\| (\S+) \| (\d\S+) \| [^|]+ \|$", PAGE, re.MULTILINE))
    assert rows == {tuple(line.partition(": ")[0].split()) for line in listed}


def test_every_crate_has_a_text() -> None:
    listed, *texts = CRATES.split("\n" + "~" * 80 + "\n")
    names = {line.partition(": ")[0] for line in listed.splitlines()[2:] if line}
    whole = [text.strip().split("\n", 1) for text in texts if re.search("permi|redistribut", text, re.IGNORECASE)]
    assert {name for heading, _ in whole for name in heading.split(", ")} == names


@pytest.mark.parametrize("package", ["click", "torch", "megatron-core", "transformers", "starlette", "ray", "ipadic"])
def test_what_is_installed_is_listed(package: str) -> None:
    assert re.search(rf"^\| {package} \| \d\S* \| [^|]+ \| [^|]+ \|$", PAGE, re.MULTILINE)


def test_versions_are_those_of_the_lock() -> None:
    lock = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements/dev.txt").read_text(encoding="utf-8"), re.M))
    rows = re.findall(r"^\| (\S+) \| (\d\S*) \| [^|]+ \| [^|]+ \|$", PAGE, re.MULTILINE)
    assert rows
    different = {name: (version, lock.get(name)) for name, version in rows if lock.get(name) != version}
    assert different == {}, "run make licences"
