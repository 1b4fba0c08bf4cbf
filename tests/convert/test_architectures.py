"""Models of Llama's and Qwen's form, against stock transformers."""

import json

import pytest
import torch
import transformers

from ncvc.checkpoint.reader import Checkpoint
from ncvc.convert import check, mapping
from ncvc.convert.config import huggingface_config, model_config
from ncvc.convert.export import to_huggingface
from ncvc.convert.restore import to_megatron
from ncvc.convert.weights import HuggingFaceWeights
from ncvc.errors import ConvertError
from ncvc.model.config import ModelConfig
from ncvc.model.gpt import build
from ncvc.model.parallel import single_process
from ncvc.model.rope_scaling import base_frequencies, scaled
from tests.drawn import two_layers, write_drawn

# Every size is another number.
SIZES = {
    "vocab_size": 500,
    "hidden_size": 60,
    "intermediate_size": 88,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "max_position_embeddings": 96,
}
STOCK = {
    "llama": ("Llama", {}),
    "llama, tied": ("Llama", {"tie_word_embeddings": True}),
    "llama, wide heads": ("Llama", {"head_dim": 16, "rope_parameters": {"rope_type": "default", "rope_theta": 5e5}}),
    "llama 3.1": (
        "Llama",
        {
            "head_dim": 16,
            "rope_parameters": {
                **{"rope_type": "llama3", "rope_theta": 500.0, "factor": 8.0, "low_freq_factor": 1.0},
                **{"high_freq_factor": 4.0, "original_max_position_embeddings": 48},
            },
        },
    ),
    "llama, linear": ("Llama", {"rope_parameters": {"rope_type": "linear", "rope_theta": 1e4, "factor": 2.5}}),
    "qwen2": ("Qwen2", {"rms_norm_eps": 1e-6}),
    "qwen2, tied": ("Qwen2", {"tie_word_embeddings": True}),
    "qwen3": ("Qwen3", {"head_dim": 16}),
    "qwen3, tied": ("Qwen3", {"head_dim": 10, "tie_word_embeddings": True}),
}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def stock_model(kind, changes):
    """A model of transformers whose every weight, norms and biases too, is drawn."""
    config = getattr(transformers, f"{kind}Config")(**SIZES | {"bos_token_id": 1, "eos_token_id": 2} | changes)
    model = getattr(transformers, f"{kind}ForCausalLM")(config).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(1 + 0.3 * noise if "norm" in name else 0.15 * noise)
    return model


@pytest.fixture(params=STOCK)
def stock(request, tmp_path):
    model = stock_model(*STOCK[request.param])
    model.save_pretrained(tmp_path / "stock")
    return model, tmp_path / "stock"


def test_a_stock_model_computes_the_same_in_megatron(stock):
    theirs, folder = stock
    weights = HuggingFaceWeights(folder)
    ids = check.batch(weights.model)
    ours = check.megatron_logits(weights.model, weights.weight, ids, torch.float32)
    with torch.no_grad():
        expected = theirs(ids).logits
    assert expected.std() > 0.3
    assert check.difference(ours, expected) < 1e-5


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_read_as_it_is(tmp_path, dtype):
    theirs = stock_model("Llama", {}).to(dtype)
    theirs.save_pretrained(tmp_path)
    weights = HuggingFaceWeights(tmp_path)
    for row in mapping.weights(weights.model):
        parts = row.layout.split(weights.weight(row.megatron), weights.model)
        for name, part in zip(row.huggingface, parts, strict=True):
            assert torch.equal(part, theirs.state_dict()[name].float()), name


def test_a_stock_model_comes_back_bit_for_bit(stock, pieces_folder, tmp_path):
    theirs, folder = stock
    to_megatron(folder, tmp_path / "checkpoint")
    to_huggingface(tmp_path / "checkpoint", tmp_path / "back", tokenizer=pieces_folder)
    back = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "back", dtype=torch.float32)
    assert type(back) is type(theirs)
    expected = theirs.state_dict()
    assert back.state_dict().keys() == expected.keys()
    for name, weight in back.state_dict().items():
        assert torch.equal(weight, expected[name]), name


