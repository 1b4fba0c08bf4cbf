import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ncvc import NcvcError
from ncvc.checkpoint.format import write_weights
from ncvc.checkpoint.reader import Checkpoint
from ncvc.convert import check, export, mapping
from ncvc.convert.export import to_huggingface
from ncvc.convert.shards import write_shards
from ncvc.errors import CheckpointError, ConvertError
from ncvc.files import sha256
from ncvc.manifest import write_manifest

STOCK = """
import sys, torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer
folder = sys.argv[1]
model, report = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, output_loading_info=True)
tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), report
assert type(model).__name__ == "ArceeForCausalLM" and "ncvc" not in sys.modules
fixture = load_file(folder + "/ncvc/logits.safetensors")
with torch.no_grad():
    difference = (model(fixture["ids"]).logits - fixture["logits"]).abs().max().item()
inputs = tokenizer("患者\\x1fは", return_tensors="pt")
made = model.generate(**inputs, max_new_tokens=3, do_sample=False)
print(difference, inputs.input_ids[0, 0].item(), made.shape[1] - inputs.input_ids.shape[1] <= 3)
"""


def test_stock_transformers_loads_the_folder_without_ncvc(converted: Path) -> None:
    run = [sys.executable, "-c", STOCK, str(converted)]
    done = subprocess.run(run, capture_output=True, text=True, check=False, cwd=converted)
    assert done.returncode == 0, done.stderr
    difference, first, short = done.stdout.split()
    assert float(difference) <= 1e-5
    assert (first, short) == ("2", "True")


def test_logits_equal_megatrons_and_depend_on_every_weight(converted: Path, checkpoint: Path, model) -> None:
    """The comparison itself: each weight, damaged alone, shows in the logits by far more than is allowed."""
    ids = check.batch(model)
    source = Checkpoint.open(checkpoint)
    theirs = check.huggingface_logits(converted, ids)
    assert check.difference(check.megatron_logits(model, source.weight, ids, torch.float32), theirs) <= check.TOLERANCE
    for damaged in [row.megatron for row in mapping.weights(model)]:

        def weight(name: str, damaged: str = damaged) -> torch.Tensor:
            return source.weight(name) * (1.01 if name == damaged else 1)

        found = check.difference(check.megatron_logits(model, weight, ids, torch.float32), theirs)
        assert found > 10 * check.TOLERANCE, damaged


