"""Checkpoints of small models whose every weight is drawn."""

import torch

from ncvc.checkpoint.format import write_weights
from ncvc.checkpoint.reader import Checkpoint
from ncvc.model.config import ModelConfig
from ncvc.model.gpt import build
from ncvc.model.parallel import single_process


def small_model(**sizes):
    """One layer, with the vocabulary of the fixture `tokenizer_folder`; `sizes` changes fields."""
    small = {"num_layers": 1, "hidden_size": 32, "ffn_hidden_size": 64, "num_attention_heads": 4, "num_query_groups": 2}
    return ModelConfig(**small | {"vocab_size": 12000, "max_position_embeddings": 64} | sizes)


def two_layers(**sizes):
    """Two layers, with the vocabulary of the fixture `pieces_folder`; `sizes` adds the other fields."""
    return ModelConfig(
        **{"num_layers": 2, "num_query_groups": 2, "vocab_size": 500, "max_position_embeddings": 96} | sizes
    )


def write_drawn(path, model, draw=lambda _, noise: 0.1 * noise, *, seed=3, **facts):
    """Writes one; `draw` makes a weight of its name and of noise in its shape, `facts` as for `write_weights`."""
    generator = torch.Generator().manual_seed(seed)
    with single_process():
        shapes = {name: parameter.shape for name, parameter in build(model).named_parameters()}
    weights = ((name, draw(name, torch.randn(shape, generator=generator))) for name, shape in shapes.items())
    write_weights(path, model, weights, **facts)
    return path


def write_with_a_large_number(checkpoint, path):
    """Writes a checkpoint again with a number in its head that float16 has not."""
    source = Checkpoint.open(checkpoint)
    weights = {name: source.weight(name) for name in source.parameters()}
    weights["output_layer.weight"][3, 3] = 7e4
    write_weights(path, source.model, list(weights.items()), step=7, tokens_seen=7000)
    return path
