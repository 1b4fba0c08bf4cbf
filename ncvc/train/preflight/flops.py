"""Parameters and floating-point operations per token, by the shape of the model alone."""

from ncvc.model.config import ModelConfig


def layer_parameters(model: ModelConfig) -> tuple[int, int]:
    """Parameters of one layer's four matrices, and of its two norms."""
    hidden = model.hidden_size
    qkv = hidden * (hidden + 2 * model.num_query_groups * model.kv_channels)
    return qkv + hidden * hidden + 2 * hidden * model.ffn_hidden_size, 2 * hidden


def parameters(model: ModelConfig) -> int:
    """Parameters of the whole model; embedding and head are not shared."""
    return (
        model.num_layers * sum(layer_parameters(model)) + model.hidden_size + 2 * model.vocab_size * model.hidden_size
    )


def flops_per_token(model: ModelConfig, sequence_length: int) -> float:
    """Floating-point operations of one token's forward and backward pass, without recomputed activations.

    Two for each parameter of a matrix product forwards and four backwards, and the same for the attention to
    the (sequence_length / 2) tokens that a causal one sees on average (PaLM, arXiv 2204.02311, appendix B,
    counts all of them). Embedding, norms and dropout count as nothing.
    """
    matrices = model.num_layers * layer_parameters(model)[0] + model.vocab_size * model.hidden_size
    attention = model.num_layers * 2 * model.hidden_size * sequence_length / 2
    return 6.0 * (matrices + attention)
