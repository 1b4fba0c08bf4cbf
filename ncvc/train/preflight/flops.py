"""Parameters and floating-point operations per token, by the shape of the model alone."""

from typing import NamedTuple

from ncvc.model.config import ModelConfig
from ncvc.train.config import TrainConfig


class LayerParameters(NamedTuple):
    """Parameters of one layer."""

    matrices: int
    """Split by tensor parallelism."""
    biases: int
    """Split by tensor parallelism."""
    norms: int
    """Whole on every rank."""


def layer_parameters(model: ModelConfig) -> LayerParameters:
    """Counts the parameters of one layer."""
    hidden, query, keys_and_values = model.hidden_size, model.query_size, 2 * model.key_size
    mlp = (3 if model.gated_linear_unit else 2) * hidden * model.ffn_hidden_size
    return LayerParameters(
        matrices=hidden * (query + keys_and_values) + query * hidden + mlp,
        biases=query + keys_and_values if model.add_qkv_bias else 0,
        norms=2 * hidden + (2 * model.kv_channels if model.qk_layernorm else 0),
    )


def parameters(model: ModelConfig) -> int:
    """Parameters of the whole model."""
    matrices = 1 if model.share_embeddings_and_output_weights else 2
    vocabulary = matrices * model.vocab_size * model.hidden_size
    return model.num_layers * sum(layer_parameters(model)) + model.hidden_size + vocabulary


def flops_per_token(model: ModelConfig, sequence_length: int) -> float:
    """Floating-point operations of one token's forward and backward pass, without recomputed activations.

    Two for each parameter of a matrix product forwards and four backwards, and the same for the attention to
    the (sequence_length / 2) tokens that a causal one sees on average (PaLM, arXiv 2204.02311, appendix B,
    counts all of them). Embedding, norms and dropout count as nothing.
    """
    matrices = model.num_layers * layer_parameters(model).matrices + model.vocab_size * model.hidden_size
    attention = model.num_layers * 2 * model.query_size * sequence_length / 2
    return 6.0 * (matrices + attention)


def muon_parameters(config: TrainConfig) -> int:
    """Parameters of the matrices that Muon updates, each of which has one moment instead of two."""
    return config.model.num_layers * layer_parameters(config.model).matrices if config.optimizer.name == "muon" else 0


def newton_schulz_flops(model: ModelConfig) -> float:
    """Floating-point operations by which Muon makes the matrices of all layers orthogonal, once a step.

    Each of five steps multiplies the smaller side's square, m × m, three times: from m × n, with itself, with m × n.
    """
    hidden, inner = model.hidden_size, model.ffn_hidden_size
    shapes = [(model.query_size, hidden)] * 2 + [(model.key_size, hidden)] * 2
    shapes += [(hidden, inner)] * (3 if model.gated_linear_unit else 2)
    return model.num_layers * sum(5 * (4 * min(shape) ** 2 * max(shape) + 2 * min(shape) ** 3) for shape in shapes)
