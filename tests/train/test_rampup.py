"""Ramp of the batch size."""

import math

import pytest
from megatron.core.num_microbatches_calculator import StepBatchsizeNumMicroBatchesCalculator

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.errors import ConfigError
from ncvc.train.data import batches
from ncvc.train.metrics.log import event_records, steps
from ncvc.train.metrics.status import describe, status
from ncvc.train.optimizer import learning_rate
from ncvc.train.preflight import dry_run
from ncvc.train.step_plan import StepPlan
from tests.small_training import assert_same, poisoned, tensors, train_alone, train_as_rank
from tests.train.test_data import _rank

RAMP = {"train_iters": 7, "rampup": {"start": 4, "increment": 4, "samples": 20}, "global_batch_size": 12}
"""Two increments in 20 samples: 4, 4, 4 (12 samples, 10 were needed), then 8 up to 20 samples, then 12."""
BATCHES = [4, 4, 4, 8, 12, 12, 12]


@pytest.mark.parametrize(
    ("start", "increment", "samples", "whole"),
    [(4, 4, 20, 12), (32, 32, 5_859, 1024), (2, 2, 1, 64), (8, 24, 1_000, 128), (16, 16, 65_536, 256), (4, 4, 8, 8)],
)
def test_the_sizes_are_megatrons(make_config, start, increment, samples, whole):
    """As of megatron-core's calculator, given the thresholds that `--rampup-batch-size` of Megatron-LM had.

    Its calculator had int(samples / (ramp / increments)) increments behind so many samples.
    """
    rampup = {"start": start, "increment": increment, "samples": samples}
    plan = StepPlan(
        make_config(schedule={"rampup": rampup, "global_batch_size": whole, "train_iters": 3000, "micro_batch_size": 2})
    )
    increments = (whole - start) // increment
    schedule: dict[int, int] = {}
    for number in range(increments + 1):
        schedule[math.ceil(number * samples / increments)] = start + number * increment
    text = " ".join(f"{first}:{size}" for first, size in schedule.items())
    theirs = StepBatchsizeNumMicroBatchesCalculator(2, 1, False, 1, text)
    consumed = 0
    for step in range(1, 3001):
        theirs.update(consumed, True)
        assert plan.at(step).batch_size == theirs.get_current_global_batch_size()
        assert plan.samples(step - 1) == consumed
        assert plan.tokens(step - 1) == consumed * 16
        if consumed <= samples and consumed * increments % samples:
            assert plan.at(step).batch_size == start + int(consumed / (samples / increments)) * increment
        consumed += theirs.get_current_global_batch_size()


