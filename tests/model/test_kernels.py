"""Every form of a part against its plain one, and which form is chosen."""

import importlib.util
import os
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from megatron.core.tensor_parallel.cross_entropy import vocab_parallel_cross_entropy

from ncvc.errors import ConfigError
from ncvc.model.config import ComputeConfig, ModelConfig, ParallelConfig
from ncvc.model.gpt import build, initialise
from ncvc.model.kernels import select
from ncvc.model.kernels.attention import SDPBackend, sdpa_backends
from ncvc.model.kernels.cross_entropy import BlockedCrossEntropy
from ncvc.model.kernels.linear import TorchProducts
from ncvc.model.kernels.select import choose, triton_problem
from ncvc.model.parallel import single_process, started_by_torchrun
from ncvc.model.sharding import parameter_shards
from ncvc.train.optimizer import data_parallel
from tests.conftest import ROOT
from tests.small_training import SMALL

CPU, GPU = torch.device("cpu"), torch.device("cuda")
QUIET = {"hidden_dropout": 0.0, "attention_dropout": 0.0}


def losses_and_gradients(device=CPU, model=SMALL, **compute):
    """Token losses and the float32 gradient buffer of every weight after two micro-batches."""
    torch.set_num_threads(1)
    settings = ModelConfig(**model)
    with single_process(seed=3) if device.type == "cpu" else started_by_torchrun(ParallelConfig(), 3):
        gpt = build(settings, compute=ComputeConfig(**{"dtype": "float32", **compute}), device=device)
        initialise(gpt, settings, seed=3)
        wrapped = data_parallel(gpt).train()
        wrapped.zero_grad_buffer()
        generator = torch.Generator().manual_seed(0)
        found = []
        for _ in range(2):
            tokens = torch.randint(0, settings.vocab_size, (2, 16), generator=generator).to(device)
            positions = torch.arange(16, device=device).repeat(2, 1)
            found.append(wrapped(tokens, positions, None, labels=tokens.roll(-1, 1)))
            found[-1].mean().backward()
        gradients = {shard.name: shard.parameter.main_grad.cpu().clone() for shard in parameter_shards(gpt)}
        return torch.stack([losses.detach().cpu() for losses in found]), gradients


def assert_close(first, second, **tolerance):
    torch.testing.assert_close(first[0], second[0], **tolerance)
    assert first[1].keys() == second[1].keys()
    for name, gradient in first[1].items():
        assert gradient.abs().max() > 0
        torch.testing.assert_close(
            gradient, second[1][name], msg=lambda text, name=name: f"{name}: {text}", **tolerance
        )


def test_products_add_weight_gradients_without_rounding_them():
    generator = torch.Generator().manual_seed(1)
    inputs, d_out = (torch.randn(256, width, generator=generator).bfloat16() for width in (24, 40))
    buffer = torch.randn(40, 24, generator=generator)
    exact = buffer.double() + d_out.double().T @ inputs.double()
    plain = buffer + d_out.T @ inputs  # the product in bfloat16
    TorchProducts.wgrad_gemm_accum_fp32(inputs, d_out, buffer)
    torch.testing.assert_close(buffer.double(), exact, atol=1e-4, rtol=1e-6)
    assert (plain - exact).abs().max() > 100 * (buffer - exact).abs().max()


