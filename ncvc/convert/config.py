"""Model sizes ↔ Hugging Face's `config.json` and `generation_config.json`."""

from pathlib import Path
from typing import Any

import pydantic

from ncvc.errors import ConvertError
from ncvc.model.config import ModelConfig

BEGIN_OF_TEXT_ID = 1
END_OF_TEXT_ID = 2

FIXED: dict[str, Any] = {
    "model_type": "arcee",
    "hidden_act": "silu",
    "attention_bias": False,
    "mlp_bias": False,
    "tie_word_embeddings": False,
}
"""Settings that make stock ArceeForCausalLM, whose MLP has no gate, this architecture: SiLU instead of its relu²."""


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


def model_config(path: Path, config: dict[str, Any], recorded: dict[str, Any]) -> ModelConfig:
    """The sizes of the model whose `config.json` lies at `path` and says `config`.

    What only training needs (dropout) comes from `recorded`, the model section of the folder's manifest, or is the
    default. Raises `ConvertError` where it is another architecture.
    """
    for key, expected in FIXED.items():
        # transformers' own default is no bias.
        if config.get(key, False if key.endswith("bias") else None) != expected:
            raise ConvertError(
                f"{path}: {key} is {config.get(key)!r}, not {expected!r}: not a model that `ncvc convert --to hf` made"
            )
    try:
        rope = config.get("rope_parameters") or {"rope_theta": config["rope_theta"]}
        sizes = {
            "vocab_size": config["vocab_size"],
            "hidden_size": config["hidden_size"],
            "ffn_hidden_size": config["intermediate_size"],
            "num_layers": config["num_hidden_layers"],
            "num_attention_heads": config["num_attention_heads"],
            "num_query_groups": config["num_key_value_heads"],
            "max_position_embeddings": config["max_position_embeddings"],
            "layernorm_epsilon": config["rms_norm_eps"],
            "rotary_base": int(rope["rope_theta"]),
        }
        model = ModelConfig.model_validate(recorded | sizes)
    except KeyError as error:
        raise ConvertError(f"{path}: {error.args[0]} is missing; copy the folder again") from None
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        raise ConvertError(f"{path}: {'.'.join(map(str, first['loc']))} {first['msg']}") from None
    if config.get("head_dim", model.kv_channels) != model.kv_channels:
        raise ConvertError(f"{path}: head_dim is {config['head_dim']}, not hidden_size / num_attention_heads")
    return model
