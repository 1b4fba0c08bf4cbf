"""Initial weights of a new run from a checkpoint or a Hugging Face folder."""

from pathlib import Path
from typing import TYPE_CHECKING

from megatron.core.models.gpt.gpt_model import GPTModel
from megatron.core.optimizer.distrib_optimizer import DistributedOptimizer
from torch import Tensor

from ncvc.checkpoint.reader import Checkpoint
from ncvc.model.sharding import ParameterShard
from ncvc.train.config import TrainConfig
from ncvc.train.same_model import open_hugging_face, require_same_checkpoint, require_same_hugging_face
from ncvc.train.saving.state import fill_weights, load_weights

if TYPE_CHECKING:
    from ncvc.convert.weights import HuggingFaceWeights


def init_from(
    config: TrainConfig, gpt: GPTModel, optimizer: DistributedOptimizer, tokenizer: str, *, verify: bool
) -> str:
    """Fills the model and the optimizer's weights from `checkpoints.init_from`; returns the source in a clause.

    Every rank reads its own shard of each weight; a rank with `verify` first compares the files with their manifest.
    `tokenizer` is the SHA-256 of the manifest of `data.tokenizer`.
    Raises `ConfigError` if model or tokenizer differ, `CheckpointError` or `ConvertError` if the folder is damaged or
    is neither a checkpoint nor a Hugging Face folder.
    """
    folder = Path(config.checkpoints.init_from or "")
    if (folder / "config.json").is_file():
        weights = open_hugging_face(folder)
        if verify:
            weights.verify()
        changes = require_same_hugging_face(weights, config, tokenizer)
        if config.checkpoints.init_vocabulary == "transfer":
            changes += _transfer(folder, weights, config, gpt, optimizer)
        else:
            fill_weights(gpt, optimizer, lambda shard: weights.weight(shard.name)[shard.box])
    else:
        checkpoint = Checkpoint.open(folder)
        if verify:
            checkpoint.verify()
        changes = require_same_checkpoint(folder, checkpoint.manifest, config, tokenizer)
        load_weights(checkpoint, gpt, optimizer)
    return ", ".join([f"begins with the weights of {folder}", *changes])


def _transfer(
    folder: Path, weights: "HuggingFaceWeights", config: TrainConfig, gpt: GPTModel, optimizer: DistributedOptimizer
) -> list[str]:
    """Fills the weights, with rows of embedding and head for the pieces of `data.tokenizer`."""
    from ncvc.convert.mapping import VOCABULARY
    from ncvc.convert.vocabulary import vocabulary_transfer

    transfer = vocabulary_transfer(folder, weights.model.vocab_size, Path(config.data.tokenizer))

    def value(shard: ParameterShard) -> Tensor:
        weight = weights.weight(shard.name)
        return (transfer.rows(weight) if shard.name in VOCABULARY else weight)[shard.box]

    fill_weights(gpt, optimizer, value)
    return [str(transfer)]
