"""Continued pre-training: a checkpoint and the Hugging Face folder made from it begin the same run."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ncvc.checkpoint.average import average
from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.convert.export import to_huggingface
from ncvc.errors import ConfigError, ConvertError
from ncvc.manifest import write_manifest
from ncvc.model.config import ModelConfig
from ncvc.train.config import TrainConfig
from ncvc.train.metrics.log import records
from tests.small_training import train_alone, write_dataset

MakeConfig = Callable[..., TrainConfig]


@pytest.fixture
def make_config(model: ModelConfig, tmp_path: Path) -> MakeConfig:
    """A function that makes the config of a run which starts from a folder."""
    generator = torch.Generator().manual_seed(2)
    write_dataset(tmp_path / "d", torch.randint(4, 500, (20, 200), generator=generator).tolist())
    (tmp_path / "tokenizer").mkdir()
    write_manifest(tmp_path / "tokenizer", stage="tokenizer", vocab_size=500)

    def make(run: str, init_from: Path, *, lr: float = 0.001, **changes: Any) -> TrainConfig:
        return TrainConfig.model_validate(
            {
                "run": str(tmp_path / run),
                "model": model.model_dump() | changes,
                "data": {
                    "prefixes": [str(tmp_path / "d")],
                    "tokenizer": str(tmp_path / "tokenizer"),
                    "sequence_length": 160,
                },
                "optimizer": {"lr": lr},
                "schedule": {"train_iters": 2, "lr_warmup_iters": 0, "global_batch_size": 2, "micro_batch_size": 2},
                "checkpoints": {"save_interval": 1, "init_from": str(init_from)},
                "compute": {"dtype": "float32"},
                "logging": {"tensorboard": False},
            }
        )

    return make


LONGER = {"max_position_embeddings": 160, "rotary_base": 20000}


def test_both_begin_the_same_run_at_another_length(make_config: MakeConfig, checkpoint: Path, converted: Path) -> None:
    runs = [make_config(name, start, **LONGER) for name, start in (("a", checkpoint), ("b", converted))]
    for config in runs:
        train_alone(config)
    first, second = (Checkpoint.open(checkpoint_folder(config.run, 2)) for config in runs)
    assert first.names() == second.names()
    assert all(torch.equal(first.tensor(name), second.tensor(name)) for name in first.names())
    origin = next(iter(records(runs[1].folder)))["origin"]
    assert origin == (
        f"begins with the weights of {converted}, model.max_position_embeddings 160 instead of 96,"
        " model.rotary_base 20000 instead of 10000"
    )


def test_the_first_step_is_taken_from_those_weights(make_config: MakeConfig, checkpoint: Path, converted: Path) -> None:
    config = make_config("run", converted, lr=1e-12, **LONGER)
    train_alone(config, stop_after=1)
    before, after = Checkpoint.open(checkpoint), Checkpoint.open(checkpoint_folder(config.run, 1))
    for name in before.parameters():
        torch.testing.assert_close(before.weight(name), after.weight(name), atol=1e-8, rtol=0)
    assert after.manifest.optimizer_step == 1


@pytest.mark.parametrize("start", ["checkpoint", "converted"])
def test_weights_of_another_shape_of_the_same_size_are_refused(
    make_config: MakeConfig, start: str, request: pytest.FixtureRequest
) -> None:
    """3 heads of 20 in 1 group fill the same matrices as 6 heads of 10 in 2 groups, and mean something else."""
    folder = request.getfixturevalue(start)
    config = make_config("run", folder, num_attention_heads=3, num_query_groups=1, **LONGER)
    with pytest.raises(ConfigError, match=r"set in model: num_attention_heads: 6, num_query_groups: 2"):
        train_alone(config)


def test_a_damaged_folder_is_refused(make_config: MakeConfig, converted: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(converted, tmp_path / "hf"))
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(-1000, 2)
        byte = file.read(1)[0]
        file.seek(-1000, 2)
        file.write(bytes([byte ^ 1]))
    with pytest.raises(ConvertError, match=r"model\.safetensors: damaged: not what was written; copy the folder again"):
        train_alone(make_config("run", folder, **LONGER))


def test_another_tokenizer_or_no_model_is_refused(make_config: MakeConfig, converted: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(converted, tmp_path / "hf"))
    (folder / "ncvc" / "tokenizer" / "manifest.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"trained with another tokenizer than .*; name its own as data\.tokenizer"):
        train_alone(make_config("run", folder, **LONGER))
    (folder / "model.safetensors").unlink()
    with pytest.raises(ConvertError, match=r"model\.safetensors: missing"):
        train_alone(make_config("run", folder, **LONGER))


def test_an_average_is_converted_and_begins_a_run(
    make_config: MakeConfig, converted: Path, pieces_folder: Path, tmp_path: Path
) -> None:
    for path in pieces_folder.iterdir():
        shutil.copy(path, tmp_path / "tokenizer")
    write_manifest(tmp_path / "tokenizer", stage="tokenizer", vocab_size=500)
    run = make_config("run", converted, **LONGER)
    train_alone(run)
    average(run.folder, tmp_path / "averaged", last=2)
    weights = [Checkpoint.open(checkpoint_folder(run.run, step)) for step in (1, 2)]
    to_huggingface(tmp_path / "averaged", tmp_path / "hf")
    card = (tmp_path / "hf/README.md").read_text()
    assert "| weights averaged over the checkpoints of steps | 1, 2 |" in card
    assert "| attention in training |" not in card
    for name, start in (("a", tmp_path / "averaged"), ("b", tmp_path / "hf")):
        config = make_config(name, start, lr=1e-12, **LONGER)
        train_alone(config, stop_after=1)
        after = Checkpoint.open(checkpoint_folder(config.run, 1))
        for parameter in after.parameters():
            mean = (weights[0].weight(parameter) + weights[1].weight(parameter)) / 2
            torch.testing.assert_close(after.weight(parameter), mean, atol=1e-6, rtol=0)
