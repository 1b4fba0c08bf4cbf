"""Choice of a kernel for each part of the model, made once before the first step and logged with its reason."""

import dataclasses
import functools
import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ncvc.errors import ConfigError
from ncvc.model.config import ComputeConfig, ModelConfig
from ncvc.model.kernels import linear
from ncvc.packages import wrong_apex

APEX_PRODUCTS = "fused_weight_gradient_mlp_cuda"
"""The extension of NVIDIA's apex that accumulates weight gradients, by the name that megatron-core imports."""


@dataclass(frozen=True)
class Choice:
    """Form of one part's kernel, and the reason for it."""

    form: str
    why: str


@dataclass(frozen=True)
class Kernels:
    """Chosen form of each part."""

    linear: Choice
    """local (torch), or transformer_engine."""
    attention: Choice
    """sdpa (torch), megatron, flash_attn or transformer_engine."""
    rope: Choice
    """torch, liger or transformer_engine."""
    norm: Choice
    """torch, liger or transformer_engine; the latter two return the residual too."""
    bias_dropout: Choice
    """torch, or compiled: dropout and residual in one kernel."""
    cross_entropy: Choice
    """none (megatron-core's, not fused), blocked (its bits), native (megatron-core's, compiled), liger or te."""
    weight_gradients: Choice
    """rounded (to the weights' type before they are added), torch (added in float32) or apex."""
    optimizer: Choice
    """AdamW: fused."""
    recompute: Choice
    """Recomputed activations: nothing, full or selective."""

    def describe(self) -> str:
        """Lines for the console, one per part."""
        rows = [(field.name.replace("_", " "), getattr(self, field.name)) for field in dataclasses.fields(self)]
        return "\n".join(f"  {name:<16} {choice.form:<18} {choice.why}" for name, choice in rows)

    def forms(self) -> dict[str, str]:
        """Maps each part to its form."""
        return {field.name: getattr(self, field.name).form for field in dataclasses.fields(self)}


def choose(compute: ComputeConfig, model: ModelConfig, device: torch.device, tensor_parallel: int = 1) -> Kernels:
    """Chooses the kernels for a config on this machine; `tensor_parallel` ranks share the vocabulary.

    Raises `ConfigError` if the config asks for a kernel that the machine lacks.
    """
    on_gpu = device.type == "cuda"
    if problem := wrong_apex():
        raise ConfigError(f"apex: {problem}")
    if on_gpu:
        _require_capability(compute, device)
    engine = compute.transformer_impl == "transformer_engine"
    if engine or compute.core_attention == "transformer_engine":
        _require("transformer_engine", "compute.transformer_impl and core_attention: transformer_engine", on_gpu)
    return Kernels(
        linear=(
            Choice("transformer_engine", f"asked for, {compute.fp8 or compute.dtype}")
            if engine
            else Choice("local", "torch's products")
        ),
        attention=_attention(compute, model, on_gpu),
        rope=_fused(compute.apply_rope_fusion, "apply_rope_fusion", engine, on_gpu),
        norm=_fused(compute.fused_residual_rmsnorm, "fused_residual_rmsnorm", engine, on_gpu),
        bias_dropout=_bias_dropout(compute, on_gpu),
        cross_entropy=_cross_entropy(compute, on_gpu, tensor_parallel),
        weight_gradients=_weight_gradients(compute, device),
        optimizer=Choice("fused", "torch's"),
        recompute=_recompute(compute),
    )


def installed(module: str) -> bool:
    """Tells whether a top-level module can be imported, without importing it."""
    return importlib.util.find_spec(module) is not None


@functools.cache
def triton_problem() -> str:
    """Explains why Triton cannot compile kernels for this machine's GPU; empty if it can.

    Triton builds a small C module first, and a machine without a C compiler would otherwise fail in the first step.
    """
    try:
        from triton.runtime import driver

        assert driver.active
    except Exception as error:  # of a compiler, a linker, a folder, or Triton itself
        return f"Triton cannot make kernels here ({type(error).__name__}: {str(error)[:100]})"
    return ""


PACKAGES = {
    "liger_kernel": "pip install 'ncvc[gpu]'",
    "flash_attn": "pip install flash-attn --no-build-isolation",
    "transformer_engine": "pip install 'transformer-engine[pytorch]' --no-build-isolation",
    APEX_PRODUCTS: "build https://github.com/NVIDIA/apex with its CUDA extensions",
}
"""Remedy for each missing module."""


def _require(module: str, asked: str, on_gpu: bool) -> None:
    if not on_gpu:
        raise ConfigError(f"{asked} needs a GPU, and here is none; leave it out, or use a machine that has one")
    if not installed(module):
        raise ConfigError(f"{asked} needs {module}, which is not installed: {PACKAGES[module]}, or leave it out")


def _require_liger(asked: str, on_gpu: bool) -> None:
    # Triton's interpreter runs kernels on a CPU, slowly, for tests.
    _require("liger_kernel", asked, on_gpu or os.environ.get("TRITON_INTERPRET") == "1")
    if on_gpu:
        _require_triton(asked)


def _require_triton(asked: str) -> None:
    if problem := triton_problem():
        raise ConfigError(
            f"{asked}: {problem}; it needs a C compiler and Python's headers (gcc, python3-dev) and a folder for"
            " kernels (TRITON_CACHE_DIR); or set it to auto"
        )