@pytest.mark.parametrize("name", ["model.layers.1.self_attn.k_proj.weight", "model.norm.weight"])
def test_a_weight_damaged_on_the_way_is_refused_and_leaves_nothing(
    name: str, checkpoint: Path, pieces_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaging(folder, shapes, dtype, tensor) -> None:
        write_shards(folder, shapes, dtype, lambda n: tensor(n).flip(0) if n == name else tensor(n))

    monkeypatch.setattr(export, "write_shards", damaging)
    with pytest.raises(ConvertError, match=r"tmp.*/hf: its logits differ from Megatron's by .* nothing was written"):
        to_huggingface(checkpoint, tmp_path / "hf", tokenizer=pieces_folder)
    assert list(tmp_path.iterdir()) == []


def test_bfloat16_is_the_rounded_fold(checkpoint: Path, pieces_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "hf"
    found = to_huggingface(checkpoint, out, tokenizer=pieces_folder, dtype="bfloat16")
    assert found.difference <= check.TOLERANCE
    assert found.rounding is not None
    assert 1e-4 < found.rounding < 1
    weights = load_file(out / "model.safetensors")
    assert {weight.dtype for weight in weights.values()} == {torch.bfloat16}
    embedding = Checkpoint.open(checkpoint).weight("embedding.word_embeddings.weight").double()
    # In float64 first: folding in fp32 and rounding once differs from it by at most one step in rare ties.
    expected = (embedding * embedding.shape[1] ** 0.5).to(torch.bfloat16)
    assert (weights["model.embed_tokens.weight"] == expected).float().mean() > 0.999
    assert json.loads((out / "config.json").read_text())["dtype"] == "bfloat16"


def test_the_folder_alone_tells_what_it_is(converted: Path, pieces_folder: Path, model) -> None:
    card = (converted / "README.md").read_text(encoding="utf-8")
    parameters = sum(weight.numel() for weight in load_file(converted / "model.safetensors").values())
    assert f"| parameters | {parameters:,} |" in card
    manifest = json.loads((converted / "manifest.json").read_text())
    assert manifest["model"]["hidden_size"] == model.hidden_size
    assert manifest["files"]["model.safetensors"]["bytes"] == (converted / "model.safetensors").stat().st_size
    # A model folder travels; the paths of the machine that made it do not.
    assert str(pieces_folder.parent) not in card + json.dumps(manifest)
    copied = converted / "ncvc/tokenizer/tokenizer.model"
    assert copied.read_bytes() == (pieces_folder / "tokenizer.model").read_bytes()


def test_the_same_checkpoint_gives_the_same_bytes(
    converted: Path, checkpoint: Path, pieces_folder: Path, tmp_path: Path
) -> None:
    to_huggingface(checkpoint, tmp_path / "again", tokenizer=pieces_folder)
    first, again = (
        {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (converted, tmp_path / "again")
    )
    assert first == again


def test_a_folder_in_the_way_is_kept(checkpoint: Path, pieces_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    for replace in (False, True):
        with pytest.raises(NcvcError, match="was not made by ncvc"):
            to_huggingface(checkpoint, tmp_path, tokenizer=pieces_folder, replace=replace)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_tokenizer_of_another_vocabulary_is_refused(
    pieces_folder: Path, model, checkpoint: Path, tmp_path: Path
) -> None:
    other = model.model_copy(update={"vocab_size": 501})
    grown = load_weights(checkpoint)
    for name in ("embedding.word_embeddings.weight", "output_layer.weight"):
        grown[name] = torch.cat([grown[name], grown[name][:1]])
    write_weights(tmp_path / "checkpoint", other, grown.items())
    with pytest.raises(ConvertError, match="500 pieces, but the model has a vocabulary of 501"):
        to_huggingface(tmp_path / "checkpoint", tmp_path / "hf", tokenizer=pieces_folder)
    assert not (tmp_path / "hf").exists()


def test_a_damaged_checkpoint_is_refused(checkpoint: Path, pieces_folder: Path, tmp_path: Path) -> None:
    damaged = Path(shutil.copytree(checkpoint, tmp_path / "checkpoint"))
    file = damaged / "rank_00000.safetensors"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged"):
        to_huggingface(damaged, tmp_path / "hf", tokenizer=pieces_folder)
    assert not (tmp_path / "hf").exists()


def test_a_weight_that_the_table_does_not_know_is_refused(
    checkpoint: Path, pieces_folder: Path, model, tmp_path: Path
) -> None:
    weights = load_weights(checkpoint) | {"decoder.layers.0.mlp.linear_fc1.bias": torch.zeros(160)}
    write_weights(tmp_path / "checkpoint", model, weights.items())
    with pytest.raises(ConvertError, match=r"unknown weight decoder\.layers\.0\.mlp\.linear_fc1\.bias"):
        to_huggingface(tmp_path / "checkpoint", tmp_path / "hf", tokenizer=pieces_folder)


def test_the_tokenizer_is_the_one_that_the_checkpoint_names(
    checkpoint: Path, pieces_folder: Path, model, tmp_path: Path
) -> None:
    weights = load_weights(checkpoint)
    tokenizer = Path(shutil.copytree(pieces_folder, tmp_path / "tokenizer"))
    write_manifest(tokenizer, stage="tokenizer")
    (tokenizer / "private.csv").write_text("a list of patients")
    facts = {
        "config": {"data": {"tokenizer": str(tokenizer)}},
        "tokenizer": sha256(tokenizer / "manifest.json"),
    }
    write_weights(tmp_path / "checkpoint", model, weights.items(), **facts)
    to_huggingface(tmp_path / "checkpoint", tmp_path / "hf")
    copied = sorted(path.name for path in (tmp_path / "hf/ncvc/tokenizer").iterdir())
    assert copied == ["manifest.json", "tokenizer.model"]  # and nothing that lay beside them
    (tokenizer / "private.csv").unlink()
    write_manifest(tokenizer, stage="tokenizer", another="one")
    with pytest.raises(ConvertError, match="not the tokenizer that the training data was made with"):
        to_huggingface(tmp_path / "checkpoint", tmp_path / "other")
    with (tokenizer / "tokenizer.model").open("ab") as file:
        file.write(b" ")
    with pytest.raises(ConvertError, match=r"tokenizer\.model: damaged"):
        to_huggingface(tmp_path / "checkpoint", tmp_path / "other")
    shutil.rmtree(tokenizer)
    with pytest.raises(ConvertError, match="is not there; use --tokenizer"):
        to_huggingface(tmp_path / "checkpoint", tmp_path / "other")


def test_a_checkpoint_without_a_tokenizers_name_asks_for_one(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ConvertError, match="give one with --tokenizer"):
        to_huggingface(checkpoint, tmp_path / "hf")


def load_weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    source = Checkpoint.open(checkpoint)
    return {name: source.weight(name) for name in source.parameters()}


def test_the_card_says_how_the_weights_came_about(checkpoint: Path, pieces_folder: Path, tmp_path: Path) -> None:
    source = Checkpoint.open(checkpoint)
    weights = ((name, source.weight(name)) for name in source.parameters())
    config = {"data": {"document_mask": True}, "optimizer": {"name": "muon"}}
    write_weights(tmp_path / "own", source.model, weights, config=config, ema=0.999)
    to_huggingface(tmp_path / "own", tmp_path / "hf", tokenizer=pieces_folder)
    card = (tmp_path / "hf/README.md").read_text(encoding="utf-8")
    assert "| attention in training | within a document |" in card
    assert json.loads((tmp_path / "hf/manifest.json").read_text())["document_mask"] is True
    assert "| optimizer | Muon for the matrices of the layers, AdamW for the rest |" in card
    assert "| weights averaged over the steps | exponential moving average, decay 0.999 |" in card
