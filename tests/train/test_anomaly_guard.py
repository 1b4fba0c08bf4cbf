"""Bad steps never reach the weights: skipped, gone back from, left out, and all of it exact when interrupted."""

import math

import pytest
import torch

from ncvc.checkpoint.manifest import GuardState, checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint, latest
from ncvc.errors import TrainingError
from ncvc.model.parallel import single_process
from ncvc.smoothing import ExponentialMean
from ncvc.train.anomaly_guard import AnomalyGuard, require_finite
from ncvc.train.metrics.log import records, steps
from ncvc.train.operation_config import GuardConfig
from tests.small_training import assert_same, last_event, tensors, train_alone, train_as_rank, train_poisoned
from tests.train.test_training import plain_steps

QUIET = {"attention_dropout": 0.0, "hidden_dropout": 0.0}


def events(config, name):
    return [record for record in records(config.folder) if record.get("event") == name]


def test_what_is_far_off():
    guard = AnomalyGuard(GuardConfig(window=4, sigmas=2.0))
    values = [1.0, 2.0, 3.0, 100.0]  # the window is not full before the fourth
    assert [guard.judge(value, 1.0) for value in values] == [None] * 4
    guard = AnomalyGuard(GuardConfig(window=4, sigmas=2.0))
    for value in (1.0, 2.0, 3.0, 4.0):
        assert guard.judge(value, 1.0 + value / 10) is None
    bound = 2.5 + 2 * math.sqrt(1.25)  # mean and standard deviation of 1, 2, 3, 4
    assert "the loss is 4.737" in guard.judge(bound + 0.001, 1.2)
    assert guard.judge(2.5, 5.0).startswith("the gradient norm is 5, and was 1.25 ± 0.11 in the last 4 good steps")
    assert (guard.row, guard.skipped) == (2, 2)
    assert guard.judge(bound - 0.001, 1.2) is None
    assert guard.row == 0
    assert list(guard.losses) == [2.0, 3.0, 4.0, bound - 0.001]  # bad steps do not count
    assert guard.judge(-50.0, 1.2) is None  # far below is good news
    assert AnomalyGuard(GuardConfig(window=2, sigmas=0.0), guard.state()).judge(1e9, 1e9) is None
    for value in (math.nan, math.inf, -math.inf):
        assert AnomalyGuard(GuardConfig(sigmas=0.0)).judge(value, 1.0) == f"the loss is {value}"
        assert AnomalyGuard(GuardConfig(sigmas=0.0)).judge(1.0, value) == f"the gradient norm is {value}"


@pytest.mark.parametrize("constant", [2.5, 1e-9, 0.0, -3.0])
def test_what_hardly_differs_is_no_anomaly(constant):
    """A loss that was the same in every step, and then by rounding a little higher."""
    guard = AnomalyGuard(GuardConfig(window=4))
    for value in [constant] * 4 + [constant + 1e-9, constant + abs(constant) * 1e-4]:
        assert guard.judge(value, 1.0) is None
    assert "the loss is" in guard.judge(constant + abs(constant) * 0.007 + 1e-5, 1.0)
    assert "the gradient norm is" in guard.judge(constant, 1.007)


def test_steps_with_other_settings_are_not_compared_with_those_before():
    guard = AnomalyGuard(GuardConfig(window=4))
    for value in (1.0, 1.1, 1.0, 1.1):
        guard.judge(value, value)
    guard.forget()
    assert [guard.judge(value, value) for value in (9.0, 9.1, 9.0, 9.1)] == [None] * 4
    assert guard.judge(90.0, 9.0)


def test_what_is_remembered_keeps_every_bit():
    guard = AnomalyGuard(GuardConfig())
    for value in torch.rand(500, generator=torch.Generator().manual_seed(1), dtype=torch.float64).tolist():
        guard.judge(value, value * 1e-30)
    again = AnomalyGuard(GuardConfig(), GuardState.model_validate_json(guard.state().model_dump_json()))
    assert again.state() == guard.state()
    assert len(guard.losses) == 128


def test_a_bad_step_is_left_out_and_nothing_else(make_config):
    """Against plain PyTorch, which never sees that batch: the learning rate and the data go on, AdamW's count not."""
    config = make_config(model=QUIET, checkpoints={"save_interval": 1, "keep_last": 6})
    train_poisoned(config, {4: math.nan})
    weights = plain_steps(config, skip=(4,))
    last = Checkpoint.open(checkpoint_folder(config.run, 6))
    assert last.manifest.optimizer_step == 5
    assert last.manifest.tokens_seen == 5 * 8 * 16
    for name, weight in weights.items():
        torch.testing.assert_close(last.weight(name), weight.detach(), atol=1e-5, rtol=1e-4)
    before, after = tensors(config, 3), tensors(config, 4)
    assert_same(*({n: t for n, t in side.items() if not n.startswith("rng.")} for side in (before, after)))
    (event,) = events(config, "skipped")
    assert event["step"] == 4
    assert event["samples"] == [24, 31]
    assert event["grad_norm"] == "nan"
    assert [step.step for step in steps(config.folder)] == [1, 2, 3, 5, 6]
    assert [step.tokens for step in steps(config.folder)] == [8 * 16 * count for count in range(1, 6)]


