"""Megatron weight ↔ Hugging Face weight, as data: `BEFORE`, `LAYER` (once a layer) and `AFTER`.

Sizes: V vocabulary, d hidden, f MLP, h one head, q all query heads, kv all key heads (groups times h).

linear_qkv has q + 2·kv rows, which lie per query group as [q … q, k, v], h rows each
(megatron.core.transformer.attention.SelfAttention). Both sides rotate the two halves of a head (RoPE as in
LLaMA), so no row is permuted. Megatron multiplies the embedding's output by √d (arXiv 2312.16903);
ArceeForCausalLM has no such factor, so the matrix itself is multiplied.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ncvc.model.config import ModelConfig


def fold_embedding(weight: Tensor) -> Tensor:
    """The embedding [V, d] times √d, in fp32: the product that Megatron's forward computes, bit for bit."""
    return weight.float() * math.sqrt(weight.shape[1])


def unfold_embedding(weight: Tensor) -> Tensor:
    """The embedding [V, d] divided by √d, in fp32; undoes `fold_embedding` up to one rounding."""
    return weight.float() / math.sqrt(weight.shape[1])


def split_qkv(weight: Tensor, model: ModelConfig) -> tuple[Tensor, ...]:
    """Splits linear_qkv [q + 2·kv, d], rows per group [q … q, k, v], into q [q, d], k [kv, d], v [kv, d]."""
    groups = weight.view(model.num_query_groups, -1, model.kv_channels, model.hidden_size)
    parts = groups[:, :-2], groups[:, -2], groups[:, -1]
    return tuple(part.reshape(-1, model.hidden_size) for part in parts)


def merge_qkv(weights: tuple[Tensor, ...], model: ModelConfig) -> Tensor:
    """Merges q [q, d], k [kv, d], v [kv, d] into linear_qkv [q + 2·kv, d]; inverts `split_qkv` exactly."""
    groups = model.num_query_groups, -1, model.kv_channels, model.hidden_size
    return torch.cat([part.view(groups) for part in weights], dim=1).view(-1, model.hidden_size)


@dataclass(frozen=True)
class Layout:
    """Arrangement of one Megatron weight's numbers in one or several Hugging Face weights."""

    split: Callable[[Tensor, ModelConfig], tuple[Tensor, ...]]
    """Megatron → Hugging Face."""
    merge: Callable[[tuple[Tensor, ...], ModelConfig], Tensor]
    """Hugging Face → Megatron."""


SAME = Layout(lambda weight, _: (weight,), lambda weights, _: weights[0])
FOLDED = Layout(lambda weight, _: (fold_embedding(weight),), lambda weights, _: unfold_embedding(weights[0]))
QKV = Layout(split_qkv, merge_qkv)


@dataclass(frozen=True)
class Weight:
    """One Megatron weight and the Hugging Face weights that hold the same numbers."""

    megatron: str
    """Name in GPTModel's state dict."""
    shape: tuple[str, ...]
    """Its sizes, in the letters of the module docstring."""
    huggingface: tuple[str, ...]
    """Names in ArceeForCausalLM's state dict, in the order that `layout` uses."""
    layout: Layout = SAME


BEFORE = (Weight("embedding.word_embeddings.weight", ("V", "d"), ("model.embed_tokens.weight",), FOLDED),)
LAYER = (
    Weight("input_layernorm.weight", ("d",), ("input_layernorm.weight",)),
    Weight(
        "self_attention.linear_qkv.weight",
        ("q+2kv", "d"),
        ("self_attn.q_proj.weight", "self_attn.k_proj.weight", "self_attn.v_proj.weight"),
        QKV,
    ),
    Weight("self_attention.linear_proj.weight", ("d", "q"), ("self_attn.o_proj.weight",)),
    Weight("pre_mlp_layernorm.weight", ("d",), ("post_attention_layernorm.weight",)),
    Weight("mlp.linear_fc1.weight", ("f", "d"), ("mlp.up_proj.weight",)),
    Weight("mlp.linear_fc2.weight", ("d", "f"), ("mlp.down_proj.weight",)),
)
AFTER = (
    Weight("decoder.final_layernorm.weight", ("d",), ("model.norm.weight",)),
    Weight("output_layer.weight", ("V", "d"), ("lm_head.weight",)),
)


def weights(model: ModelConfig) -> Iterator[Weight]:
    """Every weight of `model`, in the order in which a forward pass uses them, with whole names."""
    yield from BEFORE
    for layer in range(model.num_layers):
        ours, theirs = f"decoder.layers.{layer}.", f"model.layers.{layer}."
        for weight in LAYER:
            names = tuple(theirs + name for name in weight.huggingface)
            yield Weight(ours + weight.megatron, weight.shape, names, weight.layout)
    yield from AFTER


def megatron_shape(weight: Weight, model: ModelConfig) -> tuple[int, ...]:
    """The global shape of the Megatron weight in a model of these sizes."""
    q, kv = model.num_attention_heads * model.kv_channels, model.num_query_groups * model.kv_channels
    sizes = {
        "V": model.vocab_size,
        "d": model.hidden_size,
        "f": model.ffn_hidden_size,
        "q": q,
        "q+2kv": q + 2 * kv,
    }
    return tuple(sizes[letter] for letter in weight.shape)


def huggingface_shapes(weight: Weight, model: ModelConfig) -> dict[str, tuple[int, ...]]:
    """The shapes of the Hugging Face weights, found by splitting a tensor that has no storage."""
    empty = torch.empty(megatron_shape(weight, model), device="meta")
    parts = weight.layout.split(empty, model)
    return {name: tuple(part.shape) for name, part in zip(weight.huggingface, parts, strict=True)}
