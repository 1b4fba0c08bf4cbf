"""Settings that change while a run is under way: on purpose, by `--change`, or without a trace in the weights."""

import math
from itertools import pairwise

import pytest
import torch
import yaml
from click.testing import CliRunner

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.cli.train import train
from ncvc.errors import ConfigError
from ncvc.train import loop
from ncvc.train.blend import BLOCK, Blend, StagedBlend
from ncvc.train.changes import CHANGEABLE, changed_keys
from ncvc.train.metrics.log import event_records, steps
from ncvc.train.operation_config import CheckpointConfig
from tests.small_training import (
    SMALL,
    assert_same,
    made_up_documents,
    poisoned,
    tensors,
    train_alone,
    write_dataset,
)

WITHOUT_DROPOUT = {**SMALL, "attention_dropout": 0.0, "hidden_dropout": 0.0}


def logged(config, name):
    """Events of a run."""
    return [event for event in event_records(config.folder) if event["event"] == name]


def test_the_micro_batch_may_change_and_rounds_otherwise(make_config):
    whole = make_config("whole", model=WITHOUT_DROPOUT)
    train_alone(whole)
    train_alone(make_config("parts", model=WITHOUT_DROPOUT), stop_after=3)
    other = make_config("parts", model=WITHOUT_DROPOUT, schedule={"micro_batch_size": 8})
    train_alone(other)
    (resumed,) = logged(other, "resumed")
    assert "micro_batch_size was 2 and is 8: weights, optimizer and data go on exactly, but" in resumed["origin"]
    assert Checkpoint.open(checkpoint_folder(other.run, 6)).manifest.changes == ()
    for name, tensor in tensors(whole, 6).items():
        if name.startswith("model."):
            torch.testing.assert_close(tensors(other, 6)[name], tensor, atol=1e-5, rtol=1e-4)


def test_a_changed_learning_rate_holds_from_the_next_step_on(make_config, monkeypatch):
    """As if the schedule itself had changed behind step 3; also if the run is stopped afterwards."""
    config, changed = make_config("parts"), make_config("parts", optimizer={"lr": 0.03})
    train_alone(config, stop_after=3)
    with pytest.raises(ConfigError, match=r"optimizer\.lr was 0\.01 and is 0\.03; .* --change optimizer\.lr=VALUE"):
        train_alone(changed)
    train_alone(changed, stop_after=1, changed={"optimizer.lr"})
    train_alone(changed, stop_after=1)  # the file says it by now
    train_alone(changed, changed={"optimizer.lr"})  # the same command once more changes nothing
    assert [(event["step"], event["key"], event["before"], event["now"]) for event in logged(changed, "changed")] == [
        (3, "optimizer.lr", 0.01, 0.03)
    ]
    manifest = Checkpoint.open(checkpoint_folder(changed.run, 6)).manifest
    assert [(change.step, change.key) for change in manifest.changes] == [(3, "optimizer.lr")]
    with pytest.raises(ConfigError, match=r"optimizer\.lr was 0\.03 and is 0\.01"):
        train_alone(config)

    original = loop.learning_rate

    def by_hand(step, optimizer, schedule):
        return original(step, optimizer if step <= 3 else changed.optimizer, schedule)

    monkeypatch.setattr(loop, "learning_rate", by_hand)
    whole = make_config("whole")
    train_alone(whole)
    assert_same(tensors(whole, 6), tensors(changed, 6))


def test_a_finished_run_goes_on_with_more_steps(make_config):
    train_alone(make_config())
    longer = make_config(schedule={"train_iters": 8})
    train_alone(longer, changed={"schedule.train_iters"})
    assert [step.step for step in steps(longer.folder)] == list(range(1, 9))
    with pytest.raises(ConfigError, match=r"schedule\.train_iters is 7, and the run has done 8 steps"):
        train_alone(make_config(schedule={"train_iters": 7}), changed={"schedule.train_iters"})


@pytest.mark.parametrize("firsts", [(0, 7), (0, BLOCK - 1, BLOCK + 1), (0, 2 * BLOCK)])
def test_no_sample_is_left_out_or_read_twice_where_weights_change(firsts):
    weights = [(1.0, 3.0, 0.2), (5.0, 1.0, 1.0), (1.0, 1.0, 1.0), (0.1, 0.2, 9.0), (2.0, 1.0, 7.0)]
    stages = list(zip(firsts, weights, strict=False))
    blend, read = StagedBlend(stages), [0, 0, 0]
    ends = [first for first, _ in stages[1:]] + [3 * BLOCK]
    for (first, own), end in zip(stages, ends, strict=True):
        before = list(read)
        for number in range(first, end):
            dataset, which = blend[number]
            assert which == read[dataset]
            read[dataset] += 1
        for count, was, weight in zip(read, before, own, strict=True):
            assert abs(count - was - (end - first) * weight / sum(own)) <= 1


def test_counts_are_those_of_the_samples():
    blend, read = Blend([1.0, 3.0, 0.2]), [0, 0, 0]
    for number in range(2 * BLOCK):
        if number % 777 in (0, 1):
            assert blend.counts(number) == read
        read[blend[number][0]] += 1


@pytest.fixture
def two_datasets(tmp_path):
    """Two datasets, as `data`."""
    for name in ("a", "b"):
        write_dataset(tmp_path / name, made_up_documents(60, seed=ord(name)))
    return {"prefixes": [str(tmp_path / name) for name in ("a", "b")], "weights": [1.0, 3.0]}


