"""Compares a GGUF file with Megatron's GPTModel, by llama.cpp or by reading it back."""

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from torch import Tensor
from transformers import AutoConfig

from ncvc.convert import check, llama_cpp
from ncvc.convert.config import huggingface_config
from ncvc.convert.gguf import ROPE_FACTORS, entries
from ncvc.convert.streaming import transformers_logits, without_weights
from ncvc.errors import ConvertError
from ncvc.model.config import ROPE_SCALING, ModelConfig

BOUNDS: dict[str, tuple[float, float]] = {
    "float32": (1e-3, 0.98),
    "float16": (1e-3, 0.98),
    "bfloat16": (1e-2, 0.9),
    "q8_0": (1e-2, 0.9),
    "q6_k": (5e-2, 0.85),
    "q5_k_m": (0.15, 0.75),
    "q4_k_m": (0.4, 0.6),
}
"""Largest mean KL divergence in nats, and smallest share of equal most likely tokens, beside Megatron's float32."""
TOLERANCE = {"gguf": check.TOLERANCE, "llama.cpp": 5e-5}
"""Largest difference of a logit of a float32 file by engine. llama.cpp's own sums differ by up to 1.1e-5 on random
models; a wrong file by more than 0.1."""
NO_ROPE_SCALING = {name: ModelConfig.model_fields[name].default for name in ROPE_SCALING}


@dataclass(frozen=True, kw_only=True)
class Found:
    """Result of the comparison with Megatron's float32 logits."""

    engine: str
    """`llama.cpp`, or `gguf` where that is not installed: the file read by `gguf`, computed by transformers."""
    difference: float
    """Largest difference of two logits, measured as `check.TOLERANCE` is; of llama.cpp with a float32 cache."""
    divergence: float
    """Mean Kullback-Leibler divergence in nats, with the engine's default settings."""
    agreement: float
    """Share of positions at which both have the same most likely token, with the engine's default settings."""
    tokens: int


def compare(model: ModelConfig, path: Path, ids: Tensor, ours: Tensor) -> Found:
    """Compares the file's logits for ids [batch, length] with `ours` [batch, length, V], Megatron's in float32."""
    if llama_cpp.is_installed():
        engine = "llama.cpp"
        exact, default = map(torch.from_numpy, llama_cpp.logits(path, ids.numpy()))
    else:
        engine = "gguf"
        exact = default = reread_logits(model, path, ids)
    expected, found = ours.log_softmax(-1), default.log_softmax(-1)
    return Found(
        engine=engine,
        difference=check.difference(ours, exact),
        divergence=max(0.0, (expected.exp() * (expected - found)).sum(-1).mean().item()),
        agreement=(ours.argmax(-1) == default.argmax(-1)).float().mean().item(),
        tokens=ids.numel(),
    )


def reread_logits(model: ModelConfig, path: Path, ids: Tensor) -> Tensor:
    """Logits [batch, length, V] of the file's numbers, by transformers' Llama in float32."""
    reader = gguf.GGUFReader(path)
    stored: dict[str, Any] = {tensor.name: tensor for tensor in reader.tensors}
    table = {entry.huggingface: entry for entry in entries(model)}

    def read(name: str) -> Tensor:
        entry = table[name]
        tensor = stored[entry.name]
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        weight = torch.from_numpy(np.require(values, requirements="W")).view(entry.shape)  # a copy of what is mapped
        reader.data._mmap.madvise(mmap.MADV_DONTNEED)  # pages that were read count as memory of the process
        if not entry.heads:
            return weight
        pairs = weight.view(entry.heads, -1, 2, *entry.shape[1:])  # neighbours → halves
        return torch.cat([pairs[:, :, 0], pairs[:, :, 1]], dim=1).view(entry.shape)

    config = huggingface_config(model.model_copy(update=NO_ROPE_SCALING), "float32", llama=True)
    llama = without_weights(AutoConfig.for_model(**config))
    llama.model.rotary_emb.inv_freq /= _rope_divisors(reader, stored)
    return transformers_logits(llama, ids, read)


def _rope_divisors(reader: gguf.GGUFReader, stored: dict[str, Any]) -> Tensor:
    """Divisors of RoPE's frequencies that the file holds, as llama.cpp reads them."""
    if ROPE_FACTORS in stored:
        return torch.tensor(stored[ROPE_FACTORS].data)
    field = reader.get_field("llama.rope.scaling.factor")
    return torch.tensor(1.0 if field is None else field.contents())


def require_bounds(out: Path, dtype: str, found: Found, todo: str) -> None:
    """Raises `ConvertError` where the file computes something else than the model; `todo` ends its sentence."""
    divergence, agreement = BOUNDS[dtype]
    tolerance = TOLERANCE[found.engine]
    if dtype == "float32" and found.difference > tolerance:
        wrong = f"its logits differ from Megatron's by {found.difference:.1e}, more than {tolerance:.0e}"
    elif not found.divergence <= divergence:
        wrong = f"its mean KL divergence from Megatron's is {found.divergence:.1e}, more than {divergence:.0e}"
    elif found.agreement < agreement:
        wrong = f"its most likely token is Megatron's at {found.agreement:.1%}, fewer than {agreement:.0%}"
    else:
        return
    raise ConvertError(f"{out}: {wrong}; {todo}")
