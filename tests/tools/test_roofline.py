"""tools/roofline.py: what a step is said to compute and to move, against the dry run's formula and against shapes."""

import ncvc.model.lazy_dynamo  # noqa: F401  # isort: skip

import pytest

from ncvc.train.config import TrainConfig
from ncvc.train.preflight.flops import flops_per_token, parameters
from ncvc.train.preflight.gpu_specs import GPU_SPECS, find_gpu_spec
from tests.conftest import ROOT
from tools.roofline import Row, rows, summary, table
from tools.step_trace import micro_batches, trace

PAPERS = ROOT / "megatron_configs/ncvc-slm-1.yaml"
FORMS = {
    "the papers'": (),
    "gated, tied, wide heads": (
        "model.gated_linear_unit=true",
        "model.kv_channels=96",
        "model.share_embeddings_and_output_weights=true",
    ),
    "without fused weight gradients": ("compute.gradient_accumulation_fusion=false",),
}


def papers(*overrides):
    return TrainConfig.load(PAPERS, ("model.num_layers=2", *overrides))


@pytest.mark.parametrize("overrides", FORMS.values(), ids=FORMS.keys())
def test_products_of_a_step_are_those_of_the_dry_run(overrides):
    """To parts in 10^9, once flash attention's second product of queries and keys is taken off: a fifth of its backward
    pass, of which the dry run's formula knows nothing, as it knows nothing of other recomputed activations."""
    config = papers(*overrides)
    one, update = trace(config)
    again = sum(kernel.flops / 5 for kernel in one if kernel.name.endswith("attention_backward"))
    tokens = config.schedule.micro_batch_size * config.data.sequence_length
    told = tokens * flops_per_token(config.model, config.data.sequence_length)
    assert sum(kernel.flops for kernel in one) - again == pytest.approx(told, rel=1e-9)
    assert again > 0
    assert not any(kernel.flops for kernel in update)


def test_bytes_are_those_of_the_tensors_of_the_papers_layer():
    config = papers()
    one, update = trace(config)
    stream, inner, matrix = 2 * 16384 * 2048, 2 * 16384 * 8192, 2 * 2048 * 8192  # bfloat16
    (fc1,) = {k.bytes for k in one if k.name == "mm" and k.shapes == "16384×2048, 2048×8192"}
    assert fc1 == stream + matrix + inner  # forwards, and backwards through linear_fc2
    (silu,) = {k.bytes for k in one if k.name == "silu"}
    assert silu == 2 * inner
    (dropout,) = {k.bytes for k in one if k.name == "compiled: dropout and residual"}
    assert dropout == 3 * stream + stream // 2  # the mask has a byte a feature
    (attention,) = {k.bytes for k in one if k.name == "_scaled_dot_product_flash_attention"}
    # Query, key, value, result, and the logs of the softmax's sums; a generator's state is some bytes more.
    assert attention == pytest.approx(stream * (1 + 0.25 + 0.25 + 1) + 4 * 16384 * 32, abs=100)
    adamw = sum(k.bytes for k in update if k.name == "_fused_adamw_")
    own = parameters(config.model) / 4  # of four ranks
    assert adamw == pytest.approx(own * 4 * (4 + 3), rel=1e-3)  # read weight, gradient and moments; write all but one


def test_a_step_has_a_line_for_each_kernel_and_its_bound():
    config = papers()
    assert micro_batches(config) == 32
    found = rows(config)
    gpus = [find_gpu_spec(name) for name in ("A100", "H100")]
    lines = table(found, gpus)
    product = next(line for line in lines if line.startswith("| mm [16384×2048, 2048×8192]"))
    # Two layers, forwards and backwards, 32 times: 4 × 32 × 2 × 16384 × 2048 × 8192 operations.
    assert "| 128 | 70.37 |" in product
    assert f" {1e3 * 70.3687 / 311.9:,.1f} products |" in product
    assert "tokens/s" in summary(config, found, gpus)[0]


def test_the_bound_is_the_larger_time():
    h100 = find_gpu_spec("H100")
    assert Row("", 1, flops=989.4e12, bytes=3350e9 / 2).seconds(h100) == pytest.approx(1)
    assert Row("", 1, flops=989.4e12, bytes=3350e9 / 2).bound(h100) == "products"
    assert Row("", 1, flops=0.0, bytes=3350e9 * 2).seconds(h100) == pytest.approx(2)
    assert Row("", 1, flops=0.0, bytes=3350e9 * 2).bound(h100) == "memory"


def test_every_gpu_has_the_speed_of_its_memory():
    assert all(gpu.bandwidth > 200 for gpu in GPU_SPECS)
