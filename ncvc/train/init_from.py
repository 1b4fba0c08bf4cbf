"""Initial weights of a new run from a checkpoint or a Hugging Face folder."""

from pathlib import Path

from megatron.core.models.gpt.gpt_model import GPTModel
from megatron.core.optimizer.distrib_optimizer import DistributedOptimizer

from ncvc.checkpoint.reader import Checkpoint
from ncvc.train.config import TrainConfig
from ncvc.train.same_model import open_hugging_face, require_same_model
from ncvc.train.saving.state import fill_weights, load_weights


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
        weights = open_hugging_face(folder)
        if verify:
            weights.verify()
        changes = require_same_model(folder, weights.model, weights.tokenizer, config, tokenizer)
        fill_weights(gpt, optimizer, lambda shard: weights.weight(shard.name)[shard.box])
    else:
        checkpoint = Checkpoint.open(folder)
        if verify:
            checkpoint.verify()
        changes = require_same_model(folder, checkpoint.model, checkpoint.manifest.tokenizer, config, tokenizer)
        load_weights(checkpoint, gpt, optimizer)
    return ", ".join([f"begins with the weights of {folder}", *changes])