def test_a_step_alone_says_which_samples_it_sees(make_config):
    """Any number of ranks sees the same samples in a step, none twice and none left out."""
    config = make_config(schedule=RAMP)
    plan = StepPlan(config)
    for ranks in (1, 2):
        for done in (0, 2, 5):
            expected = iter(range(sum(BATCHES[:done]), sum(BATCHES)))
            each = [list(batches(list(range(sum(BATCHES))), config, plan, _rank(r, ranks), done)) for r in range(ranks)]
            for size in BATCHES[done:]:
                taken = [own.pop(0) for own in each for _ in range(size // (2 * ranks))]
                found = sorted(number for batch in taken for number in batch.tolist())
                assert found == [next(expected) for _ in range(size)]
            assert not any(each)


def test_stopping_and_going_on_equals_not_stopping(make_config):
    """Dropout is on; a stage begins within the ramp too."""
    stages = [{"from": 2, "seq_length": 24, "lr": 0.004}]
    whole, parted = (make_config(run, schedule=RAMP, stages=stages) for run in ("whole", "parted"))
    train_alone(whole)
    for stop_after in (2, 1, 2, None):
        train_alone(parted, stop_after)
    assert_same(tensors(whole, 7), tensors(parted, 7))
    for config in (whole, parted):
        log = steps(config.folder)
        assert [step.batch_size for step in log] == BATCHES
        assert [step.tokens for step in log] == [64, 128, 224, 416, 704, 992, 1280]
        top = [config.optimizer.model_copy(update={"lr": lr}) for lr in (0.01, 0.01, *[0.004] * 5)]
        assert [step.lr for step in log] == [learning_rate(n, own, config.schedule) for n, own in enumerate(top, 1)]
    assert [step.loss for step in steps(whole.folder)] == [step.loss for step in steps(parted.folder)]


@pytest.mark.parametrize("parallel", [{}, {"tensor_model_parallel_size": 2}, {"pipeline_model_parallel_size": 2}])
def test_stopping_and_going_on_equals_not_stopping_on_two_ranks(make_config, pair, parallel):
    whole, parted = (make_config(run, schedule=RAMP, parallel=parallel) for run in ("whole", "parted"))
    pair.run(train_as_rank, whole)
    pair.run(train_as_rank, parted, 2)
    pair.run(train_as_rank, parted)
    assert_same(tensors(whole, 7), tensors(parted, 7))


def test_the_loss_of_a_step_is_the_mean_of_its_samples(make_config):
    """The same samples at once, from the same weights: 4 of 12."""
    quiet = {"attention_dropout": 0.0, "hidden_dropout": 0.0, **make_config().model.model_dump(exclude_unset=True)}
    quiet |= {"attention_dropout": 0.0, "hidden_dropout": 0.0}
    ramp = make_config("ramp", model=quiet, schedule=RAMP)
    small = make_config("small", model=quiet, schedule={"train_iters": 7, "global_batch_size": 4})
    for config in (ramp, small):
        train_alone(config, stop_after=3)
    # The learning rate's shape is that of seven steps in both.
    assert_same(tensors(ramp, 3), tensors(small, 3))


def test_skipped_and_left_out_steps_have_the_samples_of_the_ramp(make_config):
    config = make_config(schedule=RAMP)
    with poisoned({4: math.nan}):
        train_alone(config)
    (skipped,) = [event for event in event_records(config.folder) if event["event"] == "skipped"]
    assert (skipped["samples"], skipped["skipped_tokens"]) == ([12, 19], 128)
    assert Checkpoint.open(checkpoint_folder(config.run, 7)).manifest.tokens_seen == 16 * (sum(BATCHES) - 8)


def test_megatrons_order_has_the_samples_of_the_ramp(make_config):
    whole, parted = (make_config(run, schedule=RAMP, data={"order": "megatron"}) for run in ("whole", "parted"))
    train_alone(whole)
    train_alone(parted, stop_after=3)
    train_alone(parted)
    assert_same(tensors(whole, 7), tensors(parted, 7))


def test_status_and_dry_run_know_the_ramp(make_config, monkeypatch):
    monkeypatch.setattr(dry_run, "gpus", lambda: ())
    config = make_config(schedule=RAMP)
    found = dry_run.dry_run(config, dry_run.target())
    assert "ramp         4 samples at first, 4 more at a time; 12 from step 5 on, behind 20 samples" in found
    assert "steps        7; 896 tokens" in found
    assert dry_run.estimate(config, dry_run.target())["tokens"] == 16 * sum(BATCHES)
    train_alone(config, stop_after=4)
    lines = describe(status(config.folder))
    assert "batch       8 samples, of 12 behind the ramp" in lines
    assert "step        4 of 7 (57.1%), 320 tokens" in lines


@pytest.mark.parametrize(
    ("rampup", "words"),
    [
        ((4, 4, 20), None),
        ((12, 4, 20), "rampup does not lead from start 12 by increments of 4 to global_batch_size 12"),
        ((4, 6, 20), "rampup does not lead from start 4 by increments of 6 to global_batch_size 12"),
        ((3, 9, 20), "rampup.start 3 must be a multiple of micro_batch_size 2"),
        ((6, 3, 20), "rampup.increment 3 must be a multiple of micro_batch_size 2"),
        ((4, 4, 0), "greater than or equal to 1"),
    ],
)
def test_impossible_ramps_are_refused(make_config, rampup, words):
    schedule = {**RAMP, "rampup": dict(zip(("start", "increment", "samples"), rampup, strict=True))}
    if words is None:
        config = make_config(schedule=schedule)
        assert config.data_parallel_size(2) == 2
        with pytest.raises(ValueError, match=r"schedule\.rampup\.start 4 must be a multiple of .* = 12"):
            config.data_parallel_size(6)
        return
    with pytest.raises(ValueError, match=words):
        make_config(schedule=schedule)


def test_the_ramp_of_a_run_does_not_change(make_config):
    train_alone(make_config(schedule=RAMP), stop_after=2)
    other = {**RAMP, "rampup": {"start": 4, "increment": 4, "samples": 40}}
    with pytest.raises(ConfigError, match=r"schedule\.rampup\.samples was 20 and is 40"):
        train_alone(make_config(schedule=other))
