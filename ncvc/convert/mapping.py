"""Megatron weight ↔ Hugging Face weight, as data: one table for each form of the model.

Sizes: V vocabulary, d hidden, f MLP, h one head, q all query heads, kv all key heads (groups times h).

linear_qkv has q + 2·kv rows, which lie per query group as [q … q, k, v], h rows each
(megatron.core.transformer.attention.SelfAttention). Both sides rotate the two halves of a head (RoPE as in
LLaMA), so no row is permuted. `scale_embedding` multiplies the embedding's output by √d (arXiv 2312.16903);
Hugging Face's models have no such factor, so the matrix itself is multiplied.

Llama's classes have weights that the model may not have: beside an MLP without a gate the second factor is made 1 by
its bias, and missing biases are 0. These constants are written and, on the way back, required.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ncvc.errors import ConvertError
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


def split_alone(weight: Tensor, _: ModelConfig) -> tuple[Tensor, ...]:
    """Splits linear_fc1 [f, d] of an MLP without a gate into Llama's gate and value, each with its bias [f].

    SiLU is applied to the gate, so that it gets the matrix; the value is 0·x + 1.
    """
    zeros = weight.new_zeros(weight.shape[0])
    return weight, zeros, torch.zeros_like(weight), zeros + 1


def merge_alone(weights: tuple[Tensor, ...], _: ModelConfig) -> Tensor:
    """Inverts `split_alone`; raises `ConvertError` where the value or a bias was trained."""
    weight, bias, value, value_bias = weights
    if bias.any() or value.any() or (value_bias != 1).any():
        raise ConvertError("its MLP has a gate with biases, which no form of the model has")
    return weight


def split_biased(weight: Tensor, _: ModelConfig) -> tuple[Tensor, ...]:
    """Adds a bias [d] of zeros to a matrix [d, …]."""
    return weight, weight.new_zeros(weight.shape[0])


def merge_biased(weights: tuple[Tensor, ...], _: ModelConfig) -> Tensor:
    """Inverts `split_biased`; raises `ConvertError` where the bias is not zero."""
    weight, bias = weights
    if bias.any():
        raise ConvertError("a bias of its attention's output or of its MLP is not 0, which no form of the model has")
    return weight


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
ALONE = Layout(split_alone, merge_alone)
BIASED = Layout(split_biased, merge_biased)


@dataclass(frozen=True)
class Weight:
    """One Megatron weight and the Hugging Face weights that hold the same numbers."""

    megatron: str
    """Name in GPTModel's state dict."""
    shape: tuple[str, ...]
    """Its sizes, in the letters of the module docstring."""
    huggingface: tuple[str, ...]
    """Names in the state dict of the class of `ncvc.convert.config.architecture`, in the order that `layout` uses."""
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


def layer(model: ModelConfig, *, llama: bool) -> Iterator[Weight]:
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
    yield _last(
        "self_attention.linear_proj.weight", ("d", "q"), "self_attn.o_proj", biased=llama and model.add_qkv_bias
    )
    yield Weight("pre_mlp_layernorm.weight", ("d",), ("post_attention_layernorm.weight",))
    gate, value = ("mlp.gate_proj", "mlp.up_proj")
    if model.gated_linear_unit:
        yield Weight("mlp.linear_fc1.weight", ("2f", "d"), (f"{gate}.weight", f"{value}.weight"), GATE)
    elif llama:
        names = tuple(f"{name}.{part}" for name in (gate, value) for part in ("weight", "bias"))
        yield Weight("mlp.linear_fc1.weight", ("f", "d"), names, ALONE)
    else:
        yield Weight("mlp.linear_fc1.weight", ("f", "d"), (f"{value}.weight",))
    yield _last("mlp.linear_fc2.weight", ("d", "f"), "mlp.down_proj", biased=llama and not model.gated_linear_unit)


def _last(megatron: str, shape: tuple[str, ...], huggingface: str, *, biased: bool) -> Weight:
    """The last matrix of a branch, in Llama's class with a bias if the first ones have one."""
    if biased:
        return Weight(megatron, shape, (f"{huggingface}.weight", f"{huggingface}.bias"), BIASED)
    return Weight(megatron, shape, (f"{huggingface}.weight",))


def weights(model: ModelConfig, *, llama: bool = False) -> Iterator[Weight]:
    """Every weight of `model`, in the order in which a forward pass uses them, with whole names.

    `llama` gives the names and layouts of Llama's class, also where the model has a class of its own.
    """
    yield embedding(model)
    for number in range(model.num_layers):
        ours, theirs = f"decoder.layers.{number}.", f"model.layers.{number}."
        for weight in layer(model, llama=llama):
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


def all_shapes(model: ModelConfig, *, llama: bool = False) -> dict[str, tuple[int, ...]]:
    """The shapes of all Hugging Face weights, in the order of `weights`."""
    rows = weights(model, llama=llama)
    return {name: shape for row in rows for name, shape in huggingface_shapes(row, model).items()}


def huggingface_shapes(weight: Weight, model: ModelConfig) -> dict[str, tuple[int, ...]]:
    """The shapes of the Hugging Face weights, found by splitting a tensor that has no storage."""
    empty = torch.empty(megatron_shape(weight, model), device="meta")
    parts = weight.layout.split(empty, model)
    return {name: tuple(part.shape) for name, part in zip(weight.huggingface, parts, strict=True)}
