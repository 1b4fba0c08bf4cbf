"""Logits of models whose weights come one at a time, against the same models held whole."""

import pytest
import torch
import transformers

from ncvc.checkpoint.reader import Checkpoint
from ncvc.convert import check, mapping
from ncvc.convert.export import to_huggingface
from ncvc.convert.streaming import streamed
from ncvc.errors import ConvertError
from ncvc.model.gpt import build
from ncvc.model.parallel import single_process
from tests.drawn import two_layers, write_drawn

FORMS = {
    "papers": {},
    "tied": {"share_embeddings_and_output_weights": True},
    "tied, not scaled": {"share_embeddings_and_output_weights": True, "scale_embedding": False},
    "qwen2": {"gated_linear_unit": True, "add_qkv_bias": True},
    "qwen3": {"gated_linear_unit": True, "qk_layernorm": True},
}


@pytest.fixture(params=FORMS)
def checkpoint(request, tmp_path):
    torch.set_num_threads(1)
    model = two_layers(hidden_size=60, ffn_hidden_size=88, num_attention_heads=6, **FORMS[request.param])
    return write_drawn(tmp_path / "checkpoint", model, lambda _, noise: noise * 0.15, step=7, tokens_seen=7000)


def test_megatrons_logits_are_those_of_the_whole_model_bit_for_bit(checkpoint):
    opened = Checkpoint.open(checkpoint)
    ids = check.batch(opened.model)
    with single_process(), torch.no_grad():
        gpt = build(opened.model).eval()
        for name, parameter in gpt.named_parameters():
            parameter.copy_(opened.weight(name))
        expected = gpt(ids, torch.arange(ids.shape[1]).expand_as(ids), None)
    assert torch.equal(check.megatron_logits(opened.model, opened.weight, ids, torch.float32), expected)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_transformers_logits_are_those_of_the_loaded_model_bit_for_bit(dtype, checkpoint, pieces_folder, tmp_path):
    to_huggingface(checkpoint, tmp_path / "hf", tokenizer=pieces_folder, dtype=dtype)
    ids = check.batch(Checkpoint.open(checkpoint).model)
    model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "hf", dtype=torch.float32).eval()
    with torch.no_grad():
        expected = model(ids).logits
    assert torch.equal(check.huggingface_logits(tmp_path / "hf", ids), expected)


def test_one_module_at_a_time_has_weights(checkpoint):
    """Every parameter is empty but those of the module that computes."""
    opened = Checkpoint.open(checkpoint)
    held = []
    with single_process(), torch.no_grad():
        gpt = build(opened.model).eval()
        tied = {"output_layer": mapping.EMBEDDING} if opened.model.share_embeddings_and_output_weights else {}

        def read(name):
            held.append(sum(parameter.numel() > 0 for parameter in gpt.parameters()))
            return opened.weight(name)

        ids = check.batch(opened.model)
        with streamed(gpt, read, tied):
            gpt(ids, torch.arange(ids.shape[1]).expand_as(ids), None)
        assert sum(parameter.numel() for parameter in gpt.parameters()) == 0
    assert max(held) <= 1  # a bias is read beside its matrix
    assert len(held) >= len(opened.parameters())


def test_a_weight_that_transformers_has_not_is_refused(checkpoint, pieces_folder, tmp_path):
    from safetensors.torch import load_file, save_file

    to_huggingface(checkpoint, tmp_path / "hf", tokenizer=pieces_folder)
    ids = check.batch(Checkpoint.open(checkpoint).model)
    path = tmp_path / "hf/model.safetensors"
    weights = load_file(path)
    save_file(weights | {"model.layers.0.mlp.up_proj.scale": torch.ones(3)}, path, {"format": "pt"})
    with pytest.raises(ConvertError, match=r"up_proj\.scale has the shape \(3,\), and transformers' \w+ none"):
        check.huggingface_logits(tmp_path / "hf", ids)
