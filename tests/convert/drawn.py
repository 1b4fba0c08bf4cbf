"""Checkpoints whose every weight is drawn."""

import torch

from ncvc.checkpoint.format import write_weights
from ncvc.checkpoint.reader import Checkpoint
from ncvc.model.config import ModelConfig
from ncvc.model.gpt import build
from ncvc.model.parallel import single_process


def write_drawn(path, sizes, draw, **form):
    """Writes one of two layers; `draw` makes a weight of its name and of noise in its shape. Returns the path."""
    rest = {"num_layers": 2, "num_query_groups": 2, "vocab_size": 500, "max_position_embeddings": 96}
    model = ModelConfig(**rest | sizes | form)
    generator = torch.Generator().manual_seed(3)
    with single_process():
        shapes = {name: parameter.shape for name, parameter in build(model).named_parameters()}
    weights = {name: draw(name, torch.randn(shape, generator=generator)) for name, shape in shapes.items()}
    write_weights(path, model, list(weights.items()), step=7, tokens_seen=7000)
    return path


def write_with_a_large_number(checkpoint, path):
    """Writes a checkpoint again with a number in its head that float16 has not."""
    source = Checkpoint.open(checkpoint)
    weights = {name: source.weight(name) for name in source.parameters()}
    weights["output_layer.weight"][3, 3] = 7e4
    write_weights(path, source.model, list(weights.items()), step=7, tokens_seen=7000)
    return path
