"""The dry run's account of memory against tensors: autograd's own, and a training's."""

from collections import Counter

import pytest

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.model import gpt as gpt_model
from ncvc.model.parallel import single_process
from ncvc.train import optimizer as adamw
from ncvc.train.config import TrainConfig
from ncvc.train.preflight import memory
from ncvc.train.preflight.disk import checkpoint_bytes
from ncvc.train.preflight.flops import parameters
from ncvc.train.preflight.memory import Shares, estimate
from tests.conftest import ROOT
from tests.small_training import train_alone
from tools.fake_gpu import as_rank, kept, peak

PAPERS = ROOT / "megatron_configs" / "ncvc-slm-1.yaml"

# Sizes of which no two are the same, so that a term that is missing or doubled cannot hide behind another one.
SHAPE = {
    "num_layers": 4,
    "hidden_size": 96,
    "ffn_hidden_size": 320,
    "num_attention_heads": 12,
    "num_query_groups": 4,
    "vocab_size": 704,
    "max_position_embeddings": 48,
}


@pytest.fixture
def config(make_config):
    def make(**changes):
        sections = {"model": SHAPE, "data": {"sequence_length": 24}, "compute": {"dtype": "bfloat16"}}
        for section, fields in changes.items():
            sections[section] = {**sections.get(section, {}), **fields}
        return make_config(**sections)

    return make


