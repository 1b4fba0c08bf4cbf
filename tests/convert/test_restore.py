import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from ncvc.checkpoint.reader import Checkpoint
from ncvc.convert import mapping
from ncvc.convert.export import to_huggingface
from ncvc.convert.restore import to_megatron
from ncvc.errors import ConvertError
from tests.conftest import Recorder

EMBEDDING = "embedding.word_embeddings.weight"


@pytest.fixture
def folder(converted: Path, tmp_path: Path) -> Path:
    """A copy of the converted folder to spoil."""
    return Path(shutil.copytree(converted, tmp_path / "hf"))


def test_there_and_back_every_weight_is_equal_bit_for_bit(
    converted: Path, checkpoint: Path, model, tmp_path: Path
) -> None:
    difference = to_megatron(converted, tmp_path / "back")
    assert difference <= 1e-5
    before, after = Checkpoint.open(checkpoint), Checkpoint.open(tmp_path / "back")
    assert after.model == before.model == model
    assert (after.manifest.step, after.manifest.tokens_seen) == (7, 7000)
    names = [row.megatron for row in mapping.weights(model)]
    assert all(torch.equal(before.weight(name), after.weight(name)) for name in names)


def test_bfloat16_comes_back_as_its_own_rounding(checkpoint: Path, pieces_folder: Path, model, tmp_path: Path) -> None:
    to_huggingface(checkpoint, tmp_path / "hf", tokenizer=pieces_folder, dtype="bfloat16")
    to_megatron(tmp_path / "hf", tmp_path / "back")
    before, after = Checkpoint.open(checkpoint), Checkpoint.open(tmp_path / "back")
    assert torch.equal(before.weight(EMBEDDING), after.weight(EMBEDDING))
    for name in (row.megatron for row in mapping.weights(model) if row.megatron != EMBEDDING):
        assert torch.equal(before.weight(name).to(torch.bfloat16).float(), after.weight(name)), name


def test_a_changed_embedding_is_divided_and_that_is_said(folder: Path, tmp_path: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    weights["model.embed_tokens.weight"] *= 1.5
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    said: list[str] = []
    with pytest.raises(ConvertError, match=r"model\.safetensors: damaged: .*; copy the folder again, or remove its"):
        to_megatron(folder, tmp_path / "back", reporter=Recorder(said))
    (folder / "manifest.json").unlink()  # changed on purpose
    to_megatron(folder, tmp_path / "back", reporter=Recorder(said))
    assert "dividing the embedding by √60" in said[0]
    got = Checkpoint.open(tmp_path / "back").weight(EMBEDDING)
    torch.testing.assert_close(got * 60**0.5, weights["model.embed_tokens.weight"])


@pytest.mark.parametrize(
    ("key", "value"),
    [("hidden_act", "relu2"), ("model_type", "mistral"), ("mlp_bias", True), ("tie_word_embeddings", True)],
)
def test_another_architecture_is_refused(folder: Path, tmp_path: Path, key: str, value: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {key: value}))
    with pytest.raises(ConvertError, match=f"{key} is {value!r}"):
        to_megatron(folder, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_a_config_without_a_size_is_told(folder: Path, tmp_path: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    del config["hidden_size"]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ConvertError, match=r"config\.json: hidden_size is missing"):
        to_megatron(folder, tmp_path / "back")


def test_a_missing_weight_is_named(folder: Path, tmp_path: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(ConvertError, match=r"model\.layers\.1\.mlp\.up_proj\.weight has the shape none"):
        to_megatron(folder, tmp_path / "back")


def test_a_checkpoint_given_the_wrong_way_round_is_told(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ConvertError, match="it is a training checkpoint"):
        to_megatron(checkpoint, tmp_path / "back")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConvertError, match="no Hugging Face model in it"):
        to_megatron(tmp_path / "empty", tmp_path / "back")
