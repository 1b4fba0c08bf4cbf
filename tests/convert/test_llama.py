"""Llama's form of models that have a class of their own, against stock transformers."""

import json

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

from ncvc.checkpoint.reader import Checkpoint
from ncvc.convert import mapping
from ncvc.convert.export import to_huggingface
from ncvc.convert.restore import to_megatron
from ncvc.errors import ConvertError
from ncvc.hf.folder import open_folder
from tests.drawn import two_layers, write_drawn, write_with_a_large_number

FORMS = {
    "papers": {},
    "tied": {"share_embeddings_and_output_weights": True},
    "qwen2": {"gated_linear_unit": True, "add_qkv_bias": True},
    "gated": {"gated_linear_unit": True},
}


def written(path, **form):
    """A checkpoint whose every weight is drawn."""
    model = two_layers(hidden_size=60, ffn_hidden_size=88, num_attention_heads=6, **form)
    return write_drawn(path, model, lambda _, noise: noise * 0.15, step=7, tokens_seen=7000)


@pytest.fixture(params=FORMS)
def exported(request, tmp_path, pieces_folder):
    """A checkpoint, its folder in its own class, and in Llama's."""
    torch.set_num_threads(1)
    checkpoint = written(tmp_path / "checkpoint", **FORMS[request.param])
    for name in ("hf", "llama"):
        to_huggingface(checkpoint, tmp_path / name, tokenizer=pieces_folder, llama=name == "llama")
    return checkpoint, tmp_path / "hf", tmp_path / "llama"


def logits(folder):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    ids = torch.randint(500, (4, 90), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return type(model).__name__, model(ids).logits


def test_llama_computes_the_same_function(exported):
    _, own, llama = exported
    _, expected = logits(own)
    name, found = logits(llama)
    assert name == "LlamaForCausalLM"
    assert expected.std() > 0.1
    assert (found - expected).abs().max() <= 1e-6
    open_folder(llama)


def test_every_weight_comes_back_from_llama_bit_for_bit(exported, tmp_path, pieces_folder):
    checkpoint, own, llama = exported
    to_megatron(llama, tmp_path / "again")
    before, after = Checkpoint.open(checkpoint), Checkpoint.open(tmp_path / "again")
    assert after.model == before.model
    for name in before.parameters():
        assert torch.equal(before.weight(name), after.weight(name)), name
    to_huggingface(tmp_path / "again", tmp_path / "own", tokenizer=pieces_folder)
    expected, found = (load_file(folder / "model.safetensors") for folder in (own, tmp_path / "own"))
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


@pytest.mark.parametrize(
    ("form", "name"),
    [
        *[("papers", f"mlp.{name}") for name in ("gate_proj.bias", "up_proj.weight", "up_proj.bias", "down_proj.bias")],
        ("qwen2", "self_attn.o_proj.bias"),
    ],
)
def test_a_constant_that_was_trained_is_refused(form, name, tmp_path, pieces_folder):
    to_huggingface(written(tmp_path / "a", **FORMS[form]), tmp_path / "llama", tokenizer=pieces_folder, llama=True)
    weights = load_file(tmp_path / "llama/model.safetensors")
    weights[f"model.layers.1.{name}"].view(-1)[3] += 0.5
    save_file(weights, tmp_path / "llama/model.safetensors", {"format": "pt"})
    (tmp_path / "llama/manifest.json").unlink()
    with pytest.raises(ConvertError, match=r"/llama: model\.layers\.1\..*no form of the model has"):
        to_megatron(tmp_path / "llama", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_normalized_queries_have_no_form_in_llama(tmp_path, pieces_folder):
    checkpoint = written(tmp_path / "a", gated_linear_unit=True, qk_layernorm=True)
    with pytest.raises(ConvertError, match="convert it with --to hf"):
        to_huggingface(checkpoint, tmp_path / "llama", tokenizer=pieces_folder, llama=True)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("llama", [False, True])
def test_float16_is_rounded_once(llama, tmp_path, pieces_folder):
    checkpoint = written(tmp_path / "a")
    found = to_huggingface(checkpoint, tmp_path / "hf", tokenizer=pieces_folder, dtype="float16", llama=llama)
    assert found.difference <= 1e-5 < found.rounding < 0.05
    weights = load_file(tmp_path / "hf/model.safetensors")
    assert json.loads((tmp_path / "hf/config.json").read_text())["dtype"] == "float16"
    trained = Checkpoint.open(checkpoint).weight("decoder.layers.1.mlp.linear_fc2.weight")
    assert torch.equal(weights["model.layers.1.mlp.down_proj.weight"], trained.half())


def test_a_number_beyond_float16_is_refused(tmp_path, pieces_folder):
    write_with_a_large_number(written(tmp_path / "a"), tmp_path / "b")
    with pytest.raises(ConvertError, match=r"lm_head\.weight: its largest number is 7\.0e\+04"):
        to_huggingface(tmp_path / "b", tmp_path / "hf", tokenizer=pieces_folder, dtype="float16")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_the_card_says_what_the_form_is(exported):
    checkpoint, own, llama = exported
    model = Checkpoint.open(checkpoint).model
    card = (llama / "README.md").read_text()
    assert "`LlamaForCausalLM`" in card
    assert ("Do not tune it in this form" in card) == (not model.gated_linear_unit)
    expected = json.loads((own / "config.json").read_text())["architectures"][0]
    assert f"`{expected}`" in (own / "README.md").read_text()
    assert [name for name in mapping.VOCABULARY if name in card] == []


def test_a_folder_is_converted_as_its_checkpoint_is(exported, tmp_path):
    """From its own class to Llama's and back, with the tokenizer that lies in the folder."""
    _, own, llama = exported
    for source, expected in ((own, llama), (llama, own)):
        out = tmp_path / f"{expected.name} again"
        to_huggingface(source, out, llama=expected is llama)
        for file in ("model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"):
            assert (out / file).read_bytes() == (expected / file).read_bytes(), file


def test_a_tuned_folder_is_converted_as_it_is(tmp_path, pieces_folder):
    """Its embedding is no longer the one that √d was multiplied into; the product is not divided and multiplied."""
    to_huggingface(written(tmp_path / "a"), tmp_path / "own", tokenizer=pieces_folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "own", dtype=torch.float32)
    with torch.no_grad():
        model.model.embed_tokens.weight += 0.01 * torch.randn(500, 60, generator=torch.Generator().manual_seed(5))
    model.save_pretrained(tmp_path / "tuned")
    to_huggingface(tmp_path / "tuned", tmp_path / "llama", tokenizer=pieces_folder, llama=True)
    found, tuned = (load_file(tmp_path / name / "model.safetensors") for name in ("llama", "tuned"))
    assert torch.equal(found["model.embed_tokens.weight"], tuned["model.embed_tokens.weight"])
    assert torch.equal(found["lm_head.weight"], tuned["lm_head.weight"])
    with pytest.raises(ConvertError, match="give the tokenizer folder with --tokenizer"):
        to_huggingface(tmp_path / "tuned", tmp_path / "other")