def test_changed_weights_hold_from_the_next_step_on(make_config, two_datasets):
    """Two changes; the same samples as if they had been planned as stages."""
    seconds = two_datasets | {"weights": [2.0, 1.0]}
    thirds = two_datasets | {"weights": [1.0, 1.0]}
    train_alone(make_config("parts", data=two_datasets), stop_after=2)
    train_alone(make_config("parts", data=seconds), stop_after=2, changed={"data.weights"})
    last = make_config("parts", data=thirds)
    train_alone(last, changed={"data.weights"})
    stages = [{"from": 2, "blend": [2.0, 1.0]}, {"from": 4, "blend": [1.0, 1.0]}]
    whole = make_config("whole", data=two_datasets, stages=stages)
    train_alone(whole)
    assert_same(tensors(whole, 6), tensors(last, 6))


def test_the_samples_of_megatrons_order_are_drawn_at_once(make_config, two_datasets):
    train_alone(make_config(data=two_datasets | {"order": "megatron"}), stop_after=2)
    other = two_datasets | {"order": "megatron", "weights": [1.0, 1.0]}
    with pytest.raises(ConfigError, match=r"data\.order megatron draws the samples of the whole run by it"):
        train_alone(make_config(data=other), changed={"data.weights"})


def test_a_run_goes_back_behind_a_change(make_config):
    """Steps 9 to 11 are bad, which leads to step 6, before the change after step 8."""
    changes = {
        "guard": {"window": 4, "max_consecutive_skips": 3, "rollback_span": 2},
        "checkpoints": {"save_interval": 2},
    }
    first = make_config(schedule={"train_iters": 14}, **changes)
    train_alone(first, stop_after=8)
    second = make_config(schedule={"train_iters": 14}, optimizer={"lr": 0.02}, **changes)
    with poisoned(dict.fromkeys((9, 10, 11), math.nan)):
        train_alone(second, changed={"optimizer.lr"})
    (back,) = logged(second, "rolled_back")
    assert back["step"] == 6
    assert steps(second.folder)[-1].step == 14
    (change,) = Checkpoint.open(checkpoint_folder(second.run, 14)).manifest.changes
    assert (change.step, change.key) == (8, "optimizer.lr")


def test_the_guard_gets_to_know_the_loss_anew(make_config):
    """A change makes a gradient 50 times as large good, which is bad in a run that just goes on."""
    guard = {"guard": {"window": 2}}
    for run, lr, changed in (("same", 0.01, ()), ("other", 0.011, ("optimizer.lr",))):
        train_alone(make_config(run, **guard), stop_after=4)
        config = make_config(run, optimizer={"lr": lr}, **guard)
        with poisoned({5: 50.0}):
            train_alone(config, changed=changed)
        assert [event["step"] for event in logged(config, "skipped")] == ([] if changed else [5])


@pytest.mark.parametrize(
    "key", ["seed", "optimizer", "data.sequence_length", "schedule.global_batch_size", "model", ""]
)
def test_what_decides_the_steps_before_cannot_change(key):
    with pytest.raises(ConfigError, match=f"--change {key}: cannot change in a run; what can: optimizer.lr, "):
        changed_keys([f"{key}=1"])


def test_the_command_changes_names_and_plans(make_config, tmp_path):
    config = make_config(parallel={"nproc_per_node": 1})
    train_alone(config, stop_after=2)
    file = tmp_path / "run.yaml"
    file.write_text(yaml.safe_dump(config.model_dump(mode="json")))

    def said(*options):
        done = CliRunner().invoke(train, [str(file), "--dry-run", *options])
        return str(done.exception or done.output)

    assert "goes on      after step 2" in said("--change", "optimizer.lr=0.02", "--change", "schedule.train_iters=9")
    assert "optimizer.lr was 0.01 and is 0.02" in said("--set", "optimizer.lr=0.02")
    assert said("--change", "optimizer.lr=fast").startswith("--change optimizer.lr=fast: 'optimizer.lr' is 'fast'")
    assert said("--change", "seed=3").startswith("--change seed: cannot change in a run")
    assert "schedule.train_iters is 1, and" in said(
        "--change", "schedule.train_iters=1", "--change", "schedule.lr_warmup_iters=0"
    )


@pytest.mark.parametrize(
    ("save", "keep", "words"),
    [(100, 3200, None), (3200, 3200, None), (1000, 3200, "one in 16,000 steps"), (7, 5, "one in 35 steps")],
)
def test_a_keep_interval_that_keeps_fewer_is_said(save, keep, words):
    warning = CheckpointConfig(save_interval=save, keep_interval=keep).warning
    assert (warning is None) == (words is None)
    assert words is None or words in warning
    kept = [
        step
        for step in range(save, 40_000, save)
        if CheckpointConfig(save_interval=save, keep_interval=keep).is_kept(step)
    ]
    assert {later - earlier for earlier, later in pairwise(kept)} == {math.lcm(save, keep)}


@pytest.mark.parametrize(
    ("save", "keep"), [(1, 3200), (150, 3300), (1000, 4000), (3200, 3200), (3201, 3201), (5000, 5000)]
)
def test_the_default_keep_interval_follows_save_interval(save, keep):
    policy = CheckpointConfig(save_interval=save)
    assert policy.keep_interval == keep
    assert policy.warning is None


def test_no_checkpoint_is_kept_for_ever(make_config):
    policy = CheckpointConfig(save_interval=1, keep_interval="off")
    assert policy.warning is None
    assert not any(map(policy.is_kept, range(1, 10_000)))
    config = make_config(checkpoints={"save_interval": 1, "keep_last": 2, "keep_interval": "off"})
    train_alone(config)
    left = sorted(path.name for path in (config.folder / "checkpoints").iterdir())
    assert left == ["step_00000005", "step_00000006"]


def test_every_setting_that_can_change_is_one(make_config):
    values = make_config().model_dump()
    for key in CHANGEABLE:
        section, _, name = key.partition(".")
        assert section in values
        assert not name or name in values[section]
