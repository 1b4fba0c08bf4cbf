"""Stages of a run: its data, learning rate and sequence length by step."""

import json
import math
import shutil
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
import yaml
from click.testing import CliRunner

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.cli.train import train
from ncvc.errors import ConfigError
from ncvc.train.changes import changed_keys
from ncvc.train.config import TrainConfig
from ncvc.train.data import build_dataset
from ncvc.train.datasets import inspect_all
from ncvc.train.metrics.history import read_histories
from ncvc.train.metrics.log import event_records, steps
from ncvc.train.metrics.status import describe, status
from ncvc.train.preflight import dry_run
from tests.small_training import (
    LAYOUTS,
    SMALL,
    assert_learned_the_same,
    assert_same,
    made_up_documents,
    plain_logits,
    poisoned,
    tensors,
    train_alone,
    train_as_rank,
    write_dataset,
)

STAGES = [{"from": 2, "blend": [1.0, 3.0], "lr": 0.002}, {"from": 4, "seq_length": 24}]
"""Of a run of six steps of 8 samples of 16 tokens, whose lr is 0.01 and whose datasets have the weights 3 and 1."""
TOKENS = [128, 256, 384, 512, 704, 896]
"""Up to each of its steps, by hand."""


@pytest.fixture
def staged(make_config, tmp_path):
    """A function that makes a config of such a run."""
    for name in ("a", "b"):
        write_dataset(tmp_path / name, made_up_documents(60, seed=ord(name)))
    data = {"prefixes": [str(tmp_path / name) for name in ("a", "b")], "weights": [3.0, 1.0]}

    def make(run="run", stages=STAGES, **changes):
        return make_config(run, **{**changes, "data": {**data, **changes.get("data", {})}}, stages=stages)

    return make


def logged(config, name):
    """Events of a run."""
    return [event for event in event_records(config.folder) if event["event"] == name]


def test_stopping_and_going_on_equals_not_stopping(staged):
    """Dropout is on; stopped within a stage, and where two of them meet."""
    whole, parted = staged("whole"), staged("parted")
    train_alone(whole)
    for stop_after in (1, 1, 1, 1, None):
        train_alone(parted, stop_after)
    assert_same(tensors(whole, 6), tensors(parted, 6))
    found, expected = steps(parted.folder), steps(whole.folder)
    for field in ("loss", "lr", "tokens", "stage", "sequence_length"):
        assert [getattr(step, field) for step in found] == [getattr(step, field) for step in expected]
    assert [event["step"] for event in logged(parted, "stage")] == [3, 5]


@LAYOUTS
def test_stopping_and_going_on_equals_not_stopping_on_two_ranks(staged, pair, parallel):
    whole, parted = staged("whole", parallel=parallel), staged("parted", parallel=parallel)
    pair.run(train_as_rank, whole)
    pair.run(train_as_rank, parted, 3)
    pair.run(train_as_rank, parted)
    assert_same(tensors(whole, 6), tensors(parted, 6))


@pytest.mark.parametrize("parallel", [{}, {"pipeline_model_parallel_size": 2}], ids=["data", "pipeline"])
def test_the_ranks_change_nothing_but_rounding(staged, pair, parallel):
    quiet = {**SMALL, "attention_dropout": 0.0, "hidden_dropout": 0.0}
    one, two = staged("one", model=quiet), staged("two", model=quiet, parallel=parallel)
    train_alone(one)
    pair.run(train_as_rank, two)
    assert_learned_the_same(one, two)


def test_the_log_has_the_stages(staged):
    """By hand: warm-up over two steps, then a cosine; tokens by the lengths."""
    config = staged()
    train_alone(config)
    log = steps(config.folder)
    assert [step.tokens for step in log] == TOKENS
    assert [step.stage for step in log] == [1, 1, 2, 2, 3, 3]
    assert [step.sequence_length for step in log] == [16, 16, 16, 16, 24, 24]
    assert [round(step.tokens_per_second * step.seconds) for step in log] == [128, 128, 128, 128, 192, 192]
    cosine = [(1 + math.cos(math.pi * share / 4)) / 2 for share in (1, 2, 3, 4)]
    assert [step.lr for step in log] == pytest.approx([0.005, 0.01, *(0.002 * each for each in cosine)])
    manifest = Checkpoint.open(checkpoint_folder(config.run, 6)).manifest
    assert (manifest.tokens_seen, manifest.config["stages"][0]["from"]) == (896, 2)
    second, third = logged(config, "stage")
    assert (second["step"], second["stage"]) == (3, 2)
    assert second["settings"] == "blend 1 : 3, lr 0.002, sequences of 16 tokens"
    assert third["settings"] == "blend 1 : 3, lr 0.002, sequences of 24 tokens"


