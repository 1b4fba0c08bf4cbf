"""Attention within documents, beside the model in plain PyTorch that runs each document by itself."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from ncvc.model.config import ComputeConfig, ModelConfig, ParallelConfig
from ncvc.model.documents import documents
from ncvc.model.gpt import build, initialise
from ncvc.model.parallel import single_process, started_by_torchrun
from ncvc.model.sharding import parameter_shards
from tests.small_training import SMALL, plain_logits

QUIET = {"hidden_dropout": 0.0, "attention_dropout": 0.0}
MODEL = ModelConfig(**SMALL | QUIET)
LENGTHS = [[5, 1, 20, 6], [32], [31, 1], [1] * 32]
"""Tokens of the documents of each sample."""
TENSOR = ParallelConfig(tensor_model_parallel_size=2)
RECOMPUTED = {
    "kept": {},
    "layers": {"recompute_granularity": "full", "recompute_method": "uniform", "recompute_num_layers": 1},
    "attention": {"recompute_granularity": "selective", "recompute_modules": ["core_attn"]},
}


def micro_batch():
    tokens = torch.randint(0, MODEL.vocab_size, (4, 32), generator=torch.Generator().manual_seed(1))
    positions = torch.stack([torch.cat([torch.arange(length) for length in own]) for own in LENGTHS])
    return tokens, positions


def model_in(parallel, compute):
    gpt = build(MODEL, compute=ComputeConfig(dtype="float32", **compute), parallel=parallel)
    initialise(gpt, MODEL, seed=1)
    return gpt


def _logits(parallel):
    torch.set_num_threads(1)
    tokens, positions = micro_batch()
    with single_process() if parallel == ParallelConfig() else started_by_torchrun(parallel, 0), torch.no_grad():
        return model_in(parallel, {})(tokens, positions, None, packed_seq_params=documents(positions)).numpy()


def reference(weights):
    tokens, _ = micro_batch()
    return torch.stack(
        [
            torch.cat([plain_logits(weights, MODEL, part[None])[0] for part in sample.split(own)])
            for sample, own in zip(tokens, LENGTHS, strict=True)
        ]
    )


def plain_weights():
    with single_process():
        return {
            shard.name: shard.parameter.detach().clone().requires_grad_()
            for shard in parameter_shards(model_in(ParallelConfig(), {}))
        }


def test_the_logits_are_those_of_each_document_by_itself(pair):
    expected = reference(plain_weights()).detach()
    torch.testing.assert_close(torch.from_numpy(_logits(ParallelConfig())), expected, atol=1e-5, rtol=0)
    # Each tensor-parallel rank has half of the vocabulary.
    for settings in (TENSOR, TENSOR.model_copy(update={"sequence_parallel": True})):
        halves = [torch.from_numpy(own) for own in pair.run(_logits, settings)]
        torch.testing.assert_close(torch.cat(halves, -1), expected, atol=1e-5, rtol=0)
    tokens, positions = micro_batch()
    with single_process(), torch.no_grad():
        crossing = model_in(ParallelConfig(), {})(tokens, positions, None)
    assert (crossing[1] - expected[1]).abs().max() < 1e-5  # one document
    assert all((crossing[row] - expected[row]).abs().max() > 1e-2 for row in (0, 2, 3))


@pytest.mark.parametrize("recomputed", RECOMPUTED)
def test_the_gradients_are_those_of_each_document_by_itself(recomputed):
    weights = plain_weights()
    tokens, positions = micro_batch()
    F.cross_entropy(reference(weights).flatten(0, 1), tokens.roll(-1, 1).flatten()).backward()
    with single_process():
        gpt = model_in(ParallelConfig(), RECOMPUTED[recomputed]).train()
        gpt(
            tokens, positions, None, labels=tokens.roll(-1, 1), packed_seq_params=documents(positions)
        ).mean().backward()
        for shard in parameter_shards(gpt):
            expected = weights[shard.name].grad
            assert expected.abs().max() > 0
            torch.testing.assert_close(shard.parameter.grad, expected, atol=1e-6, rtol=1e-4, msg=shard.name)


def test_dropout_is_drawn_again_where_layers_are_computed_again():
    """The gradients are those of the pass whose loss was seen."""
    found = []
    for recomputed in RECOMPUTED.values():
        with single_process(seed=4):
            gpt = build(ModelConfig(**SMALL), compute=ComputeConfig(dtype="float32", **recomputed)).train()
            initialise(gpt, MODEL, seed=1)
            tokens, positions = micro_batch()
            gpt(tokens, positions, None, labels=tokens, packed_seq_params=documents(positions)).mean().backward()
            found.append({shard.name: shard.parameter.grad for shard in parameter_shards(gpt)})
    for other in found[1:]:
        for name, gradient in found[0].items():
            torch.testing.assert_close(other[name], gradient, atol=1e-6, rtol=1e-4, msg=name)


def test_samples_of_one_document_are_not_cut():
    assert documents(torch.arange(8).repeat(3, 1)) is None
    bounds = documents(torch.tensor([[0, 1, 0, 1], [0, 1, 2, 3]]))
    assert bounds.cu_seqlens_q.tolist() == [0, 2, 4, 8]
