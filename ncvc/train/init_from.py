"""Initial weights of a new run from a checkpoint or a Hugging Face folder."""

from pathlib import Path

from megatron.core.models.gpt.gpt_model import GPTModel
from megatron.core.optimizer.distrib_optimizer import DistributedOptimizer
from torch import Tensor

from ncvc.checkpoint.reader import Checkpoint
from ncvc.errors import ConfigError
from ncvc.model.config import ModelConfig
from ncvc.model.sharding import ParameterShard
from ncvc.train.config import TrainConfig
from ncvc.train.saving.state import fill_weights, load_weights

MAY_DIFFER = ("max_position_embeddings", "rotary_base", "hidden_dropout", "attention_dropout")
"""Fields of `model` that the weights do not depend on; continued training may change length and RoPE's base too."""


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
        changes = _from_huggingface(folder, config, gpt, optimizer, tokenizer, verify=verify)
    else:
        changes = _from_checkpoint(folder, config, gpt, optimizer, tokenizer, verify=verify)
    return ", ".join([f"begins with the weights of {folder}", *changes])


def _from_checkpoint(
    folder: Path, config: TrainConfig, gpt: GPTModel, optimizer: DistributedOptimizer, tokenizer: str, *, verify: bool
) -> list[str]:
    if config.checkpoints.init_vocabulary == "transfer":
        raise ConfigError(
            f"checkpoints.init_vocabulary: {folder} is no Hugging Face folder, and has no tokenizer to transfer from;"
            " name the folder that `ncvc convert --to hf` makes of it"
        )
    checkpoint = Checkpoint.open(folder)
    if verify:
        checkpoint.verify()
    changes = _changes(folder, checkpoint.model, config.model)
    if checkpoint.manifest.tokenizer not in (None, tokenizer):
        raise _another_tokenizer(folder, config)
    load_weights(checkpoint, gpt, optimizer)
    return changes


def _from_huggingface(
    folder: Path, config: TrainConfig, gpt: GPTModel, optimizer: DistributedOptimizer, tokenizer: str, *, verify: bool
) -> list[str]:
    try:
        # Imported here, since they need transformers.
        from ncvc.convert import mapping
        from ncvc.convert.vocabulary import vocabulary_transfer
        from ncvc.convert.weights import HuggingFaceWeights
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"checkpoints.init_from: {folder} is a Hugging Face folder, and {error.name}, which reads it, is"
            " not installed; pip install 'ncvc[hf]', or name a checkpoint"
        ) from None
    weights = HuggingFaceWeights(folder)
    if verify:
        weights.verify()
    if config.checkpoints.init_vocabulary == "keep":
        changes = _changes(folder, weights.model, config.model)
        if weights.tokenizer not in (None, tokenizer):
            raise _another_tokenizer(folder, config)
        if weights.tokenizer is None and not weights.facts:
            raise ConfigError(
                f"checkpoints.init_from: {folder} was not made by `ncvc convert`, and its tokenizer is another one than"
                f" {config.data.tokenizer}; set checkpoints.init_vocabulary to transfer"
            )
        fill_weights(gpt, optimizer, lambda shard: weights.weight(shard.name)[shard.box])
        return changes
    changes = _changes(folder, weights.model, config.model, ("vocab_size",))
    transfer = vocabulary_transfer(folder, weights.model.vocab_size, Path(config.data.tokenizer))

    def value(shard: ParameterShard) -> Tensor:
        weight = weights.weight(shard.name)
        return (transfer.rows(weight) if shard.name in mapping.VOCABULARY else weight)[shard.box]

    fill_weights(gpt, optimizer, value)
    return [*changes, str(transfer)]


def _another_tokenizer(folder: Path, config: TrainConfig) -> ConfigError:
    return ConfigError(
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