def test_a_stage_equals_plain_torch(staged):
    """Its first step's loss, from the weights before it, on the samples of its length."""
    quiet = {**SMALL, "attention_dropout": 0.0, "hidden_dropout": 0.0}
    config = staged(model=quiet, checkpoints={"save_interval": 4})
    train_alone(config)
    before = Checkpoint.open(checkpoint_folder(config.run, 4))
    weights = {name: before.weight(name) for name in before.parameters()}
    dataset = build_dataset(config, inspect_all(config, ""), None)
    samples = [dataset[number] for number in range(32, 40)]
    tokens, labels = (torch.stack([sample[name] for sample in samples]) for name in ("tokens", "labels"))
    assert tokens.shape == (8, 24)
    loss = F.cross_entropy(plain_logits(weights, config.model, tokens).transpose(1, 2), labels)
    assert steps(config.folder)[4].loss == pytest.approx(loss.item(), abs=1e-5)


def test_stages_change_no_validation(staged):
    """Its samples, their length and their weights are those of `data`, whatever the stage."""
    still = {"validation_split": 0.1}
    schedule, optimizer = {"eval_interval": 2, "eval_iters": 1}, {"lr": 1e-12}
    moving = [{"from": 2, "blend": [0.0, 1.0]}, {"from": 4, "seq_length": 32}]
    for run, stages in (("without", []), ("with", moving)):
        train_alone(staged(run, stages, data=still, schedule=schedule, optimizer=optimizer))
    one, two = (logged(staged(run, data=still), "validation") for run in ("without", "with"))
    assert [event["step"] for event in two] == [0, 2, 4, 6]
    for before, after in zip(one, two, strict=True):
        assert after["loss"] == pytest.approx(before["loss"], abs=1e-9)
        assert after["sources"].keys() == before["sources"].keys()


def test_a_dataset_of_no_weight_is_validated_and_weighs_nothing(staged):
    config = staged(
        stages=[{"from": 2, "blend": [1.0, 1.0]}],
        data={"weights": [1.0, 0.0], "validation_split": 0.1},
        schedule={"eval_interval": 100, "eval_iters": 1},
    )
    train_alone(config)
    event = logged(config, "validation")[0]
    first, second = (event["sources"][prefix]["loss"] for prefix in config.data.prefixes)
    assert event["loss"] == pytest.approx(first, abs=1e-12)
    assert first != second


def test_the_guard_lets_a_stage_pass(staged):
    """A gradient 50 times as large is good in the first step of a stage, and bad in any other."""
    guard = {"guard": {"window": 2}}
    without, config = staged("without", [], **guard), staged("with", [{"from": 4, "lr": 0.009}], **guard)
    for own in (without, config):
        with poisoned({5: 50.0}):
            train_alone(own)
    assert logged(without, "skipped")[0]["step"] == 5
    assert logged(config, "skipped") == []


def test_a_skipped_step_has_the_tokens_of_its_stage(staged):
    config = staged()
    with poisoned({2: math.nan, 6: math.nan}):
        train_alone(config, stop_after=3)
    with poisoned({6: math.nan}):
        train_alone(config)
    first, second = logged(config, "skipped")
    assert (first["skipped_tokens"], second["skipped_tokens"]) == (128, 128 + 192)
    # 8 samples a step, whatever their length.
    assert (first["samples"], second["samples"]) == ([8, 15], [40, 47])
    assert Checkpoint.open(checkpoint_folder(config.run, 6)).manifest.tokens_seen == 896 - 128 - 192
    assert "skipped     2 steps, 320 tokens" in describe(status(config.folder))
    assert [step.tokens for step in steps(config.folder)] == [128, 256, 384, 576]


def test_a_run_goes_back_behind_the_border_of_a_stage(staged):
    """Steps 9 to 11 are bad, which leads to step 6; the stage behind step 7 begins once more."""
    fields = {
        "guard": {"window": 4, "max_consecutive_skips": 3, "rollback_span": 2},
        "checkpoints": {"save_interval": 2},
        "schedule": {"train_iters": 14},
    }
    stages = [{"from": 6, "seq_length": 24}, {"from": 8, "lr": 0.005}]
    bad = dict.fromkeys((9, 10, 11), math.nan)
    whole, parted = staged("whole", stages, **fields), staged("parted", stages, **fields)
    with poisoned(bad):
        train_alone(whole)
        train_alone(parted, stop_after=12)
        train_alone(parted)
    (back,) = logged(whole, "rolled_back")
    assert (back["step"], back["left_out"]) == (6, [7, 11])
    assert [event["step"] for event in logged(whole, "stage")] == [7, 9, 7, 9]
    assert [step.step for step in steps(whole.folder)] == [*range(1, 7), 12, 13, 14]
    assert_same(tensors(whole, 14), tensors(parted, 14))


