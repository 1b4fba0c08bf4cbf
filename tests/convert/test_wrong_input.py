"""Wrong input to `convert` and `generate`: one sentence, before anything heavy is imported."""

import json
import re
import resource
import shutil
import subprocess
import sys

import pytest
import torch

from ncvc.checkpoint.format import write_weights
from ncvc.model.config import ModelConfig

HEAVY = ("torch", "transformers", "megatron", "safetensors", "tokenizers", "numpy")
CODE = f"""
import atexit, sys
from ncvc.cli import main
atexit.register(lambda: print("heavy:", [name for name in {HEAVY} if name in sys.modules], file=sys.stderr))
main()
"""


@pytest.fixture(scope="module")
def place(converted, checkpoint, pieces_folder, tmp_path_factory):
    """A folder with one of everything that can be given by mistake."""
    folder = tmp_path_factory.mktemp("wrong")
    shutil.copytree(converted, folder / "hf")
    shutil.copytree(checkpoint, folder / "checkpoint")
    shutil.copytree(pieces_folder, folder / "tokenizer")
    for name in ("empty", "mine", "yarn", "mistral", "pickled", "qwen"):
        (folder / name).mkdir()
    (folder / "file").write_text("x")
    (folder / "mine/notes.txt").write_text("x")
    for step in (100, 200):
        shutil.copytree(checkpoint, folder / f"runs/mine/checkpoints/step_{step:08}")
    config = json.loads((folder / "hf/config.json").read_text())
    rope = {"rope_parameters": {"rope_type": "yarn", "factor": 2.0}}
    for name, changes in (("yarn", rope), ("mistral", {"model_type": "mistral"}), ("pickled", {})):
        (folder / name / "config.json").write_text(json.dumps(config | changes))
    (folder / "pickled/pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    sizes = {"num_layers": 1, "hidden_size": 8, "ffn_hidden_size": 8, "num_attention_heads": 2, "num_query_groups": 1}
    qwen = ModelConfig(**sizes, vocab_size=500, gated_linear_unit=True, qk_layernorm=True)
    write_weights(folder / "qwen/checkpoint", qwen, [("x", torch.zeros(1))])
    # The manifest of a checkpoint of a model that no disk here holds.
    huge = ModelConfig(**sizes | {"hidden_size": 2**14}, vocab_size=500)
    write_weights(folder / "huge", huge, [("x", torch.zeros(1))])
    path = folder / "huge/manifest.json"
    manifest = json.loads(path.read_text())
    entry = manifest["tensors"]["model.x"]
    entry["shape"] = entry["pieces"][0]["shape"] = [2**47]
    manifest["manifest_sha256"] = ""
    path.write_text(json.dumps(manifest))
    reseal(path)
    return folder


def reseal(path):
    import hashlib

    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_text(path.read_text().replace('"manifest_sha256": ""', f'"manifest_sha256": "{digest}"'))


@pytest.fixture(scope="module")
def dataset(place):
    from ncvc.manifest import write_manifest

    (place / "dataset").mkdir()
    (place / "dataset/text.bin").write_bytes(b"12")
    write_manifest(place / "dataset", stage="preprocess")
    return place / "dataset"


TO_HF = ("--to", "hf", "--tokenizer", "tokenizer")
CASES = {
    "missing folder": (["convert", "missing", "out", *TO_HF], "'missing' does not exist"),
    "a file": (["convert", "file", "out", *TO_HF], "'file' is a file"),
    "no checkpoint": (["convert", "empty", "out", *TO_HF], "empty: has neither manifest.json of a checkpoint nor"),
    "no model": (["convert", "empty", "out", "--to", "megatron"], "empty: no Hugging Face model in it"),
    "a run": (
        ["convert", "runs/mine", "out", *TO_HF],
        r"runs/mine: is a training run; give one of its checkpoints: .*step_00000200, .*step_00000100$",
    ),
    "a run to megatron": (["convert", "runs/mine", "out", "--to", "megatron"], "step_00000200, .*step_00000100$"),
    "a dataset": (["convert", "dataset", "out", *TO_HF], "dataset: is a dataset of `ncvc preprocess`"),
    "a dataset as a model": (["generate", "dataset", "--prompt", "x"], "it is a dataset of `ncvc preprocess`"),
    "a tokenizer that is a dataset": (
        ["convert", "checkpoint", "out", "--to", "hf", "--tokenizer", "dataset"],
        "dataset: no tokenizer.model in it",
    ),
    "a checkpoint the wrong way round": (
        ["convert", "checkpoint", "out", "--to", "megatron"],
        "checkpoint: no Hugging Face model in it .*; it is a training checkpoint",
    ),
    "another architecture": (["convert", "mistral", "out", *TO_HF], "model_type is 'mistral'; models of arcee, llama,"),
    "another rope": (["convert", "yarn", "out", "--to", "megatron"], "rope_parameters: RoPE of type 'yarn'"),
    "no form in llama": (
        ["convert", "qwen/checkpoint", "out", "--to", "gguf", "--tokenizer", "tokenizer"],
        "normalizes queries and keys",
    ),
    "pickled weights": (["convert", "pickled", "out", *TO_HF], "pytorch_model.bin: pickled weights can run code"),
    "no tokenizer": (
        ["convert", "checkpoint", "out", "--to", "hf"],
        "it names no tokenizer; give one with --tokenizer",
    ),
    "wrong --to": (["convert", "hf", "out", "--to", "onnxx"], "'onnxx' is not one of 'hf', 'llama', 'gguf'"),
    "wrong --dtype": (["convert", "hf", "out", "--to", "hf", "--dtype", "q8_0"], "q8_0 does not belong to --to hf"),
    "no output": (["convert", "hf", "--to", "hf"], "give SOURCE, OUTPUT and --to"),
    "existing output": (["convert", "checkpoint", "mine", *TO_HF], "mine: exists and was not made by ncvc"),
    "existing output, forced": (["convert", "checkpoint", "mine", *TO_HF, "--force"], "mine: exists and was not made"),
    "output of another kind": (["convert", "hf", "runs/mine/checkpoints/step_00000100", *TO_HF], "step_00000100"),
    "output is the source": (["convert", "hf", "hf", "--to", "llama", "--force"], "hf: is hf, which is read"),
    "output in a file": (["convert", "checkpoint", "file/out", *TO_HF], "file/out: lies in .*, which is a file"),
    "output in a source": (["convert", "checkpoint", "hf/out", *TO_HF], "hf/out: lies in"),
    "read-only output": (
        ["convert", "checkpoint", "/proc/out", *TO_HF],
        "/proc/out: (nothing can be written in /proc|needs at least .* 0 B are free)",
    ),
    "full disk": (["convert", "huge", "out", *TO_HF], "out: needs at least .*, and .* are free on its disk"),
    "nothing to check": (["convert", "--check", "empty"], "empty: no folder that `ncvc convert` wrote"),
    "missing model": (["generate", "missing", "--prompt", "x"], "missing: no such folder"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_answered_in_a_sentence_before_torch_is_imported(name, place, dataset):
    arguments, expected = CASES[name]
    before = sorted(place.rglob("*"))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", CODE, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=place)
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    said, _, heavy = done.stderr.rstrip().rpartition("\n")
    assert heavy == "heavy: []", done.stderr
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    sentence = said.splitlines()[-1]  # click shows the usage before it
    assert re.search(expected, sentence), said
    assert "Traceback" not in said
    assert sentence.startswith(("ncvc: ", "Error: "))
    assert sorted(place.rglob("*")) == before
    # Half a second is what a quiet machine takes; no hard test of time, since others may compute here too.
    assert now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime < 5


def test_a_prompt_that_cleans_to_nothing(tokenizer_folder, tmp_path):
    """Before torch is imported, with the real tokenizer."""
    from ncvc.convert.export import to_huggingface
    from tests.drawn import small_model, write_drawn

    checkpoint = write_drawn(tmp_path / "a", small_model())
    to_huggingface(checkpoint, tmp_path / "hf", tokenizer=tokenizer_folder)
    command = [sys.executable, "-c", CODE, "generate", str(tmp_path / "hf"), "--prompt", "\u200b\ufeff"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "the prompt is nothing once it is cleaned; give it letters, digits or kanji" in done.stderr
    assert "heavy: []" in done.stderr