def _require_capability(compute: ComputeConfig, device: torch.device) -> None:
    capability = torch.cuda.get_device_capability(device)
    name = torch.cuda.get_device_name(device)
    if compute.dtype == "bfloat16" and capability < (8, 0):
        raise ConfigError(f"compute.dtype: {name} has no bfloat16 (compute capability 8.0); set it to float32")
    if compute.fp8 and capability < (8, 9):
        raise ConfigError(f"compute.fp8: {name} has no FP8 (compute capability 8.9); leave it out")


def _attention(compute: ComputeConfig, model: ModelConfig, on_gpu: bool) -> Choice:
    form, dropout = compute.core_attention, model.attention_dropout
    if form == "flash_attn":
        _require("flash_attn", "compute.core_attention: flash_attn", on_gpu)
        if compute.dtype == "float32":
            raise ConfigError("compute.core_attention: flash_attn needs compute.dtype bfloat16; set one or the other")
    if form != "sdpa":
        return Choice(form, "asked for")
    if not on_gpu:
        return Choice(form, "torch's, on a CPU")
    if compute.dtype == "float32":
        return Choice(form, "torch's; its flash kernel has no float32")
    if dropout > 0:
        return Choice(form, f"torch's flash kernel: cuDNN's would round dropout {dropout}")
    return Choice(form, "torch's cuDNN or flash kernel: no dropout to round")


def _fused(wish: bool | str, name: str, engine: bool, on_gpu: bool) -> Choice:
    """Chooses RoPE or norm: TransformerEngine's with its layers, else liger-kernel's, else torch's."""
    if wish is False:
        return Choice("torch", f"{name} is false")
    if engine:
        return Choice("transformer_engine", "as its layers")
    if wish is True:
        _require_liger(f"compute.{name}: true", on_gpu)
        return Choice("liger", "asked for")
    return _liger_or("torch", on_gpu)


def _liger_or(other: str, on_gpu: bool) -> Choice:
    if not on_gpu:
        return Choice(other, "no GPU")
    if not installed("liger_kernel"):
        return Choice(other, f"liger-kernel is not installed: {PACKAGES['liger_kernel']}")
    if problem := triton_problem():
        return Choice(other, problem)
    return Choice("liger", "installed")


def _bias_dropout(compute: ComputeConfig, on_gpu: bool) -> Choice:
    if compute.bias_dropout_fusion is False:
        return Choice("torch", "bias_dropout_fusion is false")
    if not on_gpu:
        if compute.bias_dropout_fusion is True:
            raise ConfigError("compute.bias_dropout_fusion: true needs a GPU, and here is none; set it to auto")
        return Choice("torch", "no GPU")
    if compute.bias_dropout_fusion is True:
        _require_triton("compute.bias_dropout_fusion: true")
    problem = triton_problem()
    return Choice("torch", problem) if problem else Choice("compiled", "on a GPU")


def _cross_entropy(compute: ComputeConfig, on_gpu: bool, tensor_parallel: int) -> Choice:
    wish = compute.cross_entropy_fusion_impl
    asked = f"compute.cross_entropy_fusion_impl: {wish}"
    if wish == "auto":
        if not on_gpu:
            if compute.dtype == "float32" and tensor_parallel == 1:
                return Choice("blocked", "in blocks that stay in the cache, on a CPU")
            return Choice("none", "megatron-core's plain one: no GPU")
        found = _liger_or("native", on_gpu)
        if found.form == "native" and compute.dtype == "float32":
            return Choice("none", "megatron-core's plain one: its compiled one makes bfloat16 gradients")
        if found.form == "native" and triton_problem():
            return Choice("none", f"megatron-core's plain one: {triton_problem()}")
        return found
    if wish == "liger":
        _require_liger(asked, on_gpu)
    elif wish == "te":
        _require("transformer_engine", asked, on_gpu)
    elif wish == "native":
        if not on_gpu:
            raise ConfigError(f"{asked} needs a GPU, and here is none; set it to auto")
        _require_triton(asked)
        if compute.dtype == "float32":
            raise ConfigError(f"{asked} makes bfloat16 gradients; with compute.dtype float32 set it to auto")
    return Choice(wish, "asked for")


def _weight_gradients(compute: ComputeConfig, device: torch.device) -> Choice:
    wish, on_gpu = compute.gradient_accumulation_fusion, device.type == "cuda"
    if wish is False:
        return Choice("rounded", "gradient_accumulation_fusion is false")
    if wish == "apex":
        _require(APEX_PRODUCTS, "compute.gradient_accumulation_fusion: apex", on_gpu)
        return Choice("apex", "asked for")
    if wish == "auto" and not on_gpu:
        return Choice("rounded", "no GPU")
    if linear.works(device):
        return Choice("torch", "added in float32 by the product")
    if wish is True:
        raise ConfigError(
            "compute.gradient_accumulation_fusion: this torch has no product of bfloat16 that adds to float32 here;"
            " set it to auto, or take a newer torch"
        )
    return Choice("rounded", "this torch has no product of bfloat16 that adds to float32 here")


def _recompute(compute: ComputeConfig) -> Choice:
    if compute.recompute_granularity is None:
        return Choice("nothing", "activations are kept")
    if compute.recompute_granularity == "full":
        return Choice("full", f"{compute.recompute_method}, {compute.recompute_num_layers} layers")
    modules: Sequence[str] = compute.recompute_modules or ()
    return Choice("selective", ", ".join(modules))