@pytest.mark.parametrize(
    ("stages", "changes", "words"),
    [
        ([{"from": 6, "lr": 0.1}], {}, "stages.0.from 6 leaves nothing of schedule.train_iters 6"),
        ([{"from": 60, "lr": 0.1}], {}, "stages.0.from 60 leaves nothing of schedule.train_iters 6"),
        ([{"from": 3, "lr": 0.1}, {"from": 3, "lr": 0.2}], {}, "from 3 comes after from 3; put the stages in order"),
        ([{"from": 2, "blend": [1.0, 2.0, 3.0]}], {}, r"stages.0.blend has 3 weights for 2 data.prefixes \("),
        ([{"from": 2, "blend": [0.0, 0.0]}], {}, "blend gives no dataset a weight"),
        ([{"from": 2, "seq_length": 33}], {}, "stages.0.seq_length 33 is above model.max_position_embeddings 32"),
        ([{"from": 2, "lr": 0.001}], {"optimizer": {"min_lr": 0.005}}, "stages.0.lr 0.001 is below optimizer.min_lr"),
        ([{"from": 2}], {}, "the stage changes nothing; set blend, lr or seq_length"),
        ([{"from": 0, "lr": 0.1}], {}, "greater than or equal to 1"),
        (
            [{"from": 2, "seq_length": 17}],
            {"parallel": {"tensor_model_parallel_size": 2, "sequence_parallel": True}},
            "stages.0.seq_length 17 does not divide by parallel.tensor_model_parallel_size 2",
        ),
        (
            [{"from": 2, "blend": [1.0, 0.0]}],
            {"data": {"weights": [1.0, 0.0]}},
            "b has the weight 0 in every stage",
        ),
        ([{"from": 2, "blend": [1.0, 2.0]}], {"data": {"order": "megatron"}}, "stages.0 changes blend, and data.order"),
        ([{"from": 2, "seq_length": 8}], {"data": {"order": "megatron"}}, "stages.0 changes seq_length, and data"),
    ],
)
def test_impossible_stages_are_refused(staged, stages, changes, words):
    with pytest.raises(ValueError, match=words):
        staged(stages=stages, **changes)


def test_a_mistake_is_named_with_its_place(staged, tmp_path):
    values = staged().model_dump(mode="json")
    file = tmp_path / "run.yaml"
    file.write_text(yaml.safe_dump(values))
    assert TrainConfig.load(file) == staged()
    with pytest.raises(ConfigError, match=r"unknown key 'stages\.0\.form'; did you mean 'from'\?"):
        TrainConfig.load(file, ("stages=[{form: 2, lr: 0.1}]",))
    with pytest.raises(ConfigError, match=r"--set stages=\[\{lr: 0\.1\}\]: 'stages\.0\.from' is missing"):
        TrainConfig.load(file, ("stages=[{lr: 0.1}]",))
    assert TrainConfig.load(file, ("stages.0.from=1e0", "stages.1.seq_length=32.0")).stages[1].seq_length == 32


def test_the_learning_rate_alone_may_change_in_megatrons_order(staged):
    """Older runs have that order."""
    config = staged(stages=[{"from": 3, "lr": 0.001}], data={"order": "megatron"})
    train_alone(config)
    assert [step.lr < 0.001 for step in steps(config.folder)] == [False, False, False, True, True, True]


def test_an_older_run_refuses_what_its_order_cannot_do(tmp_path, monkeypatch):
    shutil.copytree(Path(__file__).parent / "older_run", tmp_path / "older_run")
    monkeypatch.chdir(tmp_path / "older_run")
    with pytest.raises(ConfigError, match=r"stages\.0 changes seq_length, and data\.order megatron draws"):
        train_alone(TrainConfig.load("config.yaml", ("stages=[{from: 4, seq_length: 32}]",)), changed={"stages"})
    config = TrainConfig.load("config.yaml", ("stages=[{from: 4, lr: 0.002}]",))
    train_alone(config, changed={"stages"})
    expected = json.loads(Path("losses.json").read_text())
    losses = {str(step.step): step.loss for step in steps(config.folder)}
    assert losses["4"] == pytest.approx(expected["4"], abs=1e-5)
    assert steps(config.folder)[4].lr == pytest.approx(0.002 * (1 + math.cos(math.pi * 3 / 4)) / 2)


