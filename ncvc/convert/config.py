"""Model sizes ↔ Hugging Face's `config.json` and `generation_config.json`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic

from ncvc.convert.rope import require_known_rope, rope_fields, rope_members
from ncvc.errors import ConvertError, first_fault
from ncvc.hf.tokenizer import one_line
from ncvc.model.config import ModelConfig
from ncvc.special_tokens import END_OF_TEXT_ID, first_id


@dataclass(frozen=True)
class Architecture:
    """A decoder of transformers that computes what a form of the model computes."""

    name: str
    """Class in transformers."""
    model_type: str
    form: dict[str, bool]
    """Fields of `ModelConfig` that make the form."""
    settings: dict[str, Any]
    """Members of `config.json` without which the class computes something else."""


_MLP = {"hidden_act": "silu", "mlp_bias": False}
_GATED = {"gated_linear_unit": True}

ARCHITECTURES = (
    # Arcee's MLP has no gate; with SiLU instead of its relu² it is the papers' model.
    Architecture("ArceeForCausalLM", "arcee", {}, _MLP | {"attention_bias": False}),
    Architecture("LlamaForCausalLM", "llama", _GATED, _MLP | {"attention_bias": False}),
    Architecture(
        "Qwen2ForCausalLM",
        "qwen2",
        _GATED | {"add_qkv_bias": True},
        {"hidden_act": "silu", "use_sliding_window": False},
    ),
    Architecture(
        "Qwen3ForCausalLM",
        "qwen3",
        _GATED | {"qk_layernorm": True},
        {"hidden_act": "silu", "attention_bias": False, "use_sliding_window": False},
    ),
    # The same functions in Llama's classes, with constants in the weights that they have and the model has not.
    Architecture("LlamaForCausalLM", "llama", {}, _MLP | {"attention_bias": False, "mlp_bias": True}),
    Architecture("LlamaForCausalLM", "llama", _GATED | {"add_qkv_bias": True}, _MLP | {"attention_bias": True}),
)
"""The first of a form is the one that has no constants among its weights."""
FORM = ("gated_linear_unit", "qk_layernorm", "add_qkv_bias")


def architecture(model: ModelConfig, *, llama: bool = False) -> Architecture:
    """The class of transformers for a model; `llama` asks for Llama's. Raises `ConvertError` where it has no such form.

    `ModelConfig` refuses forms that no class has.
    """
    form = {name: True for name in FORM if getattr(model, name)}
    found = [entry for entry in ARCHITECTURES if entry.form == form and (not llama or entry.model_type == "llama")]
    if not found:
        raise ConvertError(
            f"the model normalizes queries and keys ({', '.join(form)}), which Llama does not; convert it with --to hf"
        )
    return found[0]


def ties_embeddings(model: ModelConfig) -> bool:
    """True if embedding and head are one matrix in Hugging Face too; a folded embedding is no head any more."""
    return model.share_embeddings_and_output_weights and not model.scale_embedding


def huggingface_config(
    model: ModelConfig, dtype: str, *, begin_of_text: bool = True, llama: bool = False
) -> dict[str, Any]:
    """`config.json`; `dtype` is the type of the stored weights, `llama` the form (see `architecture`).

    `begin_of_text`: whether `<|begin_of_text|>` begins a text (see `first_id`).
    """
    entry = architecture(model, llama=llama)
    return {
        "architectures": [entry.name],
        "model_type": entry.model_type,
        **entry.settings,
        "tie_word_embeddings": ties_embeddings(model),
        "vocab_size": model.vocab_size,
        "hidden_size": model.hidden_size,
        "intermediate_size": model.ffn_hidden_size,
        "num_hidden_layers": model.num_layers,
        "num_attention_heads": model.num_attention_heads,
        "num_key_value_heads": model.num_query_groups,
        "head_dim": model.kv_channels,
        "max_position_embeddings": model.max_position_embeddings,
        "rms_norm_eps": model.layernorm_epsilon,
        **rope_members(model),
        "attention_dropout": 0.0,
        **special_ids(begin_of_text=begin_of_text),
        "use_cache": True,
        "dtype": dtype,
        "torch_dtype": dtype,
    }


def special_ids(*, begin_of_text: bool) -> dict[str, Any]:
    """Members of `config.json`, and all of `generation_config.json`; the papers pad with `<|end_of_text|>`."""
    return {
        "bos_token_id": first_id(begin_of_text=begin_of_text),
        "eos_token_id": END_OF_TEXT_ID,
        "pad_token_id": END_OF_TEXT_ID,
    }


def model_config(
    path: Path, config: dict[str, Any], recorded: dict[str, Any], *, as_stored: bool = False
) -> ModelConfig:
    """The sizes of the model whose `config.json` lies at `path` and says `config`.

    `recorded` is the model section of the folder's manifest, or empty: what only training needs (dropout), and how
    embedding and head were trained. Without it a gated model's embedding is taken as it is, as others train it; with
    `as_stored` every model's.
    Raises `ConvertError` where it is another architecture.
    """
    entries = require_architecture(path, config)
    whole = _with_defaults(path, entries[0].model_type, config)
    entry = _entry(path, entries, whole)
    if as_stored or (not recorded and entry.form):
        tied = whole["tie_word_embeddings"]
        recorded = recorded | {"scale_embedding": False, "share_embeddings_and_output_weights": tied}
    sizes = {ours: whole[theirs] for ours, theirs in SIZES.items()}
    sizes |= {"layernorm_epsilon": whole["rms_norm_eps"], **rope_fields(path, config, whole)}
    if whole.get("head_dim"):
        sizes["kv_channels"] = whole["head_dim"]
    try:
        model = ModelConfig.model_validate(recorded | entry.form | sizes)
    except pydantic.ValidationError as error:
        raise ConvertError(f"{path}: {first_fault(error)}") from None
    if whole["tie_word_embeddings"] != ties_embeddings(model):
        raise ConvertError(f"{path}: tie_word_embeddings is {whole['tie_word_embeddings']}; copy the folder again")
    return model


def require_architecture(path: Path, config: dict[str, Any]) -> list[Architecture]:
    """Finds the entries of a `config.json` by its class; needs no transformers.

    Raises `ConvertError` where there are none, a size is missing or RoPE is another one.
    """
    entries = [entry for entry in ARCHITECTURES if entry.model_type == config.get("model_type")]
    if not entries:
        known = ", ".join(dict.fromkeys(entry.model_type for entry in ARCHITECTURES))
        raise ConvertError(f"{path}: model_type is {config.get('model_type')!r}; models of {known} can be read")
    for key in SIZES.values():
        if key not in config:
            raise ConvertError(f"{path}: {key} is missing; copy the folder again")
    require_known_rope(path, config)
    return entries


SIZES = {
    "vocab_size": "vocab_size",
    "hidden_size": "hidden_size",
    "ffn_hidden_size": "intermediate_size",
    "num_layers": "num_hidden_layers",
    "num_attention_heads": "num_attention_heads",
    "num_query_groups": "num_key_value_heads",
    "max_position_embeddings": "max_position_embeddings",
}
"""Fields of `ModelConfig` → members that a `config.json` must have."""


def _entry(path: Path, entries: list[Architecture], config: dict[str, Any]) -> Architecture:
    """The entry whose settings are those of the file; raises `ConvertError` with the first that no entry has."""
    for key in dict.fromkeys(key for entry in entries for key in entry.settings):
        known = {entry.settings[key] for entry in entries}
        if config[key] not in known:
            raise ConvertError(
                f"{path}: {key} is {config[key]!r}; only models with {' or '.join(map(repr, known))} can be read"
            )
        entries = [entry for entry in entries if entry.settings[key] == config[key]]
    return entries[0]


def _with_defaults(path: Path, model_type: str, config: dict[str, Any]) -> dict[str, Any]:
    """Fills what the file leaves out, as transformers does."""
    from transformers import AutoConfig  # only now: the rest is needed before anything slow is imported

    try:
        whole: dict[str, Any] = AutoConfig.for_model(**{**config, "model_type": model_type}).to_dict()
    except Exception as error:  # whatever an odd value leads to
        raise ConvertError(f"{path}: transformers refuses it: {one_line(error)}") from None
    return whole
