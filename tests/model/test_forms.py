"""Forms of the model other than the papers': the same numbers on any layout of ranks, and the same bits when resumed."""

import pytest
import torch

from ncvc.model.config import ParallelConfig
from ncvc.model.gpt import build, initialise
from ncvc.model.parallel import single_process, started_by_torchrun
from ncvc.model.sharding import parameter_shards
from tests.small_training import (
    assert_same,
    assert_two_ranks_learn_the_same,
    tensors,
    train_alone,
)

FORMS = {
    "llama": {"gated_linear_unit": True, "scale_embedding": False},
    "llama, tied": {"gated_linear_unit": True, "share_embeddings_and_output_weights": True},
    "qwen2": {"gated_linear_unit": True, "add_qkv_bias": True, "kv_channels": 6},
    "qwen3, tied": {
        "gated_linear_unit": True,
        "qk_layernorm": True,
        "share_embeddings_and_output_weights": True,
        "scale_embedding": False,
    },
}


def _initial_shards(model, parallel):
    with started_by_torchrun(parallel, 0):
        gpt = build(model, parallel=parallel)
        initialise(gpt, model, seed=1)
        return [(shard.name, shard.box, shard.parameter.detach().numpy()) for shard in parameter_shards(gpt)]


@pytest.mark.parametrize("kind", ["tensor_model_parallel_size", "pipeline_model_parallel_size"])
@pytest.mark.parametrize("form", FORMS)
def test_initial_weights_do_not_depend_on_how_ranks_share_them(make_config, pair, kind, form):
    torch.set_num_threads(1)
    model = make_config(model=FORMS[form]).model
    with single_process():
        gpt = build(model)
        initialise(gpt, model, seed=1)
        whole = {shard.name: shard.parameter for shard in parameter_shards(gpt)}
    assert all(torch.equal(whole[name], torch.zeros_like(whole[name])) for name in whole if name.endswith("bias"))
    seen = set()
    for own in pair.run(_initial_shards, model, ParallelConfig.model_validate({kind: 2})):
        for name, box, part in own:
            assert torch.equal(whole[name][box], torch.from_numpy(part)), name
            seen.add(name)
    assert seen == set(whole)


@pytest.mark.parametrize("form", FORMS)
def test_stopping_and_going_on_equals_not_stopping(make_config, form):
    """Dropout is on."""
    whole, stopped = make_config("whole", model=FORMS[form]), make_config("stopped", model=FORMS[form])
    train_alone(whole)
    train_alone(stopped, stop_after=2)
    train_alone(stopped)
    assert_same(tensors(whole, 6), tensors(stopped, 6))


@pytest.mark.parametrize(
    "parallel",
    [
        {"tensor_model_parallel_size": 2},
        {"tensor_model_parallel_size": 2, "sequence_parallel": True},
        {"pipeline_model_parallel_size": 2},
    ],
    ids=["tensor", "tensor+sequence", "pipeline"],
)
@pytest.mark.parametrize("form", FORMS)
def test_the_ranks_change_nothing_but_rounding(make_config, pair, parallel, form):
    """Without dropout, one and two ranks learn the same, and two that were stopped have the same bits."""
    model = FORMS[form] | {"attention_dropout": 0.0, "hidden_dropout": 0.0}
    one = make_config("one", model=model)
    two, stopped = (make_config(name, model=model, parallel=parallel) for name in ("two", "stopped"))
    assert_two_ranks_learn_the_same(pair, one, two, stopped)