def test_stages_change_on_purpose(staged):
    """Planned behind step 3, while the run is at step 2; then stopped in the new stage, and gone on with."""
    begun, changed = staged(stages=[]), staged(stages=[{"from": 3, "seq_length": 24, "blend": [1.0, 1.0]}])
    train_alone(begun, stop_after=2)
    with pytest.raises(ConfigError, match=r"stages was \[\] and is \[.*--change stages=VALUE"):
        train_alone(changed)
    train_alone(changed, stop_after=2, changed={"stages"})
    train_alone(changed)
    (change,) = Checkpoint.open(checkpoint_folder(changed.run, 6)).manifest.changes
    assert (change.step, change.key, change.before) == (2, "stages", [])
    assert [step.sequence_length for step in steps(changed.folder)] == [16, 16, 16, 24, 24, 24]
    assert changed_keys(["stages.0.lr=0.1"]) == {"stages"}
    straight = staged("straight", stages=[])
    train_alone(straight, stop_after=2)
    straight = staged("straight", stages=changed.model_dump(mode="json")["stages"])
    train_alone(straight, changed={"stages"})
    assert_same(tensors(changed, 6), tensors(straight, 6))


def test_a_branch_has_stages_of_its_own(staged):
    config = staged(stages=[], checkpoints={"save_interval": 2, "keep_last": 100})
    train_alone(config)
    stages = [{"from": 4, "seq_length": 32, "lr": 0.003}]
    branch = staged(stages=stages, checkpoints={"save_interval": 2, "keep_last": 100}).branch(4)
    train_alone(branch, stop_after=1)
    train_alone(branch)
    assert [step.tokens for step in steps(branch.folder)] == [512 + 256, 512 + 512]
    assert steps(branch.folder)[0].lr == pytest.approx(0.003 * (1 + math.cos(math.pi * 3 / 4)) / 2)
    same = config.branch(2)
    train_alone(same)
    assert_same(tensors(config, 6), tensors(same, 6))


def test_the_status_and_the_curves_show_the_stages(staged, tmp_path):
    config = staged()
    train_alone(config, stop_after=3)
    assert "stage       2 of 3: blend 1 : 3, lr 0.002, sequences of 16 tokens, from step 3" in describe(
        status(config.folder)
    )
    train_alone(config)
    (history,) = read_histories([config.folder])
    assert history.stages == [3, 5]
    assert [history.tokens_at(step) for step in range(1, 7)] == TOKENS
    for name in ("loss.png", "loss.html"):
        done = CliRunner().invoke(train, ["plot", config.run, "-o", str(tmp_path / name)], catch_exceptions=False)
        assert done.exit_code == 0
    page = (tmp_path / "loss.html").read_text()
    # Losses over steps and tokens, rate and gradient.
    assert page.count('class="border s0"') == 2 * 4
    assert page.count("run: stage begins at 5<") == 3


def test_the_dry_run_counts_each_stage(staged, monkeypatch):
    """Tokens by hand, time by operations, memory at the longest sequences."""
    monkeypatch.setattr(dry_run, "gpus", lambda: ())
    config = staged(compute={"dtype": "bfloat16"})
    found = dry_run.estimate(config, dry_run.target("H100"))
    assert found["tokens"] == TOKENS[-1]
    assert [(stage["first"], stage["steps"], stage["tokens"]) for stage in found["stages"]] == [
        (1, 2, 256),
        (3, 2, 256),
        (5, 2, 384),
    ]
    alone = [
        dry_run.estimate(staged(stages=[], compute={"dtype": "bfloat16"}, data=data), dry_run.target("H100"))
        for data in ({}, {"sequence_length": 24})
    ]
    assert found["seconds"] == pytest.approx(alone[0]["seconds"] * 4 / 6 + alone[1]["seconds"] * 2 / 6)
    assert [stage["memory"] for stage in found["stages"]] == [alone[number]["memory"]["total"] for number in (0, 0, 1)]
    assert found["memory"] == alone[1]["memory"]
    lines = dry_run.dry_run(config, dry_run.target("H100"))
    (last,) = [line for line in lines if line.startswith("stage 3")]
    assert "steps 5 to 6: blend 1 : 3, lr 0.002, sequences of 24 tokens; 384 tokens" in last
    (data,) = [line for line in lines if line.startswith("data")]
    sizes = [fact.tokens for fact in inspect_all(config, "")]
    read = (256 * 3 / 4 + 640 / 4, 256 / 4 + 640 * 3 / 4)
    assert data.endswith(f"{read[0] / sizes[0]:.2f} epochs of a, {read[1] / sizes[1]:.2f} epochs of b")


def test_too_little_text_for_the_longest_sample_is_refused(staged, tmp_path):
    write_dataset(tmp_path / "b", [[5] * 20])
    staged(stages=[])
    with pytest.raises(Exception, match=r"b\.bin: holds 20 tokens for training, and a sample takes .* 25"):
        inspect_all(staged(), "")
