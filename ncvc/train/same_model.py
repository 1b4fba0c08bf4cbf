"""Compares a model whose weights a run begins with, with the config's: what the weights depend on may not differ."""

from pathlib import Path
from typing import TYPE_CHECKING

from ncvc.checkpoint.manifest import Manifest
from ncvc.errors import ConfigError
from ncvc.model.config import ROPE_SCALING, ModelConfig
from ncvc.train.config import TrainConfig

if TYPE_CHECKING:
    from ncvc.convert.weights import HuggingFaceWeights

DROPOUT = ("hidden_dropout", "attention_dropout", "embedding_dropout")
MAY_DIFFER = ("max_position_embeddings", "rotary_base", *ROPE_SCALING, *DROPOUT)
"""Fields of `model` that the weights do not depend on; continued training may change length and RoPE too."""


def require_same_checkpoint(folder: Path, manifest: Manifest, config: TrainConfig, tokenizer: str) -> list[str]:
    """Lists the fields of `model` that the run changes of the checkpoint in `folder`.

    `tokenizer` is the SHA-256 of the manifest of the config's tokenizer. Raises `ConfigError` if the weights depend on
    a field that differs, or the tokenizer is another.
    """
    if config.checkpoints.init_vocabulary == "transfer":
        raise ConfigError(
            f"checkpoints.init_vocabulary: {folder} is no Hugging Face folder, and has no tokenizer to transfer from;"
            " name the folder that `ncvc convert --to hf` makes of it"
        )
    changes = _changes(folder, manifest.model, config.model)
    _require_same_tokenizer(folder, manifest.tokenizer, config, tokenizer)
    return changes


def require_same_hugging_face(weights: "HuggingFaceWeights", config: TrainConfig, tokenizer: str) -> list[str]:
    """Lists the fields of `model` that the run changes of a Hugging Face folder; raises as `require_same_checkpoint`.

    Where the vocabulary is transferred, its size and the tokenizer may differ.
    """
    if config.checkpoints.init_vocabulary == "transfer":
        return _changes(weights.folder, weights.model, config.model, ("vocab_size",))
    changes = _changes(weights.folder, weights.model, config.model)
    _require_same_tokenizer(weights.folder, weights.tokenizer, config, tokenizer)
    if weights.tokenizer is None and not weights.facts:
        raise ConfigError(
            f"checkpoints.init_from: {weights.folder} was not made by `ncvc convert`, and its tokenizer is another one"
            f" than {config.data.tokenizer}; set checkpoints.init_vocabulary to transfer"
        )
    return changes


def _require_same_tokenizer(folder: Path, theirs: str | None, config: TrainConfig, ours: str) -> None:
    if theirs not in (None, ours):
        raise ConfigError(
            f"checkpoints.init_from: {folder} was trained with another tokenizer than {config.data.tokenizer};"
            " name its own as data.tokenizer, or set checkpoints.init_vocabulary to transfer"
        )


def _changes(folder: Path, theirs: ModelConfig, ours: ModelConfig, also: tuple[str, ...] = ()) -> list[str]:
    """Lists the fields that the run changes; raises `ConfigError` if the weights depend on one.

    `also` may differ besides `MAY_DIFFER`.
    """
    fields = {name: (getattr(theirs, name), getattr(ours, name)) for name in ModelConfig.model_fields}
    differing = {name: values for name, values in fields.items() if values[0] != values[1]}
    fixed = [name for name in differing if name not in (*MAY_DIFFER, *also)]
    if fixed:
        told = ", ".join(f"{name}: {_yaml(differing[name][0])}" for name in fixed)
        raise ConfigError(f"checkpoints.init_from: {folder} is another model than the config's; set in model: {told}")
    return [f"model.{name} {now} instead of {before}" for name, (before, now) in differing.items()]


def _yaml(value: float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def open_hugging_face(folder: Path) -> "HuggingFaceWeights":
    """Opens a Hugging Face folder; raises `ConfigError` if what reads it is not installed."""
    try:
        # Imported here, since it needs transformers.
        from ncvc.convert.weights import HuggingFaceWeights
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"checkpoints.init_from: {folder} is a Hugging Face folder, and {error.name}, which reads it, is"
            " not installed; pip install 'ncvc[hf]', or name a checkpoint"
        ) from None
    return HuggingFaceWeights(folder)
