"""The model: its size, its initial weights, its arithmetic."""

import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from ncvc.model.config import ComputeConfig, ParallelConfig
from ncvc.model.gpt import build, initialise
from ncvc.model.parallel import single_process, started_by_torchrun
from ncvc.model.sharding import parameter_shards
from ncvc.train.config import TrainConfig
from tests.conftest import ROOT
from tests.small_training import plain_logits

PAPERS = ROOT / "megatron_configs" / "ncvc-slm-1.yaml"


@pytest.fixture
def rank():
    torch.set_num_threads(1)
    with single_process() as ranks:
        yield ranks


def weights_of(gpt):
    return {shard.name: shard.parameter for shard in parameter_shards(gpt)}


def test_the_papers_model_has_its_size_and_no_biases(rank):
    with torch.device("meta"):
        gpt = build(TrainConfig.load(PAPERS).model, device=torch.device("meta"))
    names = [name for name, _ in gpt.named_parameters()]
    assert sum(parameter.numel() for parameter in gpt.parameters()) == 1_191_282_688
    assert not any("bias" in name for name in names)
    assert len(names) == 2 + 24 * 6 + 1
    assert gpt.output_layer.weight is not gpt.embedding.word_embeddings.weight


def test_initial_weights_have_the_papers_deviations(rank, make_config):
    """Small init, scaled by depth before the residual stream, Xavier for the head; d and N not the papers'."""
    model = make_config(model={"num_layers": 3, "hidden_size": 256, "ffn_hidden_size": 512, "vocab_size": 2048}).model
    gpt = build(model)
    initialise(gpt, model, seed=1)
    small = math.sqrt(2 / (5 * 256))
    expected = {
        "embedding.word_embeddings": small,
        "linear_qkv": small,
        "linear_fc1": small,
        "linear_proj": small / math.sqrt(2 * 3),
        "linear_fc2": small / math.sqrt(2 * 3),
        "output_layer": math.sqrt(2 / (2048 + 256)),
    }
    seen = set()
    for name, weight in weights_of(gpt).items():
        if "norm" in name:
            assert torch.equal(weight, torch.ones_like(weight))
            continue
        part = next(part for part in expected if part in name)
        seen.add(part)
        assert weight.std().item() == pytest.approx(expected[part], rel=0.02), name
        assert abs(weight.mean().item()) < 0.02 * expected[part] + 1e-4
    assert seen == set(expected)


def test_layers_do_not_begin_alike(rank, make_config):
    model = make_config().model
    gpt = build(model)
    initialise(gpt, model, seed=1)
    first, second = (layer.mlp.linear_fc1.weight for layer in gpt.decoder.layers)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("attention", ["sdpa", "megatron"])
def test_logits_and_loss_equal_plain_torch(rank, make_config, attention):
    model = make_config().model
    gpt = build(model, compute=ComputeConfig(dtype="float32", core_attention=attention)).eval()
    initialise(gpt, model, seed=3)
    weights = weights_of(gpt)
    with torch.no_grad():
        for name, weight in weights.items():  # also the norms' weights count
            weight += 0.3 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(len(name)))
        tokens = torch.randint(0, model.vocab_size, (3, 24), generator=torch.Generator().manual_seed(0))
        positions = torch.arange(24).repeat(3, 1)
        # megatron-core's own attention wants the mask; torch's is causal by itself.
        mask = None if attention == "sdpa" else torch.ones(24, 24).triu(1).bool()[None, None]
        logits = gpt(tokens, positions, mask)
        losses = gpt(tokens, positions, mask, labels=tokens)
        plain = plain_logits(weights, model, tokens)
    assert logits.std() > 0.5
    torch.testing.assert_close(logits, plain, atol=2e-5, rtol=1e-5)
    expected = F.cross_entropy(plain.transpose(1, 2), tokens, reduction="none")
    torch.testing.assert_close(losses, expected, atol=2e-5, rtol=1e-5)


def test_attention_drops_the_share_that_it_says(rank, make_config):
    """Values of one: without dropout every output is 1; with it, its mean is 1 and its spread known."""
    model = make_config(model={"attention_dropout": 0.25}).model
    attention = build(model).decoder.layers[0].self_attention.core_attention.train()
    length = 512
    query, key = torch.zeros(length, 1, 4, 8), torch.zeros(length, 1, 2, 8)
    out = attention(query, key, torch.ones(length, 1, 2, 8), None)
    last = out[-1].view(4, 8)[:, 0]
    assert out.mean().item() == pytest.approx(1.0, abs=0.01)
    kept = last * 0.75 * length
    assert (kept - length * 0.75).abs().max() < 5 * math.sqrt(length * 0.25 * 0.75)
    assert not torch.equal(out, attention(query, key, torch.ones(length, 1, 2, 8), None))
    torch.testing.assert_close(
        attention.eval()(query, key, torch.ones(length, 1, 2, 8), None), torch.ones(length, 1, 32)
    )


def _initial_shards(model, parallel):
    with started_by_torchrun(parallel, 0):
        gpt = build(model, parallel=parallel)
        initialise(gpt, model, seed=1)
        return [(shard.name, shard.box, shard.parameter.detach().numpy()) for shard in parameter_shards(gpt)]


@pytest.mark.parametrize("kind", ["tensor_model_parallel_size", "pipeline_model_parallel_size"])
def test_initial_weights_do_not_depend_on_how_ranks_share_them(rank, make_config, pair, kind):
    model = make_config().model
    gpt = build(model)
    initialise(gpt, model, seed=1)
    whole = weights_of(gpt)
    seen = set()
    for own in pair.run(_initial_shards, model, ParallelConfig.model_validate({kind: 2})):
        for name, box, part in own:
            assert torch.equal(whole[name][box], torch.from_numpy(part)), name
            seen.add(name)
    assert seen == set(whole)
