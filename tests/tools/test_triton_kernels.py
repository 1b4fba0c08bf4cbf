"""tools/triton_kernels.py: every Triton kernel of a step compiles for A100, H100 and B200, on a machine without a GPU."""

import ncvc.model.lazy_dynamo  # noqa: F401  # isort: skip

import importlib.util
import re
import subprocess
import tempfile

import pytest

from ncvc.train.config import TrainConfig
from tests.conftest import ROOT

pytest.importorskip("triton")

from triton import knobs

from tools import triton_kernels
from tools.compiled_kernels import absent_gpu, compiled_launches

LIGER = {
    "_rms_norm_forward_kernel",
    "_fused_add_rms_norm_backward_kernel",
    "_triton_rope",
    "_triton_rope, backwards",
    "liger_vocab_parallel_ce_forward_kernel",
    "liger_vocab_parallel_ce_backward_kernel",
}
COMPILED = {
    "dropout and residual",
    "calculate_logits_max",
    "calculate_predicted_logits",
    "calculate_cross_entropy_loss",
    "calculate_gradients",
}


@pytest.fixture(scope="module")
def config():
    return TrainConfig.load(ROOT / "megatron_configs/ncvc-slm-1.yaml", ("model.num_layers=1",))


@pytest.fixture(scope="module")
def own(config):
    return triton_kernels.step_launches(config)


def test_a_step_launches_the_kernels_of_what_is_installed(own):
    assert set(own) == (LIGER if importlib.util.find_spec("liger_kernel") else set())


@pytest.mark.parametrize("arch", triton_kernels.ARCHES)
def test_every_kernel_compiles_without_a_gpu(config, own, arch, capsys):
    """ptxas says what a kernel takes; NVIDIA's cuobjdump, which reads the compiled kernel, has to say the same."""
    if why := triton_kernels.problem(arch):
        pytest.skip(why)
    found = own | dict(compiled_launches(config, arch))
    assert {name.partition(":")[0] for name in found if ":" in name} == COMPILED
    for name, launch in found.items():
        usage = triton_kernels.compile_for(launch, arch)
        with capsys.disabled():
            print(f"\nsm_{arch} {name}: {usage}", end="")
        assert usage.registers == registers(launch, arch)
        assert 8 <= usage.registers <= 65536 // (32 * usage.warps)  # or a block would not start
        assert usage.shared <= 163 * 1024  # an A100's, the least of the three
        if name.startswith("dropout and residual"):
            assert usage.spilled == 0


def registers(launch, arch):
    """Registers of a thread, read from the compiled kernel."""
    arguments = [triton_kernels._by_type(value) for value in launch.arguments]
    options = {name: triton_kernels._by_type(value) for name, value in launch.options.items()}
    with absent_gpu(arch):
        compiled = launch.kernel.warmup(*arguments, grid=(1,), **options)
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(compiled.asm["cubin"])
        file.flush()
        command = [knobs.nvidia.cuobjdump.path, "-res-usage", file.name]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return int(re.search(r"REG:(\d+)", said)[1])


def test_what_ptxas_does_not_know_is_said():
    assert "does not know sm_999" in triton_kernels.problem(999)


def test_spills_are_counted():
    """A kernel written by hand, in PTX, that may have 16 registers and needs more."""
    needs = 40
    loads = "\n".join(f"ld.global.volatile.f32 %f{i}, [%rd1+{4 * i}];" for i in range(needs))
    stores = "\n".join(f"st.global.volatile.f32 [%rd1+{4 * i}], %f{i};" for i in reversed(range(needs)))
    ptx = (
        ".version 8.0\n.target sm_80\n.address_size 64\n"
        f".visible .entry k(.param .u64 p) .maxntid 1024 .minnctapersm 2 {{\n.reg .f32 %f<{needs}>;\n.reg .b64 %rd<2>;\n"
        f"ld.param.u64 %rd1, [p];\n{loads}\n{stores}\nret;\n}}\n"
    )
    taken, spilled = triton_kernels.assemble(ptx, 80)
    assert taken <= 32
    assert spilled > 0
