"""Folders made to run code, or to have files elsewhere read or written: nothing of it happens, whatever is converted."""

import contextlib
import io
import json
import os
import pickle
import re
import shutil
import sys
import zipfile

import numpy as np
import pytest
from safetensors.torch import load_file

from ncvc.convert import llama_cpp
from ncvc.convert.export import to_huggingface
from ncvc.convert.gguf_folder import to_gguf
from ncvc.convert.recheck import recheck
from ncvc.convert.restore import to_megatron
from ncvc.errors import NcvcError
from ncvc.hf.folder import open_folder, require_safe
from ncvc.hf.load import load_model
from ncvc.hf.tokenizer import StockTokenizer
from ncvc.manifest import write_manifest
from tests.conftest import SLOW

MARK = "payload-7f3a"


class Command:
    """Runs a shell command when it is unpickled."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def pickled(canary):
    return pickle.dumps([MARK, Command(f"touch {canary}")])


def zipped(canary):
    """As torch.save writes it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", pickled(canary))
        archive.writestr("archive/version", "3\n")
    return file.getvalue()


def npy(canary):
    file = io.BytesIO()
    np.save(file, np.array([Command(f"touch {canary}"), MARK], dtype=object), allow_pickle=True)
    return file.getvalue()


def npz(canary):
    file = io.BytesIO()
    np.savez(file, x=np.array([Command(f"touch {canary}"), MARK], dtype=object))
    return file.getvalue()


def module(canary):
    return f"open({str(canary)!r}, 'w')  # {MARK}\nclass M: ...\n".encode()


def tagged(canary):
    return f"!!python/object/apply:os.system ['touch {canary}'] # {MARK}\n".encode()


def put(name, make):
    """Puts a file into the folder, in place of one or beside the others."""

    def spoil(folder, canary):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(make(canary))

    return spoil


def instead(name, make):
    """Puts a file there, and takes the weights away."""

    def spoil(folder, canary):
        (folder / "model.safetensors").unlink()
        put(name, make)(folder, canary)

    return spoil


def members(name="config.json", **changes):
    def spoil(folder, canary):
        path = folder / name
        path.write_text(json.dumps((json.loads(path.read_text()) if path.exists() else {}) | changes))
        (folder / "modeling_x.py").write_bytes(module(canary))

    return spoil


