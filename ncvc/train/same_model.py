"""Compares a model whose weights a run begins with, with the config's: what the weights depend on may not differ."""

from pathlib import Path
from typing import TYPE_CHECKING

from ncvc.errors import ConfigError
from ncvc.model.config import ModelConfig
from ncvc.train.config import TrainConfig

if TYPE_CHECKING:
    from ncvc.convert.weights import HuggingFaceWeights

MAY_DIFFER = ("max_position_embeddings", "rotary_base", "hidden_dropout", "attention_dropout", "embedding_dropout")
"""Fields of `model` that the weights do not depend on; continued training may change length and RoPE's base too."""


def require_same_model(
    folder: Path, model: ModelConfig, their_tokenizer: str | None, config: TrainConfig, tokenizer: str
) -> list[str]:
    """Lists the fields of `model`, that of `folder`, which the run changes.

    `their_tokenizer` is the SHA-256 of the manifest of the folder's tokenizer, if it is known, `tokenizer` that of the
    config's. Raises `ConfigError` if the weights depend on a field that differs, or the tokenizer is another.
    """
    changes = _changes(folder, model, config.model)
    if their_tokenizer not in (None, tokenizer):
        raise ConfigError(
            f"checkpoints.init_from: {folder} was trained with another tokenizer than {config.data.tokenizer};"
            " name its own as data.tokenizer"
        )
    return changes


def _changes(folder: Path, theirs: ModelConfig, ours: ModelConfig) -> list[str]:
    """Lists the fields that the run changes; raises `ConfigError` if the weights depend on one."""
    changes = []
    for name in ModelConfig.model_fields:
        before, now = getattr(theirs, name), getattr(ours, name)
        if before == now:
            continue
        if name not in MAY_DIFFER:
            raise ConfigError(
                f"checkpoints.init_from: {folder} has model.{name} {before}, and the config {now}; set it to {before}"
            )
        changes.append(f"model.{name} {now} instead of {before}")
    return changes


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