@pytest.mark.parametrize("tied", [False, True], ids=["two matrices", "tied"])
@pytest.mark.parametrize("gated", [False, True], ids=["arcee", "llama"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_scaled_embedding_comes_back_bit_for_bit(tmp_path, pieces_folder, tied, gated, dtype):
    """Trained here: the folded embedding is no head, so that a tied model has two matrices in Hugging Face."""
    form = {"gated_linear_unit": gated, "share_embeddings_and_output_weights": tied}
    model = two_layers(hidden_size=60, ffn_hidden_size=88, num_attention_heads=6, **form)
    drawn = {}

    def draw(name, noise):
        drawn[name] = noise * 0.15
        return drawn[name]

    write_drawn(tmp_path / "checkpoint", model, draw, seed=1, step=7, tokens_seen=7000)
    to_huggingface(tmp_path / "checkpoint", tmp_path / "hf", tokenizer=pieces_folder, dtype=dtype)
    config = json.loads((tmp_path / "hf/config.json").read_text())
    assert config["tie_word_embeddings"] is False
    to_megatron(tmp_path / "hf", tmp_path / "again")
    again = Checkpoint.open(tmp_path / "again")
    assert again.model == model
    for name, weight in drawn.items():
        expected = weight if dtype == "float32" or name == mapping.EMBEDDING else weight.bfloat16().float()
        assert torch.equal(again.weight(name), expected), name


def test_the_table_has_every_weight_of_transformers_model(stock):
    theirs, folder = stock
    model = HuggingFaceWeights(folder).model
    table = {}
    for row in mapping.weights(model):
        table |= mapping.huggingface_shapes(row, model)
    assert table == {name: tuple(parameter.shape) for name, parameter in theirs.named_parameters()}


def test_gate_and_value_rows_lie_in_pairs():
    model = model_config_of(gated_linear_unit=True)
    weight = torch.arange(2 * model.ffn_hidden_size).unsqueeze(1).expand(-1, model.hidden_size)
    gate, value = mapping.split_gate(weight, model)
    assert gate[:, 0].tolist() == list(range(0, 2 * model.ffn_hidden_size, 2))
    assert value[:, 0].tolist() == list(range(1, 2 * model.ffn_hidden_size, 2))
    assert torch.equal(mapping.merge_gate((gate, value), model), weight)


def model_config_of(**changes):
    sizes = {"num_layers": 1, "hidden_size": 24, "ffn_hidden_size": 40, "num_attention_heads": 4}
    return ModelConfig(**sizes, num_query_groups=2, vocab_size=64, **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"attention_bias": True, "mlp_bias": True}, "attention_bias is True"),
        ({"hidden_act": "gelu"}, "hidden_act is 'gelu'"),
        ({"rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}}, "RoPE of type 'dynamic'"),
        ({"rope_scaling": {"type": "yarn", "factor": 2.0}}, "RoPE of type 'yarn'"),
        ({"rope_parameters": {"rope_type": "linear", "rope_theta": 1e4}}, "Missing required keys"),
        (
            {
                "rope_parameters": {
                    "rope_type": "llama3",
                    "rope_theta": 1e4,
                    "factor": 8.0,
                    "low_freq_factor": 4.0,
                    "high_freq_factor": 4.0,
                    "original_max_position_embeddings": 48,
                }
            },
            "rope_low_freq_factor 4.0 must be below rope_high_freq_factor 4.0",
        ),
        ({"rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 0.5}}, "only 1 can"),
        ({"rope_parameters": {"rope_type": "default", "rope_theta": 10000.5}}, "rope_theta is 10000.5"),
        ({"model_type": "gemma"}, "model_type is 'gemma'"),
        ({"hidden_size": 61}, "transformers refuses it"),
    ],
)
def test_what_megatron_would_compute_otherwise_is_refused(tmp_path, changes, words):
    path = tmp_path / "config.json"
    config = {"model_type": "llama", **SIZES, "rms_norm_eps": 1e-5} | changes
    with pytest.raises(ConvertError) as error:
        model_config(path, config, {})
    assert str(error.value).startswith(f"{path}: ")
    assert words in str(error.value)


def test_sliding_windows_are_refused(tmp_path):
    config = {"model_type": "qwen2", **SIZES, "use_sliding_window": True}
    with pytest.raises(ConvertError, match="use_sliding_window is True"):
        model_config(tmp_path, config, {})


def test_sizes_that_contradict_each_other_are_refused_without_an_empty_name(tmp_path):
    config = {"model_type": "llama", **SIZES, "num_key_value_heads": 4}
    with pytest.raises(ConvertError) as refused:
        model_config(tmp_path, config, {})
    assert str(refused.value).startswith(f"{tmp_path}: Value error, num_attention_heads")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"qk_layernorm": True}, "without gated_linear_unit"),
        ({"add_qkv_bias": True}, "without gated_linear_unit"),
        ({"gated_linear_unit": True, "add_qkv_bias": True, "qk_layernorm": True}, "leave one out"),
    ],
)
def test_a_form_that_could_not_be_converted_is_refused_before_training(form, words):
    with pytest.raises(ValueError, match=words):
        model_config_of(**form)


