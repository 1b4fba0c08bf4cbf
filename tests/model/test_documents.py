"""Attention within documents, beside the model in plain PyTorch that runs each document by itself."""

import importlib.util
import sys
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from ncvc.model.config import ComputeConfig, ModelConfig, ParallelConfig
from ncvc.model.documents import documents
from ncvc.model.gpt import build, initialise
from ncvc.model.kernels.attention import FlashAttention, SdpaAttention
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


def flash_attn_varlen_func(
    q, k, v, cu_seqlens_q, cu_seqlens_k, max_seqlen_q, max_seqlen_k, dropout_p=0.0, softmax_scale=None, causal=False,
    window_size=(-1, -1), softcap=0.0, alibi_slopes=None, deterministic=False, return_attn_probs=False, block_table=None,
):  # fmt: skip
    """A stand-in with the arguments of flash-attn 2, in plain PyTorch."""
    assert causal
    assert dropout_p == 0.0
    assert cu_seqlens_q.dtype == cu_seqlens_k.dtype == torch.int32
    assert torch.equal(cu_seqlens_q, cu_seqlens_k)
    assert cu_seqlens_q[0] == 0
    assert cu_seqlens_q[-1] == len(q)
    assert max_seqlen_q >= cu_seqlens_q.diff().max()
    assert max_seqlen_k >= cu_seqlens_k.diff().max()
    document = torch.bucketize(torch.arange(len(q)), cu_seqlens_q[1:], right=True)
    mask = (document[:, None] == document) & torch.ones(len(q), len(q)).tril().bool()
    keys, values = (own.repeat_interleave(q.size(1) // k.size(1), 1) for own in (k, v))
    scores = torch.einsum("qhd,khd->hqk", q, keys) / q.size(-1) ** 0.5
    return torch.einsum("hqk,khd->qhd", scores.masked_fill(~mask, -torch.inf).softmax(-1), values)


def test_flash_attn_gets_the_bounds_of_the_documents(monkeypatch):
    """The package itself needs a GPU; its place takes a stand-in."""
    monkeypatch.setitem(sys.modules, "flash_attn", SimpleNamespace(flash_attn_varlen_func=flash_attn_varlen_func))
    tokens, positions = micro_batch()
    weights = plain_weights()
    with single_process(), torch.no_grad():
        gpt = model_in(ParallelConfig(), {})
        for layer in gpt.decoder.layers:
            layer.self_attention.core_attention.__class__ = FlashAttention
        found = gpt(tokens, positions, None, packed_seq_params=documents(positions))
    torch.testing.assert_close(found, reference(weights).detach(), atol=1e-5, rtol=0)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.skipif(not importlib.util.find_spec("flash_attn"), reason="flash-attn is not installed")
def test_flash_attn_takes_all_documents_at_once():
    """In bfloat16, forwards and backwards, as one after the other by torch."""
    generator = torch.Generator().manual_seed(0)
    bounds = documents(micro_batch()[1])
    given = [torch.randn(4 * 32, heads, 64, generator=generator).cuda().bfloat16() for heads in (4, 2, 2)]
    found = []
    for form in (FlashAttention, SdpaAttention):
        own = [tensor.clone().requires_grad_() for tensor in given]
        out = form.attend_documents(None, *own, bounds, 0.0)
        out.float().pow(2).sum().backward()
        found.append([out, *(tensor.grad for tensor in own)])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs, atol=0.05, rtol=0.02)