@pytest.mark.parametrize("parallel", [{}, {"tensor_model_parallel_size": 2}], ids=["data", "tensor"])
def test_going_on_after_a_bad_step_equals_not_stopping_on_two_ranks(make_config, pair, parallel):
    """Also in the first step, before AdamW has any state; dropout is on."""
    whole, stopped = make_config("whole", parallel=parallel), make_config("stopped", parallel=parallel)
    faults = {1: math.nan, 4: math.inf}
    pair.run(train_poisoned, whole, faults)
    for stop_after in (1, 3, None):
        pair.run(train_poisoned, stopped, faults, stop_after)
    assert [event["step"] for event in events(stopped, "resumed")] == [1, 4]
    assert_same(tensors(whole, 6), tensors(stopped, 6))
    states = [Checkpoint.open(checkpoint_folder(c.run, 6)).manifest for c in (whole, stopped)]
    assert states[0].guard == states[1].guard
    assert states[0].optimizer_step == 4
    assert [event["step"] for event in events(whole, "skipped")] == [1, 4]


GOES_BACK = {
    "guard": {"window": 4, "max_consecutive_skips": 3, "rollback_span": 2},
    "schedule": {"train_iters": 16},
    "checkpoints": {"save_interval": 2},
}


def test_a_row_of_bad_steps_is_gone_back_from_and_left_out(make_config, pair):
    """Steps 9 to 11 are far off: back to step 6, steps 7 to 11 are left out; also if stopped anywhere."""
    faults = {9: 1000.0, 10: 1000.0, 11: math.nan}
    whole = make_config("whole", **GOES_BACK)
    pair.run(train_poisoned, whole, faults)
    (back,) = events(whole, "rolled_back")
    assert (back["step"], back["left_out"]) == (6, [7, 11])
    (left,) = events(whole, "left_out")
    assert (left["steps"], left["samples"], left["skipped"]) == ([7, 11], [48, 87], 5)
    assert [step.step for step in steps(whole.folder)] == [*range(1, 7), *range(12, 17)]
    assert steps(whole.folder)[-1].smoothed_loss == ExponentialMean(s.loss for s in steps(whole.folder)).mean
    assert latest(whole.folder).manifest.optimizer_step == 11

    for stops in [(8, 2, 1, 2), (11, 1)]:  # within the row and just after it; at its very end
        stopped = make_config(f"stopped-{stops[0]}", **GOES_BACK)
        for stop_after in (*stops, None):
            pair.run(train_poisoned, stopped, faults, stop_after)
        assert_same(tensors(whole, 16), tensors(stopped, 16))
        assert steps(stopped.folder)[-1].smoothed_loss == steps(whole.folder)[-1].smoothed_loss
        assert latest(stopped.folder).manifest.guard == latest(whole.folder).manifest.guard

    # The same weights without any fault, if just these batches are left out from the beginning.
    plain = make_config("plain", **GOES_BACK)
    pair.run(train_without, plain, ((7, 11),))
    assert_same(tensors(whole, 16), tensors(plain, 16))


def train_without(config, left_out):
    """Trains as one of two ranks, some steps left out from the beginning."""
    import ncvc.train.setup as begin

    class Without(begin.AnomalyGuard):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.left_out = left_out

    original, begin.AnomalyGuard = begin.AnomalyGuard, Without
    try:
        train_as_rank(config)
    finally:
        begin.AnomalyGuard = original


def test_bad_steps_before_any_checkpoint_lead_back_to_the_beginning(make_config):
    changes = {"model": QUIET, "schedule": {"train_iters": 6}}
    config = make_config(guard=GOES_BACK["guard"], **changes)
    train_poisoned(config, dict.fromkeys((2, 3, 4), math.nan))
    (back,) = events(config, "rolled_back")
    assert (back["step"], back["left_out"]) == (0, [1, 4])
    # Without dropout, computing steps and skipping them is the same as leaving them out.
    other = make_config("other", **changes)
    train_poisoned(other, dict.fromkeys((1, 2, 3, 4), math.nan))
    assert not events(other, "rolled_back")
    both = ({n: t for n, t in tensors(c, 6).items() if not n.startswith("rng.")} for c in (config, other))
    assert_same(*both)


@pytest.mark.parametrize(("keep_last", "back_to"), [(2, 6), (1, 8)])
def test_a_run_goes_back_no_further_than_its_checkpoints_allow(make_config, keep_last, back_to):
    """Steps 7 to 9 are bad, and 5 and 6 are to be left out with them; but the checkpoint of step 4 is removed."""
    config = make_config(**GOES_BACK | {"checkpoints": {"save_interval": 2, "keep_last": keep_last}})
    train_poisoned(config, dict.fromkeys((7, 8, 9), math.nan))
    (back,) = events(config, "rolled_back")
    assert (back["step"], back["left_out"]) == (back_to, [back_to + 1, 9])
    assert last_event(config.folder) == "finished"


def test_a_run_that_gets_no_further_ends_with_advice(make_config):
    config = make_config(**GOES_BACK | {"guard": {**GOES_BACK["guard"], "max_rollbacks": 2}})
    with pytest.raises(TrainingError, match=r"3 bad steps in a row, after going back to step 4 2 times.*optimizer\.lr"):
        train_poisoned(config, dict.fromkeys(range(7, 17), math.nan))
    assert len(events(config, "rolled_back")) == 2
    assert last_event(config.folder) != "finished"


def test_what_is_not_finite_is_not_saved(make_config, monkeypatch):
    import ncvc.train.loop as loop

    config = make_config(checkpoints={"save_interval": 2})

    def spoil(optimizer, *rest):
        update(optimizer, *rest)
        if len(steps(config.folder)) == 3:
            next(iter(optimizer.optimizer.state.values()))["exp_avg_sq"][0] = math.inf

    update = loop.update
    monkeypatch.setattr(loop, "update", spoil)
    with pytest.raises(TrainingError, match="step 4: weights or optimizer state are not finite"):
        train_alone(config)
    assert latest(config.folder).manifest.step == 2
    with single_process() as ranks:
        require_finite(1, [torch.zeros(3)], ranks.device)
        require_finite(1, [], ranks.device)
