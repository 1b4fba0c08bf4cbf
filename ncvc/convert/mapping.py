"""Megatron weight ↔ Hugging Face weight, as data: one table for each form of the model.

Sizes: V vocabulary, d hidden, f MLP, h one head, q all query heads, kv all key heads (groups times h).

linear_qkv has q + 2·kv rows, which lie per query group as [q … q, k, v], h rows each
(megatron.core.transformer.attention.SelfAttention). Both sides rotate the two halves of a head (RoPE as in
LLaMA), so no row is permuted. `scale_embedding` multiplies the embedding's output by √d (arXiv 2312.16903);
Hugging Face's models have no such factor, so the matrix itself is multiplied.
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
    """Splits linear_qkv [q + 2·kv, d], rows per group [q … q, k, v], into q [q, d], k [kv, d], v [kv, d].

    Its bias [q + 2·kv] likewise.
    """
    row = weight.shape[1:]
    groups = weight.view(model.num_query_groups, -1, model.kv_channels, *row)
    parts = groups[:, :-2], groups[:, -2], groups[:, -1]
    return tuple(part.reshape(-1, *row) for part in parts)


def merge_qkv(weights: tuple[Tensor, ...], model: ModelConfig) -> Tensor:
    """Merges q [q, d], k [kv, d], v [kv, d] into linear_qkv [q + 2·kv, d]; inverts `split_qkv` exactly."""
    row = weights[0].shape[1:]
    groups = model.num_query_groups, -1, model.kv_channels, *row
    return torch.cat([part.view(groups) for part in weights], dim=1).view(-1, *row)


def split_gate(weight: Tensor, _: ModelConfig) -> tuple[Tensor, ...]:
    """Splits linear_fc1 of `GatedMLP` [2·f, d], rows in pairs, into gate [f, d] and value [f, d]."""
    return weight[0::2], weight[1::2]


def merge_gate(weights: tuple[Tensor, ...], model: ModelConfig) -> Tensor:
    """Merges gate [f, d] and value [f, d] into linear_fc1 [2·f, d]; inverts `split_gate` exactly."""
    return torch.stack(weights, dim=1).view(-1, model.hidden_size)


@dataclass(frozen=True)
class Layout:
    """Arrangement of one Megatron weight's numbers in one or several Hugging Face weights."""

    split: Callable[[Tensor, ModelConfig], tuple[Tensor, ...]]
    """Megatron → Hugging Face."""
    merge: Callable[[tuple[Tensor, ...], ModelConfig], Tensor]
    """Hugging Face → Megatron."""


SAME = Layout(lambda weight, _: (weight,), lambda weights, _: weights[0])
FOLDED = Layout(lambda weight, _: (fold_embedding(weight),), lambda weights, _: unfold_embedding(weights[0]))
TIED = Layout(lambda weight, _: (fold_embedding(weight), weight), lambda weights, _: weights[1])
"""A folded embedding is no head any more: the head is written beside it, and is the unscaled matrix."""
QKV = Layout(split_qkv, merge_qkv)
GATE = Layout(split_gate, merge_gate)


@dataclass(frozen=True)
class Weight:
    """One Megatron weight and the Hugging Face weights that hold the same numbers."""

    megatron: str
    """Name in GPTModel's state dict."""
    shape: tuple[str, ...]
    """Its sizes, in the letters of the module docstring."""
    huggingface: tuple[str, ...]
    """Names in the state dict of `architecture(model)`, in the order that `layout` uses."""
    layout: Layout = SAME


EMBEDDING = "embedding.word_embeddings.weight"
VOCABULARY = (EMBEDDING, "output_layer.weight")
"""Weights with a row for each piece."""


def embedding(model: ModelConfig) -> Weight:
    """The embedding, and the head where that is the same matrix in Megatron and another one in Hugging Face."""
    theirs = "model.embed_tokens.weight"
    if not model.scale_embedding:
        return Weight(EMBEDDING, ("V", "d"), (theirs,))
    if not model.share_embeddings_and_output_weights:
        return Weight(EMBEDDING, ("V", "d"), (theirs,), FOLDED)
    return Weight(EMBEDDING, ("V", "d"), (theirs, "lm_head.weight"), TIED)


def layer(model: ModelConfig) -> Iterator[Weight]:
    """Weights of one layer, with names from the layer on."""
    projections = [f"self_attn.{part}_proj" for part in "qkv"]
    yield Weight("input_layernorm.weight", ("d",), ("input_layernorm.weight",))
    yield Weight(
        "self_attention.linear_qkv.weight", ("q+2kv", "d"), tuple(f"{name}.weight" for name in projections), QKV
    )
    if model.add_qkv_bias:
        yield Weight("self_attention.linear_qkv.bias", ("q+2kv",), tuple(f"{name}.bias" for name in projections), QKV)
    if model.qk_layernorm:
        yield Weight("self_attention.q_layernorm.weight", ("h",), ("self_attn.q_norm.weight",))
        yield Weight("self_attention.k_layernorm.weight", ("h",), ("self_attn.k_norm.weight",))
    yield Weight("self_attention.linear_proj.weight", ("d", "q"), ("self_attn.o_proj.weight",))
    yield Weight("pre_mlp_layernorm.weight", ("d",), ("post_attention_layernorm.weight",))
    if model.gated_linear_unit:
        yield Weight("mlp.linear_fc1.weight", ("2f", "d"), ("mlp.gate_proj.weight", "mlp.up_proj.weight"), GATE)
    else:
        yield Weight("mlp.linear_fc1.weight", ("f", "d"), ("mlp.up_proj.weight",))
    yield Weight("mlp.linear_fc2.weight", ("d", "f"), ("mlp.down_proj.weight",))


def weights(model: ModelConfig) -> Iterator[Weight]:
    """Every weight of `model`, in the order in which a forward pass uses them, with whole names."""
    yield embedding(model)
    for number in range(model.num_layers):
        ours, theirs = f"decoder.layers.{number}.", f"model.layers.{number}."
        for weight in layer(model):
            names = tuple(theirs + name for name in weight.huggingface)
            yield Weight(ours + weight.megatron, weight.shape, names, weight.layout)
    yield Weight("decoder.final_layernorm.weight", ("d",), ("model.norm.weight",))
    if not model.share_embeddings_and_output_weights:
        yield Weight("output_layer.weight", ("V", "d"), ("lm_head.weight",))


def megatron_shape(weight: Weight, model: ModelConfig) -> tuple[int, ...]:
    """The global shape of the Megatron weight in a model of these sizes."""
    sizes = {
        "V": model.vocab_size,
        "d": model.hidden_size,
        "f": model.ffn_hidden_size,
        "2f": 2 * model.ffn_hidden_size,
        "h": model.kv_channels,
        "q": model.query_size,
        "q+2kv": model.query_size + 2 * model.key_size,
    }
    return tuple(sizes[letter] for letter in weight.shape)


def huggingface_shapes(weight: Weight, model: ModelConfig) -> dict[str, tuple[int, ...]]:
    """The shapes of the Hugging Face weights, found by splitting a tensor that has no storage."""
    empty = torch.empty(megatron_shape(weight, model), device="meta")
    parts = weight.layout.split(empty, model)
    return {name: tuple(part.shape) for name, part in zip(weight.huggingface, parts, strict=True)}
