"""Model sizes ↔ Hugging Face's `config.json` and `generation_config.json`."""

from typing import Any

from ncvc.train.config import ModelConfig

BEGIN_OF_TEXT_ID = 1
END_OF_TEXT_ID = 2

FIXED: dict[str, Any] = {
    "model_type": "arcee",
    "hidden_act": "silu",
    "attention_bias": False,
    "mlp_bias": False,
    "tie_word_embeddings": False,
}
"""What makes stock ArceeForCausalLM, whose MLP has no gate, this architecture: SiLU instead of its relu²."""


def huggingface_config(model: ModelConfig, dtype: str) -> dict[str, Any]:
    """`config.json`; `dtype` is the type of the stored weights, `float32` or `bfloat16`."""
    return {
        "architectures": ["ArceeForCausalLM"],
        **FIXED,
        "vocab_size": model.vocab_size,
        "hidden_size": model.hidden_size,
        "intermediate_size": model.ffn_hidden_size,
        "num_hidden_layers": model.num_layers,
        "num_attention_heads": model.num_attention_heads,
        "num_key_value_heads": model.num_query_groups,
        "head_dim": model.kv_channels,
        "max_position_embeddings": model.max_position_embeddings,
        "rms_norm_eps": model.layernorm_epsilon,
        # transformers 4 reads the first, transformers 5 the second.
        "rope_theta": float(model.rotary_base),
        "rope_parameters": {"rope_type": "default", "rope_theta": float(model.rotary_base)},
        "attention_dropout": 0.0,
        "bos_token_id": BEGIN_OF_TEXT_ID,
        "eos_token_id": END_OF_TEXT_ID,
        "pad_token_id": END_OF_TEXT_ID,
        "use_cache": True,
        "dtype": dtype,
        "torch_dtype": dtype,
    }


def generation_config() -> dict[str, Any]:
    """`generation_config.json`.

    Text begins after `<|end_of_text|>`, as every document did in training; `<|begin_of_text|>` never occurred
    there.
    """
    return {"bos_token_id": END_OF_TEXT_ID, "eos_token_id": END_OF_TEXT_ID, "pad_token_id": END_OF_TEXT_ID}
