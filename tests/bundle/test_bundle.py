"""A bundle, written here and installed in a namespace that has no network."""

import base64
import hashlib
import importlib.metadata
import re
import subprocess
import sys
import zipfile

import pytest
from click.testing import CliRunner

from ncvc.bundle import folder as bundle_folder
from ncvc.bundle.folder import Contents, write_bundle
from ncvc.bundle.wheels import installed, locked
from ncvc.cli.commands import ncvc as command_line
from ncvc.errors import NcvcError
from ncvc.manifest import HUGGINGFACE, verify, write_manifest
from tests.conftest import ROOT, SLOW

ISOLATED = ["unshare", "--user", "--map-root-user", "--net"]
VERSION = importlib.metadata.version("ncvc")


def isolated():
    try:
        return subprocess.run([*ISOLATED, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


needs_namespace = pytest.mark.skipif(not isolated(), reason="unshare makes no namespace without network here")


def make_wheel(folder, name, version, files, *, scripts="", requires=(), tag="py3-none-any"):
    """Writes a wheel by hand (packaging.python.org, "Binary distribution format")."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {one}\n" for one in requires)
    wheel = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n"
    files = {**files, f"{info}/METADATA": metadata.encode(), f"{info}/WHEEL": wheel.encode()}
    if scripts:
        files[f"{info}/entry_points.txt"] = f"[console_scripts]\n{scripts}\n".encode()
    record = ""
    for path, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(data)}\n"
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, data in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode()}.items():
            archive.writestr(file, data)
    return path


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    (folder / "ncvc").mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "ncvc/logits.safetensors").write_bytes(b"logits")
    write_manifest(folder, format=HUGGINGFACE)
    (folder / "training_notes.txt").write_text("of a patient")
    (folder / "training_notes.txt").unlink()
    return folder


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """Wheels of a stand-in of ncvc and of what it needs."""
    (tmp_path / "wheels").mkdir()
    code = b"import sys, tiny\ndef main():\n    print('ncvc', *sys.argv[1:], tiny.NUMBER)\n"
    own = make_wheel(tmp_path, "ncvc", VERSION, {"ncvc.py": code}, scripts="ncvc = ncvc:main", requires=["tiny"])
    make_wheel(tmp_path / "wheels", "tiny", "1.0", {"tiny.py": b"NUMBER = 7\n"})
    make_wheel(tmp_path / "wheels", "tiny", "2.0", {"tiny.py": b"NUMBER = 8\n"})
    monkeypatch.setattr(bundle_folder, "installed", lambda *_: {"ncvc": VERSION, "tiny": "1.0"})
    return own, tmp_path / "wheels"


def install(folder, *arguments):
    """Runs install.sh without a network."""
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": sys.executable, "HOME": str(folder.parent)}
    command = [*ISOLATED, str(folder / "install.sh"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_what_is_in_a_bundle(model, wheels, tmp_path):
    own, links = wheels
    arguments = ["bundle", str(model), str(tmp_path / "out"), "--wheel", str(own), "--find-links", str(links)]
    done = CliRunner().invoke(command_line, arguments, catch_exceptions=False)
    assert done.stdout == f"2 wheels\nwritten to {tmp_path / 'out'}\n"
    out = tmp_path / "out"
    assert [path.name for path in sorted((out / "wheels").iterdir())] == [own.name, "tiny-1.0-py3-none-any.whl"]
    for line in (out / "requirements.txt").read_text().splitlines():
        name, version, digest = re.fullmatch(r"(\w+)==(\S+) --hash=sha256:(\w{64})", line).groups()
        wheel = out / f"wheels/{name}-{version}-py3-none-any.whl"
        assert hashlib.sha256(wheel.read_bytes()).hexdigest() == digest
    assert list(verify(out)) == list(verify(out / "model")) == []
    assert (out / "docs/conversion.md").read_bytes() == (ROOT / "docs/conversion.md").read_bytes()
    assert "./install.sh" in (out / "README.md").read_text()
    again = CliRunner().invoke(command_line, arguments)
    assert "exists already" in str(again.exception)


@needs_namespace
def test_it_installs_without_a_network(model, wheels, tmp_path):
    own, links = wheels
    write_bundle(tmp_path / "out", Contents(model=model, wheels=(own,), find_links=links))
    done = install(tmp_path / "out", str(tmp_path / "into"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"ncvc verify {tmp_path / 'out/model'} 7\n")
    wheel = tmp_path / "out/wheels/tiny-1.0-py3-none-any.whl"
    make_wheel(wheel.parent, "tiny", "1.0", {"tiny.py": b"NUMBER = 9\n"})
    done = install(tmp_path / "out", str(tmp_path / "other"))
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda model: (model / "model.safetensors").write_bytes(b"Weights"), "model.safetensors: damaged"),
        (lambda model: (model / "manifest.json").unlink(), "has no unchanged manifest.json of ncvc"),
        (lambda model: (model / "notes.txt").touch(), "notes.txt: not in the manifest"),
    ],
)
def test_a_model_that_is_not_whole_is_refused(spoil, words, model, wheels, tmp_path):
    spoil(model)
    with pytest.raises(NcvcError, match=words):
        write_bundle(tmp_path / "out", Contents(model=model, wheels=wheels[:1], find_links=wheels[1]))
    assert not (tmp_path / "out").exists()


def test_a_package_without_a_wheel_is_named(model, wheels, tmp_path, monkeypatch):
    own, links = wheels
    monkeypatch.setattr(bundle_folder, "installed", lambda *_: {"ncvc": VERSION, "tiny": "3.0"})
    with pytest.raises(NcvcError, match=r"pip finds no wheel: .*tiny==3\.0.*--wheel"):
        write_bundle(tmp_path / "out", Contents(model=model, wheels=(own,), find_links=links))
    assert sorted(path.name for path in tmp_path.glob("*out*")) == []
    with pytest.raises(NcvcError, match="not the name of a wheel"):
        write_bundle(tmp_path / "out", Contents(model=model, wheels=(model / "model.safetensors",), find_links=links))
    done = CliRunner().invoke(command_line, ["bundle", str(model), str(tmp_path / "out")])
    assert "no wheel of ncvc is given" in str(done.exception)


def test_the_packages_are_those_of_the_lock():
    """Against requirements/base.txt, which uv resolved."""
    lock = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements/base.txt").read_text(), re.MULTILINE))
    found = installed("ncvc", [])
    assert found.pop("ncvc") == VERSION
    assert found == lock


@SLOW
@needs_namespace
def test_ncvc_itself_works_without_a_network(model, tokenizer_folder, tmp_path):
    """The base packages come from the index that pip knows; skipped where there is none."""
    package = ROOT / "ncvc"
    files = {str(path.relative_to(ROOT)): path.read_bytes() for path in package.rglob("*") if path.is_file()}
    files = {name: data for name, data in files.items() if "__pycache__" not in name}
    tag = f"cp{sys.version_info.major}{sys.version_info.minor}-abi3-linux_x86_64"
    requires = [one for one in importlib.metadata.requires("ncvc") if "extra ==" not in one]
    own = make_wheel(tmp_path, "ncvc", VERSION, files, scripts="ncvc = ncvc.cli:main", requires=requires, tag=tag)
    try:
        write_bundle(tmp_path / "out", Contents(model=model, tokenizer=tokenizer_folder, extras=(), wheels=(own,)))
    except NcvcError as error:
        if "No matching distribution" in str(error):
            pytest.skip(f"no package index can be reached: {error}")
        raise
    assert len(list(locked(tmp_path / "out/wheels"))) == len(installed("ncvc", []))
    done = install(tmp_path / "out", str(tmp_path / "into"))
    assert done.returncode == 0, done.stderr
    assert "model: whole" in done.stdout
    program = tmp_path / "into/bin/ncvc"
    split = [*ISOLATED, program, "split", "--tokenizer", tmp_path / "out/tokenizer"]
    done = subprocess.run(split, input="患者は発熱を主訴に", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.replace(" ", "").strip() == "患者は発熱を主訴に"
