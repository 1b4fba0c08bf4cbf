"""tools/gpu: what a stage says arrives, whatever becomes of the stage; and stages run, small, on a CPU."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from tests.conftest import ROOT

KIT = ROOT / "tools/gpu"


@pytest.fixture
def kit(tmp_path, monkeypatch):
    """`run.py` as a module, with stages that are made up."""
    spec = importlib.util.spec_from_file_location("gpu_kit_run", KIT / "run.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    (tmp_path / "stage.py").write_text(
        "import os, subprocess, sys, time\n"
        'print(\'["gemm", {"product": "square", "TFLOP/s": 700.0}]\', flush=True)\n'
        'if sys.argv[1] == "fails": raise ValueError("no such kernel")\n'
        'if sys.argv[1] == "crashes": os.kill(os.getpid(), 11)\n'
        'if sys.argv[1] == "calls": subprocess.run([sys.executable, __file__, "fails"], check=True)\n'
        'if sys.argv[1] == "hangs": time.sleep(60)\n'
    )
    monkeypatch.setattr(module, "HERE", tmp_path)
    return module


@pytest.mark.parametrize(
    ("stage", "limit", "note"),
    [
        ("ends", 30, ""),
        ("fails", 30, "failed: ValueError: no such kernel"),
        ("calls", 30, "failed: ValueError: no such kernel"),
        ("crashes", 30, "ended by SIGSEGV"),
        ("hangs", 2, "limit of 2 s was reached"),
    ],
)
def test_a_stage_that_fails_or_hangs_costs_what_it_had_not_measured(kit, tmp_path, stage, limit, note):
    report = kit.Report(tmp_path / "gpu.md", "run", small=False)
    kit.run_stage(report, stage, limit, dict(os.environ))
    text = (tmp_path / "gpu.md").read_text()
    assert "| square | 700 |" in text
    assert note in text
    assert ("Not measured" in text) == bool(note)


def test_ratios_are_of_what_was_measured_with_dropout(kit, tmp_path):
    report = kit.Report(tmp_path / "gpu.md", "run", small=False)
    report.add("gemm", {"product": "square", "TFLOP/s": 800.0})
    report.add("speed", {"variant": "what auto takes", "micro-batch": 8, "tokens/s": 60000.0, "TFLOP/s": 440.0})
    report.add("speed", {"variant": "the same, dropout 0", "micro-batch": 8, "tokens/s": 70000.0, "TFLOP/s": 510.0})
    report.add("peer", {"compiled": "the model", "micro-batch": 8, "tokens/s": 40000.0})
    report.add("peer", {"compiled": "its layers", "micro-batch": 8, "skipped": "does not fit into memory"})
    text = (tmp_path / "gpu.md").read_text()
    assert "60,000 tokens/s" in text
    assert "of the best matrix product: 55.0%" in text
    assert "over transformers, the model: 1.50" in text
    assert "its layers:" not in text


def test_the_time_of_a_kernel_is_counted_once(kit, monkeypatch):
    """A GPU's timeline names stretches of it too, such as AdamW's step, beside the kernels in them."""
    monkeypatch.syspath_prepend(KIT)
    kernels = importlib.import_module("kernels")
    on_gpu = {"device_type": torch.autograd.DeviceType.CUDA, "self_device_time_total": 5.0, "self_cpu_time_total": 1.0}
    kernel = SimpleNamespace(**on_gpu, is_user_annotation=False)
    assert kernels.own_time(kernel, on_gpu=True) == 5
    assert kernels.own_time(SimpleNamespace(**on_gpu, is_user_annotation=True), on_gpu=True) == 0
    operator = SimpleNamespace(**on_gpu | {"device_type": torch.autograd.DeviceType.CPU}, is_user_annotation=False)
    assert kernels.own_time(operator, on_gpu=True) == 0
    assert kernels.own_time(operator, on_gpu=False) == 1
    names = {
        "void pytorch_flash::flash_bwd_dq_dk_dv_loop_seqk_parallel_kernel<Flash_bwd_kernel_traits<64, cutlass": "attention",
        "nvjet_hsh_256x128_64x4_1x2_h_bz_coopA_NNT": "matrix products",
        "void at::native::multi_tensor_apply_kernel<FusedOptimizerTensorListMetadata<4>, FusedAdamMathFunctor": "optimizer",
        "_fused_add_rms_norm_backward_kernel": "norm",
        "liger_vocab_parallel_ce_backward_kernel": "loss",
        "_triton_rope": "RoPE",
        "triton_poi_fused_add_native_dropout_0": "compiled: dropout and residual",
        "void at::native::vectorized_elementwise_kernel<4, at::native::(anonymous namespace)::silu_kernel": "SiLU",
    }
    assert {name: kernels.kind(name) for name in names} == names


def test_a_variant_that_fails_does_not_keep_the_others_from_being_measured(monkeypatch):
    monkeypatch.syspath_prepend(KIT)
    one_of_several = importlib.import_module("models").one_of_several

    def rows():
        yield {"micro-batch": 8}
        raise RuntimeError("no kernel\nC++ frames follow")

    assert list(one_of_several({"variant": "one"}, rows())) == [
        {"variant": "one", "micro-batch": 8},
        {"variant": "one", "skipped": "failed: no kernel"},
    ]


def test_a_machine_that_is_taken_away_keeps_its_table(tmp_path):
    """SIGTERM in the first stage, which is still importing."""
    out = tmp_path / "gpu.md"
    command = [sys.executable, str(KIT / "run.py"), str(out), "--small", "--only", "gemm"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()  # the stage has begun
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 1
    assert "stopped by SIGTERM" in out.read_text()


def test_a_small_run_on_a_cpu_measures_what_it_can_and_names_the_rest(tmp_path):
    out = tmp_path / "gpu.md"
    command = [sys.executable, str(KIT / "run.py"), str(out), "--small", "--only", "gemm,speed,parts"]
    command += ["--budget", "3000"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    text = out.read_text()
    assert re.search(r"\| what auto takes[^|]+ \| 4 \| [\d,]+ \|", text), text
    assert "fused RoPE" in text
    assert "needs a GPU" in text
    assert "Not measured" not in text, text