def test_defaults_of_a_config_are_transformers(tmp_path):
    """A file of transformers 4 has rope_theta alone, and need not have head_dim."""
    model = model_config(tmp_path, {"model_type": "llama", **SIZES, "rope_theta": 500000.0, "rms_norm_eps": 1e-6}, {})
    assert (model.rotary_base, model.kv_channels, model.layernorm_epsilon) == (500000, 10, 1e-6)
    assert model.scale_embedding is False
    assert huggingface_config(model, "float32")["rope_parameters"]["rope_theta"] == 500000.0


def test_a_length_before_scaling_that_is_left_out_is_the_longest(tmp_path):
    rope = {"rope_type": "llama3", "rope_theta": 5e5, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    model = model_config(tmp_path, {"model_type": "llama", **SIZES, "rms_norm_eps": 1e-5, "rope_parameters": rope}, {})
    assert (model.rope_scaling, model.rope_original_positions) == ("llama3", SIZES["max_position_embeddings"])


@pytest.mark.parametrize("factor", [8.0, 32.0])
def test_scaled_frequencies_have_the_bits_of_transformers(factor):
    """Llama 3.1 and 3.2: heads of 128 and 64, base 500000."""
    rope = {"rope_type": "llama3", "rope_theta": 5e5, "factor": factor, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    rope |= {"original_max_position_embeddings": 8192}
    for head in (64, 128):
        config = transformers.LlamaConfig(head_dim=head, rope_parameters=rope, max_position_embeddings=131072)
        theirs, _ = transformers.modeling_rope_utils.ROPE_INIT_FUNCTIONS["llama3"](config)
        ours = model_config_of(kv_channels=head, rotary_base=500000, rope_scaling="llama3", rope_scaling_factor=factor)
        with single_process():
            assert torch.equal(build(ours).rotary_pos_emb.inv_freq, theirs)
        assert torch.equal(scaled(base_frequencies(ours), ours), theirs)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rope_scaling_factor": 4.0}, "rope_scaling_factor belongs to rope_scaling llama3 or linear"),
        (
            {"rope_scaling": "linear", "rope_low_freq_factor": 2.0},
            "rope_low_freq_factor belongs to rope_scaling llama3;",
        ),
        ({"rope_scaling": "llama3", "rope_high_freq_factor": 0.5}, "must be below rope_high_freq_factor 0.5"),
        ({"rope_scaling": "yarn"}, "'llama3' or 'linear'"),
    ],
)
def test_a_scaling_that_contradicts_itself_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        model_config_of(**changes)