def told(config, stage=0):
    """The table's terms → how many storages of that size there should be."""
    shares = Shares.of(config)
    stages = config.parallel.pipeline_model_parallel_size
    tokens = config.schedule.micro_batch_size * config.data.sequence_length
    layer = memory.layer_activations(config, shares)
    turns = layer.pop(memory.ROPE)
    terms = [*layer.values(), *[turns / 4] * 4] * (config.model.num_layers // stages)
    if config.compute.recompute_granularity == "full":
        n, method = config.compute.recompute_num_layers, config.compute.recompute_method
        streams = config.model.num_layers // n if method == "uniform" else n
        whole = 0 if method == "uniform" else config.model.num_layers - n
        stream = layer["input of input_layernorm, a sum of the residual stream"]
        angles = 4 * config.model.kv_channels / config.schedule.micro_batch_size
        terms = [stream] * streams + terms[: whole * (len(layer) + 4)] + [angles]
    if stage == 0:
        terms += memory.first_stage_activations(config, shares).values()
    if stage == stages - 1:
        terms += [*memory.last_stage_activations(config, shares).values(), memory.logits(config, shares)]
    sizes = Counter(term * tokens for term in terms if term)
    assert all(size == int(size) for size in sizes)
    return sizes


GATED = {"gated_linear_unit": True}
LAYOUTS = {
    "one GPU": ({}, 0, 1),
    "gated": ({"model": GATED}, 0, 1),
    "gated, mlp made again": (
        {"model": GATED, "compute": {"recompute_granularity": "selective", "recompute_modules": ["mlp"]}},
        0,
        1,
    ),
    "wide heads, biases": ({"model": {**GATED, "kv_channels": 10, "add_qkv_bias": True}}, 0, 1),
    "biases, tensor": (
        {"model": {**GATED, "add_qkv_bias": True}, "parallel": {"tensor_model_parallel_size": 2}},
        1,
        2,
    ),
    "norms of heads": ({"model": {**GATED, "kv_channels": 10, "qk_layernorm": True}}, 0, 1),
    "tied": ({"model": {"share_embeddings_and_output_weights": True, "scale_embedding": False}}, 0, 1),
    "tied, last stage": (
        {
            "model": {"share_embeddings_and_output_weights": True},
            "parallel": {"pipeline_model_parallel_size": 2},
        },
        1,
        2,
    ),
    "no dropout": ({"model": {"hidden_dropout": 0.0, "attention_dropout": 0.0}}, 0, 1),
    "no dropout of the embedding": ({"model": {"embedding_dropout": 0.0}}, 0, 1),
    "megatron's attention": ({"compute": {"core_attention": "megatron"}}, 0, 1),
    "layers made again by twos": (
        {"compute": {"recompute_granularity": "full", "recompute_method": "uniform", "recompute_num_layers": 2}},
        0,
        1,
    ),
    "three layers made again": (
        {"compute": {"recompute_granularity": "full", "recompute_method": "block", "recompute_num_layers": 3}},
        0,
        1,
    ),
    **{
        f"{module} made again": (
            {"compute": {"recompute_granularity": "selective", "recompute_modules": [module]}},
            0,
            1,
        )
        for module in ("core_attn", "mlp")  # norms need TransformerEngine
    },
    "tensor": ({"parallel": {"tensor_model_parallel_size": 2}}, 1, 2),
    "sequence": ({"parallel": {"tensor_model_parallel_size": 4, "sequence_parallel": True}}, 0, 8),
    "first stage": ({"parallel": {"pipeline_model_parallel_size": 2}}, 0, 2),
    "last stage": ({"parallel": {"pipeline_model_parallel_size": 2, "tensor_model_parallel_size": 2}}, 3, 4),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_table_is_what_autograd_keeps_on_a_gpu_term_by_term(config, layout):
    changes, rank, world_size = LAYOUTS[layout]
    small = config(**changes)
    with as_rank(small, rank, world_size) as gpt:
        parallel = small.parallel
        stage = 0 if gpt.pre_process else parallel.pipeline_model_parallel_size - 1
        assert kept(gpt, small) == told(small, stage)
        count = memory.stage_parameters(
            small.model, parallel.tensor_model_parallel_size, parallel.pipeline_model_parallel_size, stage
        )
        assert count == sum(parameter.numel() for parameter in gpt.parameters())


def test_the_papers_model_on_a_gpu(make_config):
    """All of it, in its own size: weights exactly, and the most that a forward pass has at a time."""
    papers = TrainConfig.load(PAPERS)
    expected = estimate(papers, data_parallel_size=4)
    with as_rank(papers, 0, 4) as gpt:
        weights, activations = peak(gpt, papers)
    assert weights == expected.weights == 2 * parameters(papers.model) == 2 * 1_191_282_688
    assert activations == pytest.approx(expected.activations + expected.logits + expected.working, rel=1e-3)


def test_the_table_is_what_autograd_keeps_in_a_real_forward_pass(config):
    """On the CPU, with bytes. Without dropout attention is flash attention's here too; the norms alone differ."""
    small = config(model={"hidden_dropout": 0.0, "attention_dropout": 0.0})
    tokens = small.schedule.micro_batch_size * small.data.sequence_length
    expected = told(small)
    # The CPU's RMSNorm takes float32 copies; what it keeps is left out, here and there.
    norms = 2 * SHAPE["num_layers"] + 1
    expected -= Counter({2 * SHAPE["hidden_size"] * tokens: norms, 4 * tokens: norms})
    with single_process() as ranks:
        gpt = gpt_model.build(small.model, compute=small.compute, device=ranks.device).train()
        gpt_model.initialise(gpt, small.model, small.seed)
        found = kept(gpt, small, leave_out=(gpt_model.RMSNorm,))
    assert found == expected


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_weights_gradients_and_optimizer_are_a_trainings(config, dtype):
    small = config(compute={"dtype": dtype}, schedule={"train_iters": 3})
    expected = estimate(small, data_parallel_size=1)
    with single_process() as ranks:
        gpt = gpt_model.build(small.model, compute=small.compute, device=ranks.device)
        gpt_model.initialise(gpt, small.model, small.seed)
        model = adamw.data_parallel(gpt)
        optimizer = adamw.build(model, small.optimizer)
        for parameter in gpt.parameters():
            parameter.main_grad.fill_(0.001)
        adamw.update(optimizer, 0.1, adamw.gradient_norm(optimizer), 1.0)
        shares = [adamw.share(optimizer, parameter) for parameter in gpt.parameters()]
        moments = [share.state[name] for share in shares for name in ("exp_avg", "exp_avg_sq")]
        masters = [share.fp32_param for share in shares] if dtype == "bfloat16" else []
        assert sum(parameter.nbytes for parameter in gpt.parameters()) == expected.weights
        assert sum(parameter.main_grad.nbytes for parameter in gpt.parameters()) == expected.gradients
        assert sum(tensor.nbytes for tensor in (*moments, *masters)) == expected.optimizer
    total = expected.weights + expected.gradients + expected.optimizer
    assert total == parameters(small.model) * {"bfloat16": 18, "float32": 16}[dtype]


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_a_checkpoint_takes_the_disk_that_was_told(config, optimizer):
    small = config(schedule={"train_iters": 3, "lr_warmup_iters": 1}, optimizer={"name": optimizer})
    train_alone(small)
    size = sum(file.stat().st_size for file in checkpoint_folder(small.run, 3).glob("*.safetensors"))
    # Besides the tensors: their names, and the states of the random generators.
    assert checkpoint_bytes(small) < size < checkpoint_bytes(small) + 60_000


def test_muon_keeps_one_moment_of_each_matrix(config):
    with single_process():
        gpt = gpt_model.build(config().model, compute=config().compute)
        matrices = sum(own.numel() for name, own in gpt.named_parameters() if ".linear_" in name and own.dim() == 2)
    for copies, tensor in ((1, 1), (2, 1), (1, 2)):
        own = {"parallel": {"tensor_model_parallel_size": tensor}}
        plain, muon = (estimate(config(optimizer={"name": name}, **own), copies) for name in ("adamw", "muon"))
        assert plain.optimizer - muon.optimizer == 4 * matrices // (copies * tensor)
        assert (plain.weights, plain.gradients) == (muon.weights, muon.gradients)


def test_a_moving_average_takes_four_bytes_a_parameter(config):
    plain, averaged = config(schedule={"train_iters": 3}), config(schedule={"train_iters": 3}, optimizer={"ema": 0.9})
    count = parameters(plain.model)
    assert estimate(averaged, 2).optimizer - estimate(plain, 2).optimizer == 2 * count
    assert checkpoint_bytes(averaged) - checkpoint_bytes(plain) == 4 * count
    train_alone(averaged)
    size = sum(file.stat().st_size for file in checkpoint_folder(averaged.run, 3).glob("*.safetensors"))
    assert checkpoint_bytes(averaged) < size < checkpoint_bytes(averaged) + 60_000


def test_the_distributed_optimizer_shares_what_only_the_optimizer_needs():
    papers = TrainConfig.load(PAPERS)
    count = parameters(papers.model)
    alone_, four = estimate(papers, 1), estimate(papers, 4)
    assert (alone_.weights, alone_.gradients, alone_.optimizer) == (2 * count, 4 * count, 12 * count)
    assert (four.weights, four.gradients, four.optimizer) == (2 * count, 4 * count, 3 * count)


def test_a_pipeline_holds_as_many_micro_batches_as_are_under_way(config):
    small = config(parallel={"pipeline_model_parallel_size": 4}, schedule={"global_batch_size": 16})
    one = small.model.num_layers / 4
    layer = sum(memory.layer_activations(small, Shares(1, 1)).values()) * 2 * 24
    kept_by = [estimate(small, 1, stage).activations for stage in range(4)]
    assert [round(kept / (one * layer)) for kept in kept_by] == [4, 3, 2, 1]
    assert memory.fullest(small, 1)[0] in (0, 3)


def test_layers_that_are_made_again_keep_less_and_need_room_for_it():
    papers = TrainConfig.load(PAPERS)
    full = {"recompute_granularity": "full", "recompute_method": "uniform", "recompute_num_layers": 1}
    again = papers.model_copy(update={"compute": papers.compute.model_copy(update=full)})
    plain, least = estimate(papers, 4), estimate(again, 4)
    tokens = 8 * 2048
    # Of each layer the residual stream; at a time one layer whole, once the probabilities have gone.
    assert plain.activations - least.activations == round(24 * tokens * (one_layer(papers) - 2 * 2048))
    assert least.logits + least.working > tokens * one_layer(papers)
    assert memory.largest_micro_batch(again, 4, 48 << 30) > memory.largest_micro_batch(papers, 4, 48 << 30)


def one_layer(config):
    return sum(memory.layer_activations(config, Shares.of(config)).values())


def test_the_largest_micro_batch_fits_and_divides_the_batch():
    papers = TrainConfig.load(PAPERS)
    for capacity in (24, 48, 80):
        best = memory.largest_micro_batch(papers, 4, capacity << 30)
        assert 256 % best == 0
        fits = [estimate(memory.with_micro_batch(papers, size), 4).total <= capacity << 30 for size in (best, 2 * best)]
        assert fits == [True, False]
    assert memory.largest_micro_batch(papers, 4, 10 << 30) is None
