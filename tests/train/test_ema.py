"""The moving average of the weights, beside its formula; resumed, on other ranks, switched on and off, taken out."""

import pytest
import torch
from click.testing import CliRunner

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.cli.commands import ncvc as command_line
from ncvc.errors import CheckpointError
from tests.small_training import LAYOUTS, assert_same, poisoned, tensors, train_alone, train_as_rank

QUIET = {"hidden_dropout": 0.0, "attention_dropout": 0.0}
EMA = {"ema": 0.3}


def averages(config, step):
    return {name: own for name, own in tensors(config, step).items() if name.startswith("optimizer.ema.")}


@pytest.mark.parametrize("name", ["adamw", "muon"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_it_is_the_formulas(make_config, name, dtype):
    """It begins with the weights of step 1; of step n it keeps 0.3, or (1 + n) / (10 + n) where that is less."""
    config = make_config(optimizer=EMA | {"name": name}, checkpoints={"save_interval": 1}, compute={"dtype": dtype})
    train_alone(config)
    expected = {}
    for step in range(1, 7):
        kept = min(0.3, (1 + step) / (10 + step))
        own = Checkpoint.open(checkpoint_folder(config.run, step))
        for parameter in own.parameters():
            now = own.tensor(f"optimizer.fp32_param.{parameter}").double()
            expected[parameter] = now if step == 1 else kept * expected[parameter] + (1 - kept) * now
            found = own.tensor(f"optimizer.ema.{parameter}")
            assert found.dtype == torch.float32
            torch.testing.assert_close(found.double(), expected[parameter], atol=1e-7, rtol=1e-6)
    plain = make_config("plain", optimizer={"name": name}, compute={"dtype": dtype})
    train_alone(plain)
    without = {name: own for name, own in tensors(config, 6).items() if name not in averages(config, 6)}
    assert_same(without, tensors(plain, 6))


def test_stopping_and_going_on_equals_not_stopping(make_config):
    """A step is skipped meanwhile, which does not count."""
    whole, stopped = (make_config(name, optimizer=EMA) for name in ("whole", "stopped"))
    with poisoned({4: float("nan")}):
        train_alone(whole)
        train_alone(stopped, stop_after=2)
        train_alone(stopped)
    assert len(averages(whole, 6)) == 2 * 6 + 3
    assert_same(tensors(whole, 6), tensors(stopped, 6))


@LAYOUTS
def test_two_ranks_share_it_and_one_goes_on_with_it(make_config, pair, parallel):
    one = make_config("one", model=QUIET, optimizer=EMA)
    two, stopped = (make_config(name, model=QUIET, optimizer=EMA, parallel=parallel) for name in ("two", "stopped"))
    train_alone(one)
    pair.run(train_as_rank, two)
    pair.run(train_as_rank, stopped, 3)
    at_3 = averages(stopped, 3)
    pair.run(train_as_rank, stopped)
    assert_same(tensors(two, 6), tensors(stopped, 6))
    pair.run(train_as_rank, make_config("moved", model=QUIET, optimizer=EMA, parallel=parallel), 3)
    moved = make_config("moved", model=QUIET, optimizer=EMA)
    assert_same(averages(moved, 3), at_3)
    train_alone(moved)
    for other in (two, moved):
        for name, own in averages(one, 6).items():
            torch.testing.assert_close(averages(other, 6)[name], own, atol=2e-4, rtol=1e-3)


def test_it_may_be_switched_on_and_off_in_a_run(make_config):
    run = make_config("run", checkpoints={"save_interval": 1})
    train_alone(run, stop_after=2)
    on = make_config("run", optimizer=EMA, checkpoints={"save_interval": 1})
    train_alone(on, stop_after=2, changed=["optimizer.ema"])
    weights = {name: own for name, own in tensors(on, 3).items() if name.startswith("optimizer.fp32_param.")}
    assert_same({name.replace(".ema.", ".fp32_param."): own for name, own in averages(on, 3).items()}, weights)
    assert averages(on, 4)
    train_alone(run, changed=["optimizer.ema"])
    assert not averages(run, 6)


def call(*arguments):
    return CliRunner().invoke(command_line, ["checkpoint", "average", *map(str, arguments)], catch_exceptions=False)


def test_the_command_takes_it_out(make_config, tmp_path):
    config = make_config(optimizer=EMA, checkpoints={"save_interval": 3})
    train_alone(config)
    for step, arguments in ((6, ["--ema"]), (3, ["--ema", "--step", 3])):
        said = call(config.run, tmp_path / f"{step}", *arguments)
        assert said.stdout.splitlines()[0] == f"moving average of the weights, of step {step}"
        found = Checkpoint.open(tmp_path / f"{step}")
        found.verify()
        assert (found.manifest.step, found.manifest.ema, len(found.manifest.average_of)) == (step, 0.3, 1)
        assert_same(
            {f"optimizer.ema.{name}": found.weight(name) for name in found.parameters()}, averages(config, step)
        )
    start = make_config("next", checkpoints={"init_from": str(tmp_path / "6")})
    train_alone(start, stop_after=1)
    plain = make_config("plain")
    train_alone(plain, stop_after=1)
    with pytest.raises(CheckpointError, match=r"has no moving average; set optimizer\.ema in the run"):
        call(plain.run, tmp_path / "none", "--ema")
    for wrong in (["--ema", "--last", 2], ["--ema", "--step", 3, "--step", 6]):
        assert call(config.run, tmp_path / "none", *wrong).exit_code == 2
