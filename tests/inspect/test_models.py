"""Folders that count as models, and weights that are read one at a time."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from ncvc.convert.shards import Shards
from ncvc.errors import NcvcError
from ncvc.inspect.matrices import open_matrices
from ncvc.inspect.model import find_model
from ncvc.inspect.weights.measure import measure


def copied(folder: Path, out: Path) -> Path:
    out.mkdir(parents=True)
    for path in folder.iterdir():
        if path.is_file():
            (out / path.name).write_bytes(path.read_bytes())
    return out


def test_what_is_no_model_is_refused_in_a_sentence(run_folder: Path, stock: dict[str, Path], tmp_path: Path) -> None:
    step = run_folder / "checkpoints/step_00000001"
    with pytest.raises(NcvcError, match=r"is a training run; give one of its checkpoints: .*step_00000002"):
        find_model(run_folder)
    damaged = copied(step, tmp_path / "step_00000001")
    (damaged / "manifest.json").write_text((step / "manifest.json").read_text().replace('"step": 1', '"step": 3'))
    with pytest.raises(NcvcError, match=r"manifest\.json"):
        find_model(damaged)
    flipped = copied(step, tmp_path / "run" / "step_00000001")
    file = next(flipped.glob("*.safetensors"))
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(NcvcError, match="damaged"):
        open_matrices(find_model(flipped))
    pickled = copied(stock["llama"], tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    with pytest.raises(NcvcError, match="pickled weights"):
        find_model(pickled)


def test_one_weight_is_read_at_a_time(stock: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    tensor = Shards.tensor
    monkeypatch.setattr(Shards, "tensor", lambda self, name: [read.append(name), tensor(self, name)][1])
    matrices = open_matrices(find_model(stock["llama"]))
    assert read == []
    assert matrices.read(matrices.embedding).shape == (320, 32)
    assert read == ["model.embed_tokens.weight"]


def test_numbers_and_masks_among_the_weights_are_measured_too(stock: dict[str, Path], tmp_path: Path) -> None:
    """Files of older versions of transformers hold such."""
    folder = copied(stock["gpt_neox"], tmp_path / "old")
    stored = load_file(folder / "model.safetensors")
    stored["gpt_neox.layers.0.attention.masked_bias"] = np.array(-2.0, np.float32)
    stored["gpt_neox.layers.0.attention.bias"] = np.ones((1, 1, 4, 4), bool)
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    found = {weight.name: weight for weight in measure(open_matrices(find_model(folder))).weights}
    assert found["gpt_neox.layers.0.attention.masked_bias"].norm == 2
    assert found["gpt_neox.layers.0.attention.bias"].norm == 4


def test_a_tied_head_is_the_embedding_even_if_it_is_stored(stock: dict[str, Path], tmp_path: Path) -> None:
    folder = copied(stock["qwen2"], tmp_path / "tied")
    stored = load_file(folder / "model.safetensors")
    stored["lm_head.weight"] = stored["model.embed_tokens.weight"].copy()
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    matrices = open_matrices(find_model(folder))
    assert matrices.head == matrices.embedding == "model.embed_tokens.weight"
    untied = open_matrices(find_model(stock["llama"]))
    assert untied.head == "lm_head.weight"
