"""A model → an ONNX file with a key-value cache, by torch's exporter; the weights are read when they are written.

The exporter sees transformers' own module with weights of the right shape that take no memory. Its input and output
names are those of optimum: `input_ids`, `attention_mask`, `position_ids` and `past_key_values.N.key` go in,
`logits` and `present.N.key` come out.
"""

import logging
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import onnx_ir
import torch
from torch import Tensor, nn
from transformers import AutoConfig, DynamicCache, PreTrainedModel

import ncvc.model.lazy_dynamo  # noqa: F401  (before torch's exporter)
from ncvc.convert.config import huggingface_config, ties_embeddings
from ncvc.convert.shards import Shapes
from ncvc.convert.streaming import take_off_meta, without_weights
from ncvc.errors import ConvertError
from ncvc.model.config import ModelConfig

FILE = "model.onnx"
WEIGHTS = "model.onnx.data"
OPSET = 20
"""Version of ONNX's operators; onnxruntime knows it since 1.17."""
_BATCH, _PAST, _LENGTH = 2, 3, 5
"""Sizes that the exporter traces with, all different and none of them 0 or 1, which it would take for constants."""


class _Decoder(nn.Module):
    """A causal language model of transformers, with every input and output a tensor."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, ids: Tensor, mask: Tensor, positions: Tensor, past: Sequence[tuple[Tensor, Tensor]]
    ) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
        """Logits [batch, length, V], and the cache with these tokens in it.

        ids, positions [batch, length]; mask [batch, past + length], 0 where padding is; past: of each layer keys and
        values [batch, groups, past, head].
        """
        cache = DynamicCache()
        for layer, (keys, values) in enumerate(past):
            cache.update(keys, values, layer)
        places = torch.arange(mask.shape[1])
        asking = places[past[0][0].shape[2] :, None]
        allowed = (asking >= places) & mask.bool()[:, None, None]  # [batch, 1, length, past + length]
        logits = self.model(
            input_ids=ids, attention_mask=allowed, position_ids=positions, past_key_values=cache, use_cache=True
        ).logits
        return logits, [(layer.keys, layer.values) for layer in cache.layers]


def cache_names(layers: int) -> list[str]:
    """Names of the cache's tensors behind `past_key_values.` and `present.`, in the order of inputs and outputs."""
    return [f"{layer}.{part}" for layer in range(layers) for part in ("key", "value")]


def write_onnx(model: ModelConfig, shapes: Shapes, read: Callable[[str], Tensor], folder: Path) -> None:
    """Writes `FILE` and `WEIGHTS` in float32; `shapes` and `read` are those of `Source.huggingface`.

    Raises `ConvertError` where the exporter gives a graph without one of the weights.
    """
    exported = _export(model)
    for node in exported.graph:
        node.metadata_props.clear()  # stack traces, with paths of this machine
    left = set(shapes)
    for name, value in exported.graph.initializers.items():
        weight = name.removeprefix("model.")
        if weight == "lm_head.weight" and ties_embeddings(model):  # either name may stand for the one matrix
            weight = "model.embed_tokens.weight"
        if weight in shapes:
            left.discard(weight)
            value.const_value = onnx_ir.LazyTensor(
                partial(_tensor, read, weight), dtype=onnx_ir.DataType.FLOAT, shape=value.shape, name=name
            )
    if left:
        raise ConvertError(f"{folder}: the exporter of torch {torch.__version__} left out {min(left)}; use --to hf")
    onnx_ir.save(exported, folder / FILE, external_data=WEIGHTS)


def _tensor(read: Callable[[str], Tensor], name: str) -> onnx_ir.Tensor:
    return onnx_ir.Tensor(read(name).float().contiguous().numpy())


def _export(model: ModelConfig) -> onnx_ir.Model:
    """The graph, with zeros for weights."""
    decoder = without_weights(AutoConfig.for_model(**huggingface_config(model, "float32")))
    take_off_meta(decoder, lambda parameter: torch.zeros(1).expand(parameter.shape))
    layers = model.num_layers

    def cached() -> Tensor:
        return torch.zeros(_BATCH, model.num_query_groups, _PAST, model.kv_channels)

    arguments = (
        torch.zeros(_BATCH, _LENGTH, dtype=torch.long),
        torch.ones(_BATCH, _PAST + _LENGTH, dtype=torch.long),
        torch.arange(_PAST, _PAST + _LENGTH).repeat(_BATCH, 1),
        [(cached(), cached()) for _ in range(layers)],
    )
    past = {0: "batch", 2: "past_length"}
    text = {0: "batch", 1: "length"}
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)  # of missing torchvision
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names of sizes that are equal, and of torch's own parts
        program = torch.onnx.export(
            _Decoder(decoder),
            arguments,
            dynamo=True,
            optimize=False,  # would fold transposed weights into constants of its own
            opset_version=OPSET,
            verbose=False,
            input_names=["input_ids", "attention_mask", "position_ids"]
            + [f"past_key_values.{name}" for name in cache_names(layers)],
            output_names=["logits", *(f"present.{name}" for name in cache_names(layers))],
            dynamic_shapes=[text, {0: "batch", 1: "total_length"}, text, [(past, past)] * layers],
        )
    assert program is not None
    return program.model