def indexed(*names):
    """Weights outside the folder, and an index that names them."""

    def spoil(folder, canary):
        outside = canary.parent / "outside.safetensors"
        (folder / "model.safetensors").rename(outside)
        names_ = [name.format(outside=outside) for name in names]
        keys = load_file(outside)
        (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": dict.fromkeys(keys, names_[0])}))

    return spoil


def linked(name):
    """A link in place of a file, to one outside that nothing may copy."""

    def spoil(folder, canary):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(canary.parent / "secret")

    return spoil


def resealed(**files):
    """A manifest of ours that names files elsewhere."""

    def spoil(folder, canary):
        manifest = json.loads((folder / "manifest.json").read_text())
        facts = {name: value for name, value in manifest.items() if name not in ("files", "manifest_sha256")}
        write_manifest(folder, **facts)
        import hashlib

        written = json.loads((folder / "manifest.json").read_text())
        written["files"] |= {name.format(secret=canary.parent / "secret"): entry for name, entry in files.items()}
        written["manifest_sha256"] = ""
        text = json.dumps(written, ensure_ascii=False, indent=2) + "\n"
        digest = hashlib.sha256(text.encode()).hexdigest()
        (folder / "manifest.json").write_text(text.replace('"manifest_sha256": ""', f'"manifest_sha256": "{digest}"'))

    return spoil


ENTRY = {"bytes": 7, "sha256": "0" * 64}
BESIDE = [
    *("pytorch_model.bin", "training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth", "model.ckpt"),
    *("consolidated.00.pth", "tokenizer.pkl", "ncvc/state.pkl", "ncvc/tokenizer/cache.pickle"),
]
PAYLOADS = {
    **{f"pickle beside, {name}": put(name, pickled) for name in BESIDE},
    **{f"torch zip instead, {name}": instead(name, zipped) for name in BESIDE[:7]},
    **{
        f"{make.__name__} as {name}": put(name, make)
        for name in ("model.safetensors", "ncvc/embedding.safetensors", "ncvc/logits.safetensors")
        for make in (pickled, zipped, npy, npz)
    },
    "npy beside": put("model.npy", npy),
    "npz as config": put("config.json", npz),
    "npy as tokenizer.model": put("ncvc/tokenizer/tokenizer.model", npy),
    "pickle as tokenizer.model": put("ncvc/tokenizer/tokenizer.model", pickled),
    "pickle as tokenizer.json": put("tokenizer.json", pickled),
    "YAML as config.json": put("config.json", tagged),
    "YAML as manifest.json": put("manifest.json", tagged),
    "YAML as tokenizer's manifest": put("ncvc/tokenizer/manifest.json", tagged),
    "YAML beside": put("config.yaml", tagged),
    "auto_map": members(auto_map={"AutoConfig": "modeling_x.M", "AutoModelForCausalLM": "modeling_x.M"}),
    "auto_map in a part": members(text_config={"auto_map": {"AutoConfig": "modeling_x.M"}}),
    "auto_map of the tokenizer": members("tokenizer_config.json", auto_map={"AutoTokenizer": [None, "modeling_x.M"]}),
    "auto_map elsewhere": members(auto_map={"AutoModelForCausalLM": "evil/repository--modeling_x.M"}),
    "trust_remote_code": members(trust_remote_code=True, model_type="x"),
    "an unknown class": members(model_type="modeling_x", architectures=["M"]),
    "another class": members(architectures=["modeling_x.M"]),
    "kernels": members(_attn_implementation="evil/kernel"),
    "quantizer": members(quantization_config={"quant_method": "modeling_x"}),
    "a name of the hub": members(_name_or_path="evil/repository"),
    "generation code": put("custom_generate/generate.py", module),
    "a module called torch": put("torch.py", module),
    "sitecustomize": put("sitecustomize.py", module),
    "conftest": put("ncvc/__init__.py", module),
    "chat template": members("tokenizer_config.json", chat_template="{{ ''.__class__.__mro__ }}"),
    "index, parent": indexed("../outside.safetensors"),
    "index, absolute": indexed("{outside}"),
    "index, parent in the middle": indexed("ncvc/../../outside.safetensors"),
    "index, no file": indexed("ncvc"),
    "manifest, parent": resealed(**{"../secret": ENTRY}),
    "manifest, absolute": resealed(**{"{secret}": ENTRY}),
    "link as manifest": linked("manifest.json"),
    "link as config": linked("config.json"),
    "link as tokenizer.model": linked("ncvc/tokenizer/tokenizer.model"),
    "link as dictionary": linked("ncvc/tokenizer/dictionary"),
    "link beside": linked("notes.txt"),
}
CHECKPOINT_PAYLOADS = {
    **{f"{make.__name__} as shard": put("rank_00000.safetensors", make) for make in (pickled, zipped, npy, npz)},
    "pickle beside": put("rank_00001.pt", pickled),
    "YAML as manifest": put("manifest.json", tagged),
    "pickle as manifest": put("manifest.json", pickled),
    "module beside": put("__init__.py", module),
    "manifest, parent": resealed(**{"../secret": ENTRY}),
    "link as manifest": linked("manifest.json"),
}

seen = []
watching = False


def _hook(event, arguments):
    """Notes what a payload would have to do."""
    if watching and event in ("os.system", "subprocess.Popen", "os.exec", "socket.connect", "pickle.find_class"):
        seen.append((event, str(arguments)[:200]))


sys.addaudithook(_hook)


@contextlib.contextmanager
def watched():
    global watching
    seen.clear()
    watching = True
    try:
        yield seen
    finally:
        watching = False


def readings(folder, out, checkpoint):
    """Everything that reads a folder that came from elsewhere."""
    if checkpoint is None:
        yield lambda: to_huggingface(folder, out / "hf", llama=True)
        yield lambda: to_gguf(folder, out / "gguf")
        yield lambda: to_megatron(folder, out / "megatron")
        yield lambda: recheck(folder)
        yield lambda: load_model(open_folder(folder).path)
        yield lambda: StockTokenizer(require_safe(folder))
    else:
        yield lambda: to_huggingface(folder, out / "hf", tokenizer=checkpoint)
        yield lambda: to_gguf(folder, out / "gguf", tokenizer=checkpoint)


def test_there_are_fifty():
    assert len(PAYLOADS) + len(CHECKPOINT_PAYLOADS) >= 50


def first_always(names, *values):
    """Gives a parameter for each name, with the values; all but the first of a kind are slow."""
    kinds = [re.split(",| as ", name)[0] for name in names]
    return [
        pytest.param(name, *values, marks=[] if kinds.index(kind) == place else [SLOW])
        for place, (name, kind) in enumerate(zip(names, kinds, strict=True))
    ]


@pytest.mark.parametrize(("name", "manifest"), [*first_always(PAYLOADS, True), *first_always(PAYLOADS, False)])
def test_a_hostile_model_runs_nothing(name, manifest, converted, tmp_path, monkeypatch):
    if not manifest and "manifest" in name:
        pytest.skip("without its manifest the payload is not there")
    folder = shutil.copytree(converted, tmp_path / "model")
    attack(PAYLOADS[name], folder, tmp_path, monkeypatch, manifest=manifest)


@pytest.mark.parametrize("name", first_always(CHECKPOINT_PAYLOADS))
def test_a_hostile_checkpoint_runs_nothing(name, checkpoint, pieces_folder, tmp_path, monkeypatch):
    folder = shutil.copytree(checkpoint, tmp_path / "model")
    attack(CHECKPOINT_PAYLOADS[name], folder, tmp_path, monkeypatch, tokenizer=pieces_folder)


def attack(spoil, folder, place, monkeypatch, tokenizer=None, *, manifest=True):
    monkeypatch.setattr(llama_cpp, "is_installed", lambda: False)
    monkeypatch.chdir(folder)  # where modules of the folder would be found first
    canary = place / "executed"
    (place / "secret").write_text(f"secret {MARK}")
    spoil(folder, canary)
    if not manifest:
        (folder / "manifest.json").unlink()
    before = {path.relative_to(place) for path in place.rglob("*")}
    (place / "out").mkdir()
    for read in readings(folder, place / "out", tokenizer):
        with watched() as events, contextlib.suppress(NcvcError):
            read()
        assert events == []
    assert not canary.exists()
    after = {path.relative_to(place) for path in place.rglob("*")}
    assert {path for path in after - before if path.parts[0] != "out"} == set()
    for path in (place / "out").rglob("*"):
        assert not path.is_symlink()
        assert path.is_dir() or MARK.encode() not in path.read_bytes(), path


def test_the_payloads_work_where_they_are_read(tmp_path):
    """Each kind runs its command when the library that it is made for reads it as it should not be read."""
    import runpy

    import torch
    import yaml

    canary = tmp_path / "executed"
    readers = {
        pickled: pickle.loads,
        zipped: lambda data: torch.load(io.BytesIO(data), weights_only=False),
        npy: lambda data: np.load(io.BytesIO(data), allow_pickle=True),
        npz: lambda data: np.load(io.BytesIO(data), allow_pickle=True)["x"],
        tagged: lambda data: yaml.unsafe_load(data),
        module: lambda data: runpy.run_path(str(written(tmp_path, data))),
    }
    for make, read in readers.items():
        with contextlib.suppress(Exception):
            read(make(canary))
        assert canary.exists(), make
        canary.unlink()


def written(folder, data):
    path = folder / "module.py"
    path.write_bytes(data)
    return path
