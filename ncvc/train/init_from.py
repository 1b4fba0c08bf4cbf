"""Initial weights of a new run from a checkpoint or a Hugging Face folder."""

from pathlib import Path

from megatron.core.models.gpt.gpt_model import GPTModel
from megatron.core.optimizer.distrib_optimizer import DistributedOptimizer

from ncvc.checkpoint.reader import Checkpoint
from ncvc.errors import ConfigError
from ncvc.model.config import ModelConfig
from ncvc.train.config import TrainConfig
from ncvc.train.saving.state import fill_weights, load_weights

MAY_DIFFER = ("max_position_embeddings", "rotary_base", "hidden_dropout", "attention_dropout")
"""Fields of `model` that the weights do not depend on; continued training may change length and RoPE's base too."""


def init_from(
    config: TrainConfig, gpt: GPTModel, optimizer: DistributedOptimizer, tokenizer: str, *, verify: bool
) -> str:
    """Fills the model and the optimizer's weights from `checkpoints.init_from`; returns the source in a clause.

    Every rank reads its own shard of each weight; a rank with `verify` first compares the files with their manifest.
    Raises `ConfigError` if model or tokenizer differ, `CheckpointError` or `ConvertError` if the folder is damaged or
    is neither a checkpoint nor a Hugging Face folder.
    """
    folder = Path(config.checkpoints.init_from or "")
    if (folder / "config.json").is_file():
        try:
            # Imported here, since it needs transformers.
            from ncvc.convert.weights import HuggingFaceWeights
        except ModuleNotFoundError as error:
            raise ConfigError(
                f"checkpoints.init_from: {folder} is a Hugging Face folder, and {error.name}, which reads it, is"
                " not installed; pip install 'ncvc[hf]', or name a checkpoint"
            ) from None
        weights = HuggingFaceWeights(folder)
        if verify:
            weights.verify()
        changes = _changes(folder, weights.model, config.model)
        fill_weights(gpt, optimizer, lambda shard: weights.weight(shard.name)[shard.box])
        theirs = weights.tokenizer
    else:
        checkpoint = Checkpoint.open(folder)
        if verify:
            checkpoint.verify()
        changes = _changes(folder, checkpoint.model, config.model)
        load_weights(checkpoint, gpt, optimizer)
        theirs = checkpoint.manifest.tokenizer
    if theirs not in (None, tokenizer):
        raise ConfigError(
            f"checkpoints.init_from: {folder} was trained with another tokenizer than {config.data.tokenizer};"
            " name its own as data.tokenizer"
        )
    return ", ".join([f"begins with the weights of {folder}", *changes])


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
