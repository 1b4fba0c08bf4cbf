"""Folders that are damaged, odd or hostile: one sentence each, before torch is imported and without running anything."""

import json
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ncvc.errors import ModelFolderError
from ncvc.hf.folder import open_folder
from ncvc.hf.load import load
from ncvc.manifest import CHECKPOINT, HUGGINGFACE, write_manifest
from tests.conftest import ROOT

Spoil = Callable[[Path], object]
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"


@pytest.fixture
def folder(llama_folder: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(llama_folder, tmp_path / "hf"))


def with_keys(name: str = "config.json", **keys: object) -> Spoil:
    def spoil(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | keys))

    return spoil


def with_text(name: str, text: str | bytes) -> Spoil:
    return lambda folder: (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())


def replaced(old: str, new: str) -> Spoil:
    def spoil(folder: Path) -> None:
        path = folder / "config.json"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return spoil


def indexed(*names: str) -> Spoil:
    """Weights in a file outside the folder, and an index of these names."""

    def spoil(folder: Path) -> None:
        (folder / WEIGHTS).rename(folder.parent / "outside.safetensors")
        (folder / INDEX).write_text(json.dumps({"weight_map": dict(zip("abcd", names, strict=False))}))

    return spoil


def cut(folder: Path) -> None:
    path = folder / WEIGHTS
    path.write_bytes(path.read_bytes()[:-7])


def flipped(folder: Path) -> None:
    (folder / "ncvc/tokenizer").mkdir(parents=True)
    write_manifest(folder, format=HUGGINGFACE)
    path = folder / WEIGHTS
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)


def without_tokenizer(folder: Path) -> None:
    put = folder / "ncvc/tokenizer/tokenizer.model"
    put.parent.mkdir(parents=True)
    put.touch()
    write_manifest(folder, format=HUGGINGFACE)
    shutil.rmtree(folder / "ncvc")


def another_manifest(folder: Path) -> None:
    write_manifest(folder, format=HUGGINGFACE)
    with_keys("manifest.json", step=3)(folder)


