"""A run of its own behind a checkpoint of another run, with that one's optimizer."""

import math

import pytest
import yaml
from click.testing import CliRunner

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.cli.train import train
from ncvc.errors import CheckpointError, ConfigError
from ncvc.train import loop
from ncvc.train.config import TrainConfig
from ncvc.train.metrics.log import event_records, steps
from tests.small_training import assert_same, poisoned, tensors, train_alone

EACH = {"save_interval": 2, "keep_last": 100}


def test_a_branch_that_changes_nothing_is_the_run_itself(make_config):
    """Bit for bit, dropout on, stopped and gone on with in between."""
    config = make_config(checkpoints=EACH)
    train_alone(config)
    before = tensors(config, 4)
    branch = config.branch(4)
    assert branch.run == f"{config.run}-from-4"
    train_alone(branch, stop_after=1)
    train_alone(branch)
    assert_same(tensors(config, 6), tensors(branch, 6))
    assert_same(before, tensors(config, 4))
    assert [step.step for step in steps(branch.folder)] == [5, 6]
    assert not checkpoint_folder(branch.run, 4).exists()


def test_a_branch_has_a_schedule_of_its_own(make_config, monkeypatch):
    """A cool-down from step 4 on, as if the whole run had been steered so."""
    stable = {"lr_decay_style": "constant", "train_iters": 20}
    config = make_config(checkpoints=EACH, schedule=stable)
    train_alone(config, stop_after=6)
    cool = {"lr_decay_style": "wsd", "lr_cooldown_iters": 4, "train_iters": 8}
    branch = make_config(checkpoints=EACH, schedule=cool).branch(4)
    train_alone(branch)
    rates = [step.lr for step in steps(branch.folder)]
    assert rates == pytest.approx([0.0075, 0.005, 0.0025, 0.0])
    manifest = Checkpoint.open(checkpoint_folder(branch.run, 8)).manifest
    assert {change.key for change in manifest.changes} == {
        "schedule.lr_decay_style",
        "schedule.lr_cooldown_iters",
        "schedule.train_iters",
    }
    (resumed,) = [event for event in event_records(branch.folder) if event["event"] == "resumed"]
    assert (resumed["step"], str(checkpoint_folder(config.run, 4)) in resumed["origin"]) == (4, True)

    by_hand = dict(zip(range(1, 9), [0.005, 0.01, 0.01, 0.01, *rates], strict=True))
    monkeypatch.setattr(loop, "learning_rate", lambda step, optimizer, schedule: by_hand[step])
    whole = make_config("whole", schedule=cool)
    train_alone(whole)
    assert_same(tensors(whole, 8), tensors(branch, 8))


def test_a_branch_goes_back_to_where_it_began(make_config):
    """All steps behind it are bad, and it has no checkpoint of its own."""
    guard = {"sigmas": 0.0, "max_consecutive_skips": 2, "rollback_span": 0}
    config = make_config(checkpoints=EACH, schedule={"train_iters": 12}, guard=guard)
    train_alone(config, stop_after=4)
    rare = {**EACH, "save_interval": 100}
    branch = make_config(checkpoints=rare, schedule={"train_iters": 12}, guard=guard).branch(4)
    with poisoned({5: math.nan, 6: math.nan}):
        train_alone(branch)
    (back,) = [event for event in event_records(branch.folder) if event["event"] == "rolled_back"]
    assert (back["step"], back["left_out"]) == (4, [5, 6])
    assert [step.step for step in steps(branch.folder)] == list(range(7, 13))


def test_what_a_branch_cannot_be(make_config):
    config = make_config(checkpoints=EACH)
    train_alone(config, stop_after=4)
    with pytest.raises(CheckpointError, match="step_00000003: not a checkpoint"):
        train_alone(config.branch(3))
    with pytest.raises(ConfigError, match=r"seed was 5 and is 6"):
        train_alone(make_config(seed=6).branch(4))
    with pytest.raises(ConfigError, match=r"schedule\.train_iters is 3, and the run has done 4 steps"):
        train_alone(make_config(schedule={"train_iters": 3}).branch(4))
    file = checkpoint_folder(config.run, 4) / "rank_00000.safetensors"
    whole = bytearray(file.read_bytes())
    whole[-1] ^= 1
    file.write_bytes(whole)
    with pytest.raises(CheckpointError, match=r"rank_00000\.safetensors: damaged"):
        train_alone(config.branch(4))
    values = config.branch(2).model_dump(mode="json")
    values["checkpoints"]["init_from"] = "elsewhere"
    with pytest.raises(ValueError, match="init_from and branch_from exclude each other"):
        TrainConfig.model_validate(values)


def test_the_command_plans_a_branch(make_config, tmp_path):
    config = make_config(checkpoints=EACH, parallel={"nproc_per_node": 1})
    train_alone(config, stop_after=4)
    file = tmp_path / "run.yaml"
    file.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    done = CliRunner().invoke(
        train, [str(file), "--dry-run", "--from-step", "2", "--set", "optimizer.lr=0.001"], catch_exceptions=False
    )
    assert f"run          {config.run}-from-2" in done.output
    assert "goes on      after step 2" in done.output
