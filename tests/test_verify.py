"""`ncvc verify` finds every flipped bit."""

import json
import random
from pathlib import Path

import pytest

from ncvc.files import sha256, whole_folder, write_json
from ncvc.manifest import verify, write_manifest
from tests.conftest import run_ncvc


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with whole_folder(tmp_path / "out") as partial:
        write_json(partial / "report.json", {"a": 1})
        (partial / "inner").mkdir()
        (partial / "inner/manifest.json").write_text("{}")
        (partial / "text").write_bytes("高血圧".encode() * 100)
        write_manifest(partial, stage="test", config={"名": "値"})
    return tmp_path / "out"


def test_a_whole_folder(folder: Path) -> None:
    assert list(verify(folder)) == []
    assert run_ncvc("verify", folder).stdout == f"{folder}: whole\n"


def test_any_flipped_bit_is_found(folder: Path) -> None:
    generator = random.Random(1)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        raw = path.read_bytes()
        for bit in generator.sample(range(8 * len(raw)), min(8 * len(raw), 100)):
            flipped = bytearray(raw)
            flipped[bit // 8] ^= 1 << bit % 8
            path.write_bytes(flipped)
            assert list(verify(folder)), (path.name, bit)
        path.write_bytes(raw)


def test_what_is_missing_cut_or_added(folder: Path) -> None:
    (folder / "text").write_bytes(b"")
    (folder / "inner/manifest.json").unlink()
    (folder / "more").touch()
    found = run_ncvc("verify", folder, ok=False)
    assert found.returncode == 1
    assert found.stderr.splitlines() == [
        f"ncvc: {folder}/inner/manifest.json: missing",
        f"ncvc: {folder}/text: damaged: 0 bytes instead of 900",
        f"ncvc: {folder}/more: not in the manifest: ncvc did not write it",
        f"ncvc: 3 files differ from the manifest: {folder}/inner/manifest.json, {folder}/text, {folder}/more",
    ]
    (folder / "manifest.json").unlink()
    assert "has no manifest.json" in run_ncvc("verify", folder, ok=False).stderr


def test_the_manifest_says_what_it_was_told(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["config"] == {"名": "値"}
    assert manifest["files"]["text"]["bytes"] == 900


def test_a_dictionary_is_compared_with_its_checksum(tmp_path: Path) -> None:
    """Every byte counts but those that say that it is a dictionary; a file of another kind is no dictionary."""
    built = tmp_path / "a.dic"
    assert run_ncvc("dictionary", "build", built).returncode == 0
    assert run_ncvc("verify", built).stdout == f"{built}: whole\n"
    raw = built.read_bytes()
    for at in (16, 100, len(raw) // 2, len(raw) - 1):
        built.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        done = run_ncvc("verify", built, "--json", ok=False)
        assert done.returncode == 1
        assert json.loads(done.stdout)["folders"][0]["differences"][0]["file"] == "a.dic"
    built.write_bytes(b"text")
    done = run_ncvc("verify", built, ok=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no dictionary that ncvc built" in done.stderr


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/../../secret", "", "a\0b"])
def test_a_manifest_reads_nothing_outside_of_its_folder(folder: Path, name: str) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"][name] = {"bytes": 3, "sha256": "0" * 64}
    manifest["manifest_sha256"] = ""
    write_json(path, manifest)
    write_json(path, {**manifest, "manifest_sha256": sha256(path)})
    assert [str(found) for found in verify(folder)] == [f"{path}: damaged: not what was written"]