def pickled(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch executed'\ntR.")


def emptied(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def remade(**facts: object) -> Spoil:
    def spoil(folder: Path) -> None:
        emptied(folder)
        write_manifest(folder, **facts)

    return spoil


def as_run(folder: Path) -> None:
    emptied(folder)
    (folder / "checkpoints/step_00000010").mkdir(parents=True)


CASES: dict[str, tuple[Spoil, str]] = {
    "no folder": (shutil.rmtree, "hf: no such folder; give one that"),
    "a file": (lambda folder: (shutil.rmtree(folder), folder.touch()), "hf: a file; give a folder"),
    "empty": (emptied, r"no Hugging Face model in it \(config.json\); give a folder"),
    "checkpoint": (remade(format=CHECKPOINT), "it is a training checkpoint: `ncvc convert .*hf OUT --to hf`"),
    "dataset": (remade(stage="preprocess"), "it is a dataset of `ncvc preprocess`"),
    "tokenizer": (remade(stage="tokenizer"), "it is a tokenizer"),
    "run": (
        as_run,
        "it is a training run: `ncvc convert CHECKPOINT OUT --to hf` makes one of its checkpoints: .*step_00000010",
    ),
    "no JSON": (with_text("config.json", "{"), "config.json: not valid JSON"),
    "not UTF-8": (with_text("config.json", b"\xff{}"), "config.json: not valid JSON"),
    "a list": (with_text("config.json", "[]"), "config.json: not a JSON object"),
    "deep": (with_text("config.json", '{"a":' * 100_000), "config.json: nested too deeply"),
    "long number": (replaced('"vocab_size": 320', f'"vocab_size": {"9" * 5000}'), "config.json: not valid JSON"),
    "twice": (
        replaced('"vocab_size": 320', '"vocab_size": 320, "vocab_size": 321'),
        "the key 'vocab_size' is there tw",
    ),
    "NaN": (replaced('"rms_norm_eps": 1e-06', '"rms_norm_eps": NaN'), "NaN is not a finite number"),
    "infinite": (replaced('"rms_norm_eps": 1e-06', '"rms_norm_eps": 1e999'), "1e999 is not a finite number"),
    "no type": (with_keys(model_type=None), "config.json: names no model_type"),
    "negative": (with_keys(hidden_size=-32), "hidden_size is -32, not a whole number from 1"),
    "zero heads": (with_keys(num_key_value_heads=0), "num_key_value_heads is 0, not a whole number"),
    "a float": (with_keys(num_hidden_layers=2.5), "num_hidden_layers is 2.5, not a whole number"),
    "a text": (with_keys(vocab_size="320"), "vocab_size is '320', not a whole number"),
    "huge": (with_keys(vocab_size=2**40), "vocab_size is 1099511627776, not a whole number"),
    "too wide": (with_keys(hidden_size=2**20), "hidden_size is 1048576, and no weight has this size"),
    "too deep": (with_keys(num_hidden_layers=10**6), "num_hidden_layers is 1000000, and there are only 2. weights"),
    "code": (with_keys(auto_map={"AutoModelForCausalLM": "m.M"}), "auto_map names Python code"),
    "code in a part": (with_keys(text_config={"auto_map": {"AutoConfig": "m.M"}}), "auto_map names Python code"),
    "code of the tokenizer": (with_keys("tokenizer_config.json", auto_map={}), "tokenizer_config.json: auto_map names"),
    "trusted": (with_keys(trust_remote_code=True), "trust_remote_code asks for code"),
    "quantized": (with_keys(quantization_config={"quant_method": "gptq"}), "quantization_config is for quantized"),
    "kernels": (with_keys(_attn_implementation="hub/attention"), "names kernels to be downloaded"),
    "other weights": (with_keys(transformers_weights="x.safetensors"), "transformers_weights names files"),
    "adapter": (with_text("adapter_config.json", "{}"), "an adapter, not a whole model"),
    "pickled": (pickled, r"pytorch_model.bin: pickled weights can run code"),
    "no weights": (lambda folder: (folder / WEIGHTS).unlink(), "model.safetensors: missing"),
    "cut": (cut, "model.safetensors: missing, cut off or not safetensors"),
    "no header": (with_text(WEIGHTS, b"1234"), "model.safetensors: missing, cut off or not safetensors"),
    "long header": (with_text(WEIGHTS, struct.pack("<Q", 2**63) + b"{}"), "missing, cut off or not safetensors"),
    "no tensors": (with_text(WEIGHTS, struct.pack("<Q", 2) + b"{}"), "missing, cut off or not safetensors"),
    "outside": (indexed("../outside.safetensors"), "index.json: names '../outside.safetensors', not a .safetensors"),
    "absolute": (indexed("/tmp/x.safetensors"), "index.json: names '/tmp/x.safetensors', not a .safetensors"),
    "a pickle in the index": (indexed("x.bin"), "index.json: names 'x.bin', not a .safetensors"),
    "no names": (indexed(), "index.json: not an index of weights"),
    "a missing shard": (indexed("a.safetensors"), "a.safetensors: missing, cut off"),
    "flipped bit": (flipped, "model.safetensors: damaged: not what was written; copy the folder again"),
    "changed manifest": (another_manifest, "manifest.json: not an unchanged manifest"),
    "no tokenizer": (without_tokenizer, "no ncvc/tokenizer in it; give its tokenizer folder"),
    "another manifest": (lambda folder: write_manifest(folder, format="x"), "manifest.json: not an unchanged"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_in_one_sentence(case: str, folder: Path) -> None:
    spoil, expected = CASES[case]
    spoil(folder)
    with pytest.raises(ModelFolderError, match=expected) as error:
        open_folder(folder)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


def test_a_whole_folder_is_opened_and_so_is_one_of_another_program(folder: Path) -> None:
    assert open_folder(folder).max_tokens == 96
    (folder / "manifest.json").write_text('{"version": 3}')
    assert open_folder(folder).config["model_type"] == "llama"
    (folder / "manifest.json").unlink()
    (folder / "ncvc/tokenizer").mkdir(parents=True)
    (folder / "README.md").touch()
    write_manifest(folder, format=HUGGINGFACE)
    (folder / "README.md").write_text("edited")
    open_folder(folder)


LOADED: dict[str, tuple[Spoil, str]] = {
    "unknown type": (with_keys(model_type="no_such_model"), "cannot load .*no_such_model"),
    "heads do not divide": (with_keys(num_attention_heads=5), "cannot load .*multiple"),
    "no number": (with_keys(rms_norm_eps="x"), "cannot load .*rms_norm_eps"),
    "unknown activation": (with_keys(hidden_act="__import__"), "cannot load it"),
    "more layers": (with_keys(num_hidden_layers=3), "missing weight model.layers.2"),
    "another size": (with_keys(intermediate_size=64), "mismatched|cannot load it"),
    "not causal": (with_keys(model_type="t5"), "cannot load it|T5"),
    "no tokenizer": (lambda folder: (folder / "tokenizer.json").unlink(), "no tokenizer in it"),
    "odd tokenizer": (with_text("tokenizer.json", '{"model": {}}'), "cannot load its tokenizer"),
}


@pytest.mark.parametrize("case", LOADED)
def test_what_only_transformers_can_see_is_one_sentence_too(case: str, folder: Path) -> None:
    spoil, expected = LOADED[case]
    spoil(folder)
    with pytest.raises(ModelFolderError, match=expected) as error:
        load(folder)
    assert "\n" not in str(error.value)


def test_python_files_of_the_folder_are_never_run(folder: Path) -> None:
    for name in ("modeling_llama.py", "configuration_llama.py", "custom_generate/generate.py", "tokenization.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"open({str(folder / 'executed')!r}, 'w')")
    load(folder)
    assert not (folder / "executed").exists()


@pytest.mark.parametrize("arguments", [["--prompt", "x"], ["--prompts", "prompts.jsonl"]])
def test_the_command_answers_wrong_input_without_torch(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "prompts.jsonl").write_text('{"prompt": "x"}\n')
    program = (
        "import sys, resource; from ncvc.cli.commands import run; sys.modules['torch'] = None\n"
        f"sys.argv = ['ncvc', 'generate', 'no-such-folder', *{arguments!r}]\n"
        "try: run()\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_utime, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    message, seconds = done.stderr.splitlines()[-2:]
    assert done.returncode == 1
    assert message == "ncvc: no-such-folder: no such folder; give one that `ncvc convert --to hf` made"
    assert float(seconds) < 0.5


def test_devices_that_are_not_there_are_told(llama_folder: Path) -> None:
    from ncvc.errors import NcvcError

    for device, expected in (("gpu", "not one that PyTorch knows"), ("meta", "give cpu"), ("cuda:99", "PyTorch sees")):
        with pytest.raises(NcvcError, match=f"device {device}: {expected}"):
            load(llama_folder, device)
