"""Numbers of `ncvc inspect` about weights, beside numpy and plain transformers.

Written by another author than the code, from its documentation.
"""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from ncvc.cli.commands import ncvc
from tests.hf.conftest import SIZES, stock_tokenizer
from tests.inspect.conftest import NEEDS_FONT, numbers

pytestmark = NEEDS_FONT


def embedding(folder: Path) -> np.ndarray:
    model = AutoModelForCausalLM.from_pretrained(folder)
    return model.get_input_embeddings().weight.detach().double().numpy()


def save(model: torch.nn.Module, folder: Path) -> Path:
    model.save_pretrained(folder)
    stock_tokenizer().save_pretrained(folder)
    return folder


def cosines(rows: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    return rows @ wanted / np.linalg.norm(rows, axis=1) / np.linalg.norm(wanted)


@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize("architecture", ["gpt_neox", "llama", "qwen2"])
def test_analogy_cosines_and_ranks(stock: dict[str, Path], architecture: str, unit: bool, tmp_path: Path) -> None:
    folder = stock[architecture]
    rows, tokenizer = embedding(folder), AutoTokenizer.from_pretrained(folder)
    words = ["T", "h", "e", "p"]
    ids = [tokenizer.convert_tokens_to_ids(word) for word in words]
    (tmp_path / "file.tsv").write_text("\t".join(words) + "\n", encoding="utf-8")
    options = ["--unit"] if unit else []
    found = numbers(tmp_path / "out", "analogy", folder, "--file", tmp_path / "file.tsv", "--count", 7, *options)
    three = [rows[i] / np.linalg.norm(rows[i]) if unit else rows[i] for i in ids[:3]]
    by_hand = cosines(rows, three[0] - three[1] + three[2])
    order = [int(i) for i in np.argsort(-by_hand) if i not in ids[:3]]
    analogy = found["analogies"][0]
    assert [near["id"] for near in analogy["nearest"]] == order[:7]
    np.testing.assert_allclose([near["cosine"] for near in analogy["nearest"]], by_hand[order[:7]], atol=1e-5)
    rank = order.index(ids[3]) + 1
    assert analogy["rank"] == rank
    assert analogy["cosine"] == pytest.approx(by_hand[ids[3]], abs=1e-5)
    assert found["scores"]["mean_reciprocal_rank"] == pytest.approx(1 / rank)


def test_a_word_of_several_pieces_is_their_mean(stock: dict[str, Path], tmp_path: Path) -> None:
    folder = stock["llama"]
    rows, tokenizer = embedding(folder), AutoTokenizer.from_pretrained(folder)
    ids = [tokenizer.encode(word, add_special_tokens=False) for word in ("骨折", "a", "b")]
    assert len(ids[0]) > 2
    found = numbers(tmp_path / "out", "analogy", folder, "骨折", "a", "b", "--words", "--count", 5)
    a, b, c = (rows[each].mean(axis=0) for each in ids)
    by_hand = cosines(rows, a - b + c)
    for near in found["analogies"][0]["nearest"]:
        assert near["cosine"] == pytest.approx(by_hand[near["id"]], abs=1e-5)
        text = tokenizer.decode([near["id"]])
        assert tokenizer.encode(text, add_special_tokens=False) == [near["id"]]


def of_matrix(singular: np.ndarray) -> dict[str, float]:
    shares = singular / singular.sum()
    positive = shares[shares > 0]
    return {
        "stable_rank": (singular**2).sum() / singular[0] ** 2,
        "effective_rank": math.exp(-(positive * np.log(positive)).sum()),
        "rank_of_99_percent": int(np.searchsorted(np.cumsum(singular**2) / (singular**2).sum(), 0.99) + 1),
    }


@pytest.mark.parametrize("architecture", ["gpt_neox", "llama", "qwen2"])
def test_norms_and_ranks_of_each_weight(stock: dict[str, Path], architecture: str, tmp_path: Path) -> None:
    weights = load_file(stock[architecture] / "model.safetensors")
    (found,) = numbers(tmp_path / "out", "weights", stock[architecture])
    assert {weight["name"] for weight in found["weights"]} == set(weights)
    for weight in found["weights"]:
        values = weights[weight["name"]].double().numpy()
        assert weight["norm"] == pytest.approx(np.linalg.norm(values), rel=1e-5, abs=1e-9)
        assert weight["rms"] == pytest.approx(np.sqrt((values**2).mean()), rel=1e-5, abs=1e-9)
        if values.ndim == 2:
            singular = np.linalg.svd(values, compute_uv=False)
            assert weight["spectral_norm"] == pytest.approx(singular[0], rel=1e-4)
            for key, expected in of_matrix(singular).items():
                assert weight[key] == pytest.approx(expected, rel=1e-3), (weight["name"], key)


def test_a_change_of_rank_two_and_a_grown_vocabulary(stock: dict[str, Path], tmp_path: Path) -> None:
    model = LlamaForCausalLM.from_pretrained(stock["llama"])
    before = {name: value.clone().double().numpy() for name, value in model.state_dict().items()}
    torch.manual_seed(5)
    model.resize_token_embeddings(SIZES["vocab_size"] + 3, mean_resizing=False)
    changed = "model.layers.1.self_attn.q_proj.weight"
    with torch.no_grad():
        matrix = model.get_parameter(changed)
        matrix += torch.randn(32, 2) @ torch.randn(2, 32)
        model.get_input_embeddings().weight[7] *= 0.5
        model.get_input_embeddings().weight[9] *= -1
    tuned = save(model, tmp_path / "tuned")
    after = {name: value.double().numpy() for name, value in load_file(tuned / "model.safetensors").items()}
    found = numbers(tmp_path / "out", "diff", stock["llama"], tuned)
    of = {weight["name"]: weight for weight in found["weights"]}
    assert set(of) == set(before)
    for name, old in before.items():
        new = after[name][: len(old)]
        change = np.linalg.norm(new - old) / np.linalg.norm(old)
        assert of[name]["relative"] == pytest.approx(change, rel=1e-5, abs=1e-9), name
        cosine = (new * old).sum() / np.linalg.norm(new) / np.linalg.norm(old)
        assert of[name]["cosine"] == pytest.approx(cosine, abs=1e-6), name
    assert of[changed]["rank_of_99_percent"] == 2
    ranks = of_matrix(np.linalg.svd(after[changed] - before[changed], compute_uv=False))
    assert of[changed]["effective_rank"] == pytest.approx(ranks["effective_rank"], rel=1e-2)
    assert of["model.embed_tokens.weight"]["rows_added"] == 3
    assert found["rows_changed"]["model.embed_tokens.weight"] == 2
    assert found["rows_turned"]["model.embed_tokens.weight"] == 1
    assert {row["id"] for row in found["rows"]["model.embed_tokens.weight"]} <= {7, 9}
    assert 9 in {row["id"] for row in found["rows"]["model.embed_tokens.weight"]}


def test_units_without_weights_are_dead(stock: dict[str, Path], tmp_path: Path) -> None:
    model = LlamaForCausalLM.from_pretrained(stock["llama"])
    with torch.no_grad():
        model.model.layers[0].mlp.down_proj.weight[:, 4] *= 1e-5
        model.model.layers[0].mlp.up_proj.weight[6] = 0
        model.model.layers[0].mlp.gate_proj.weight[6] = 0
        model.model.layers[1].mlp.down_proj.weight[:, 4] *= 0.1
    (found,) = numbers(tmp_path / "out", "weights", save(model, tmp_path / "model"))
    assert [(layer["layer"], layer["units"], layer["dead"]) for layer in found["dead"]] == [(0, 48, 2), (1, 48, 0)]


@pytest.mark.parametrize("architecture", ["gpt_neox", "llama", "qwen2"])
def test_each_layer_through_the_last_norm_and_the_head(
    stock: dict[str, Path], architecture: str, tmp_path: Path
) -> None:
    folder, question, choices = stock[architecture], "患者は", ["発熱", "咳嗽を主訴", "x"]
    found = numbers(tmp_path / "out", "knowledge", folder, question, *(f"--choice={text}" for text in choices))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    norm = model.gpt_neox.final_layer_norm if architecture == "gpt_neox" else model.model.norm
    asked = tokenizer.encode(question, add_special_tokens=False)
    by_hand = []
    for text in choices:
        answer = tokenizer.encode(text, add_special_tokens=False)
        with torch.no_grad():
            out = model(torch.tensor([asked + answer]), output_hidden_states=True)
            lenses = [model.get_output_embeddings()(norm(state)) for state in out.hidden_states[:-1]] + [out.logits]
        places = range(len(asked) - 1, len(asked) + len(answer) - 1)
        by_hand.append(
            [
                sum(lens[0, place].log_softmax(0)[piece].item() for place, piece in zip(places, answer, strict=True))
                for lens in lenses
            ]
        )
    np.testing.assert_allclose([choice["logprobs"] for choice in found["choices"]], by_hand, atol=2e-4)
    shares = np.exp(by_hand) / np.exp(by_hand).sum(axis=0)
    np.testing.assert_allclose([choice["probabilities"] for choice in found["choices"]], shares, atol=1e-4)
    total = np.sum([choice["probabilities"] for choice in found["choices"]], axis=0)
    np.testing.assert_allclose(total, 1, atol=1e-6)


def test_one_layer_and_one_head(tmp_path: Path) -> None:
    torch.manual_seed(1)
    sizes = SIZES | {"num_hidden_layers": 1, "num_attention_heads": 1, "num_key_value_heads": 1}
    folder = save(LlamaForCausalLM(LlamaConfig(**sizes)), tmp_path / "model")
    (weights,) = numbers(tmp_path / "weights", "weights", folder)
    assert len(weights["dead"]) == 1
    found = numbers(tmp_path / "knowledge", "knowledge", folder, "a", "--choice=b", "--choice=c")
    assert len(found["next_pieces"]) == 2
    shares = numbers(tmp_path / "attention", "attention", folder, "a b", "c")["shares"]
    assert np.shape(shares["first_token"]["by_layer_and_head"]) == (1, 1)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_numbers_that_are_not_finite_are_named(stock: dict[str, Path], bad: float, tmp_path: Path) -> None:
    model = LlamaForCausalLM.from_pretrained(stock["llama"])
    name = "model.layers.1.mlp.up_proj.weight"
    with torch.no_grad():
        model.get_parameter(name)[3, 3] = bad
    folder = save(model, tmp_path / "model")
    canaries = tmp_path / "canaries"
    CliRunner().invoke(ncvc, ["inspect", "canaries", "--counts", "0", "--each", "1", "-o", str(canaries)])
    for arguments in (
        ["weights", folder],
        ["diff", stock["llama"], folder],
        ["knowledge", folder, "a", "--choice=b", "--choice=c"],
        ["attention", folder, "a"],
        ["memorization", folder, "--canaries", canaries],
    ):
        done = CliRunner().invoke(ncvc, ["inspect", *map(str, arguments), "-o", str(tmp_path / "out")])
        assert f"{name} has numbers that are not finite" in str(done.exception), arguments
        assert not (tmp_path / "out").exists()


def test_units_are_dead_where_most_of_them_are(stock: dict[str, Path], tmp_path: Path) -> None:
    model = LlamaForCausalLM.from_pretrained(stock["llama"])
    with torch.no_grad():
        model.model.layers[0].mlp.down_proj.weight[:, :40] = 0
        model.get_input_embeddings().weight[:200] = 0
    (found,) = numbers(tmp_path / "out", "weights", save(model, tmp_path / "model"))
    assert [layer["dead"] for layer in found["dead"]] == [40, 0]
    assert len(found["rows"]["zero"]) == 200


def test_models_of_one_name_are_told_apart(stock: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/llama").symlink_to(stock["llama"])
    found = numbers(tmp_path / "out", "weights", stock["llama"], tmp_path / "other/llama")
    assert [model["name"] for model in found] == [str(stock["llama"]), str(tmp_path / "other/llama")]