def test_fused_weight_gradients_are_the_plain_ones():
    plain = losses_and_gradients()
    fused = losses_and_gradients(gradient_accumulation_fusion=True)
    assert torch.equal(plain[0], fused[0])
    assert_close(fused, plain, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize(
    "recompute",
    [
        {"recompute_granularity": "full", "recompute_method": "uniform", "recompute_num_layers": 1},
        {"recompute_granularity": "selective", "recompute_modules": ["core_attn", "mlp"]},
    ],
    ids=["full", "selective"],
)
def test_what_is_computed_again_is_the_same_dropout_included(recompute):
    kept, again = losses_and_gradients(), losses_and_gradients(**recompute)
    assert torch.equal(kept[0], again[0])
    for name, gradient in kept[1].items():
        assert torch.equal(gradient, again[1][name]), name


LIGER = {
    "apply_rope_fusion": True,
    "fused_residual_rmsnorm": True,
    "cross_entropy_fusion_impl": "liger",
    "gradient_accumulation_fusion": True,
}


@pytest.mark.skipif(not importlib.util.find_spec("liger_kernel"), reason="liger-kernel is not installed")
def test_liger_kernels_equal_the_plain_forms_in_tritons_interpreter():
    """In a process of its own, since Triton reads the variable when it is imported."""
    environment = {**os.environ, "TRITON_INTERPRET": "1"}
    command = [sys.executable, "-m", "tests.model.test_kernels"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
@pytest.mark.parametrize("compute", [{}, LIGER, {"core_attention": "megatron"}], ids=["auto", "liger", "megatron"])
def test_a_gpu_computes_what_a_cpu_does(compute, monkeypatch):
    """In bfloat16, whose products are off by parts of 256."""
    rank = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29533"}
    for name, value in rank.items():
        monkeypatch.setenv(name, value)
    model = {**SMALL, **QUIET, "hidden_size": 64}
    exact = losses_and_gradients(model=model)
    found = losses_and_gradients(GPU, model=model, dtype="bfloat16", **compute)
    torch.testing.assert_close(found[0].float(), exact[0], atol=0.05, rtol=0.02)
    for name, gradient in exact[1].items():
        assert (found[1][name] - gradient).norm() < 0.03 * gradient.norm(), name


def test_cudnn_never_sees_dropout():
    for dtype in (torch.bfloat16, torch.float32):
        assert SDPBackend.CUDNN_ATTENTION not in sdpa_backends(dtype, 0.1)
    assert sdpa_backends(torch.bfloat16, 0.1) == [SDPBackend.FLASH_ATTENTION]
    assert sdpa_backends(torch.bfloat16, 0.0)[0] == SDPBackend.CUDNN_ATTENTION


@pytest.fixture
def gpu(monkeypatch):
    """A machine with a GPU, as far as the choice can see, and the packages that a test names."""

    def pretend(*packages, capability=(9, 0), product=True, triton=""):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "a card")
        monkeypatch.setattr(select.linear, "works", lambda device: product)
        monkeypatch.setattr(select, "installed", lambda module: module in packages)
        monkeypatch.setattr(select, "triton_problem", lambda: triton)

    return pretend


@pytest.mark.parametrize("rows", [1, 31, 33, 100])  # blocks have 32
def test_cross_entropy_by_blocks_is_megatron_cores_to_the_bit(rows):
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(rows)
    start = 5 * torch.randn(rows, 2, 1003, generator=generator)
    labels = torch.randint(0, 1003, (2, rows), generator=generator)
    weights = torch.rand(2, rows, generator=generator)

    def losses_and_gradient(cross_entropy):
        leaf = start.clone().requires_grad_()
        losses = cross_entropy(leaf * 1)  # both write over what they are given
        losses.backward(weights)
        return losses.detach(), leaf.grad

    def megatron_core(logits):
        return vocab_parallel_cross_entropy(logits, labels.transpose(0, 1).contiguous()).transpose(0, 1)

    def plain(logits):
        return F.cross_entropy(logits.permute(1, 2, 0), labels, reduction="none")

    with single_process(seed=1):
        found = losses_and_gradient(lambda logits: BlockedCrossEntropy()(labels, logits))
        for own, other in zip(found, losses_and_gradient(megatron_core), strict=True):
            assert torch.equal(own, other)
    for own, other in zip(found, losses_and_gradient(plain), strict=True):
        torch.testing.assert_close(own, other)


def test_a_whole_model_gets_the_same_bits_with_cross_entropy_by_blocks():
    blocked, none = losses_and_gradients(), losses_and_gradients(cross_entropy_fusion_impl="none")
    assert_close(blocked, none, rtol=0, atol=0)


def test_cross_entropy_by_blocks_needs_the_whole_vocabulary_in_float32():
    model = ModelConfig(**SMALL)
    float32, bfloat16 = ComputeConfig(dtype="float32"), ComputeConfig(dtype="bfloat16")
    assert choose(float32, model, CPU, 1).cross_entropy.form == "blocked"
    assert choose(float32, model, CPU, 2).cross_entropy.form == "none"
    assert choose(bfloat16, model, CPU, 1).cross_entropy.form == "none"


def test_a_cpu_gets_the_plain_forms():
    forms = choose(ComputeConfig(dtype="float32"), ModelConfig(**SMALL), CPU).forms()
    assert forms == {
        "linear": "local",
        "attention": "sdpa",
        "rope": "torch",
        "norm": "torch",
        "bias_dropout": "torch",
        "cross_entropy": "blocked",
        "weight_gradients": "rounded",
        "optimizer": "fused",
        "recompute": "nothing",
    }


def test_a_gpu_gets_what_is_installed(gpu):
    model = ModelConfig(**SMALL)
    gpu()
    bare = choose(ComputeConfig(), model, GPU)
    assert (bare.rope.form, bare.norm.form, bare.cross_entropy.form) == ("torch", "torch", "native")
    assert "pip install 'ncvc[gpu]'" in bare.rope.why
    gpu("liger_kernel")
    full = choose(ComputeConfig(), model, GPU)
    assert (full.rope.form, full.norm.form, full.cross_entropy.form) == ("liger", "liger", "liger")
    assert (full.weight_gradients.form, full.optimizer.form) == ("torch", "fused")
    assert full.attention.why in full.describe()
    gpu("liger_kernel", product=False)
    assert choose(ComputeConfig(), model, GPU).weight_gradients.form == "rounded"
    with pytest.raises(ConfigError, match=r"gradient_accumulation_fusion.*newer torch"):
        choose(ComputeConfig(gradient_accumulation_fusion=True), model, GPU)
    # megatron-core's fused cross entropy rounds its gradients to bfloat16.
    gpu()
    assert choose(ComputeConfig(dtype="float32"), model, GPU).cross_entropy.form == "none"


@pytest.mark.skipif(torch.cuda.is_available(), reason="Triton needs a GPU or the interpreter")
def test_a_machine_where_triton_makes_no_kernels_gets_torchs_forms(gpu):
    assert "Triton cannot make kernels here" in triton_problem()  # here is no GPU that it could make them for
    gpu("liger_kernel", triton="no compiler")
    model = ModelConfig(**SMALL)
    found = choose(ComputeConfig(), model, GPU)
    assert {found.rope, found.norm} == {select.Choice("torch", "no compiler")}
    assert (found.bias_dropout.form, found.cross_entropy.form) == ("torch", "none")
    for compute in (LIGER, {"bias_dropout_fusion": True}, {"cross_entropy_fusion_impl": "native"}):
        with pytest.raises(ConfigError, match=r"(true|native): no compiler; it needs a C compiler"):
            choose(ComputeConfig(**compute), model, GPU)


@pytest.mark.parametrize(
    ("compute", "says"),
    [
        ({"apply_rope_fusion": True}, "apply_rope_fusion: true needs liger_kernel.*ncvc\\[gpu\\]"),
        ({"fused_residual_rmsnorm": True}, "fused_residual_rmsnorm: true needs liger_kernel"),
        ({"cross_entropy_fusion_impl": "liger"}, "cross_entropy_fusion_impl: liger needs liger_kernel"),
        ({"core_attention": "flash_attn"}, "core_attention: flash_attn needs flash_attn.*pip install"),
        ({"transformer_impl": "transformer_engine"}, "needs transformer_engine.*pip install"),
        ({"gradient_accumulation_fusion": "apex"}, "gradient_accumulation_fusion: apex needs.*NVIDIA/apex"),
    ],
)
def test_what_is_asked_for_and_missing_is_an_error_that_names_the_fix(gpu, compute, says):
    gpu()
    with pytest.raises(ConfigError, match=says):
        choose(ComputeConfig(**compute), ModelConfig(**SMALL), GPU)
    with pytest.raises(ConfigError, match="needs a GPU"):
        choose(ComputeConfig(**compute), ModelConfig(**SMALL), CPU)


def test_an_old_card_is_refused(gpu):
    gpu("transformer_engine", capability=(7, 5))
    with pytest.raises(ConfigError, match="has no bfloat16"):
        choose(ComputeConfig(), ModelConfig(**SMALL), GPU)
    gpu("transformer_engine", capability=(8, 0))
    with pytest.raises(ConfigError, match="has no FP8"):
        choose(ComputeConfig(fp8="hybrid", transformer_impl="transformer_engine"), ModelConfig(**SMALL), GPU)


def test_another_package_called_apex_is_refused(tmp_path, monkeypatch):
    (tmp_path / "apex-0.9.10.dist-info").mkdir()
    (tmp_path / "apex-0.9.10.dist-info/METADATA").write_text("Name: apex\nVersion: 0.9.10\nSummary: a web toolkit\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=r"not NVIDIA's apex.*pip uninstall apex"):
        choose(ComputeConfig(), ModelConfig(**SMALL), CPU)
    (tmp_path / "amp_C.py").touch()  # one of the extensions that only NVIDIA's has
    choose(ComputeConfig(), ModelConfig(**SMALL), CPU)


@pytest.mark.parametrize(
    ("compute", "says"),
    [
        ({"fp8": "hybrid"}, "transformer_impl"),
        ({"recompute_granularity": "full"}, "recompute_method"),
        ({"recompute_modules": ["mlp"]}, "leave it out"),
        ({"recompute_granularity": "selective"}, "name some"),
        (
            {"recompute_granularity": "selective", "recompute_modules": ["layernorm"]},
            "layernorm needs TransformerEngine",
        ),
    ],
)
def test_settings_that_contradict_each_other(compute, says):
    with pytest.raises(ValueError, match=says):
        ComputeConfig(**compute)


def _in_the_interpreter():
    import liger_kernel.ops.fused_add_rms_norm as backward
    import liger_kernel.ops.rms_norm as forward
    import triton.language as tl

    class Number(float):
        """A number as a kernel gets it from Triton's compiler, not from its interpreter."""

        def to(self, dtype):
            return self

    def with_numbers(function):
        return lambda *args, **kw: function(*(Number(arg) if type(arg) is float else arg for arg in args), **kw)

    class WithNumbers:
        def __init__(self, kernel):
            self.kernel = kernel

        def __getitem__(self, grid):
            return with_numbers(self.kernel[grid])

    forward.rsqrt = lambda x: tl.rsqrt(x)  # the interpreter has none of CUDA's library
    forward.rms_norm_forward = with_numbers(forward.rms_norm_forward)
    backward._fused_add_rms_norm_backward_kernel = WithNumbers(backward._fused_add_rms_norm_backward_kernel)
    model = {**SMALL, **QUIET, "num_layers": 1}
    plain, fused = losses_and_gradients(model=model), losses_and_gradients(model=model, **LIGER)
    assert not torch.equal(plain[0], fused[0])  # or the forms were the same
    assert_close(fused, plain, atol=1e-5, rtol=1e-4)


if __name__ == "__main__":
    _in_the_interpreter()
