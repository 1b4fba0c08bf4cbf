"""The console's line, log.jsonl, and the boards."""

import json
import math
import re
import sys
from types import SimpleNamespace

import pytest

from ncvc.errors import ConfigError
from ncvc.progress import reporter_on
from ncvc.smoothing import ExponentialMean
from ncvc.train.metrics import log as run_log
from ncvc.train.metrics.log import RunLog, Step, records, steps
from ncvc.train.preflight.flops import flops_per_token
from ncvc.train.preflight.gpu_specs import find_gpu_spec
from ncvc.train.same_run import as_begun
from tests.small_training import train_alone


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(run_log.time, "monotonic", lambda: now.seconds)
    return now


def opened(config, **arguments):
    config.folder.mkdir(exist_ok=True)
    return RunLog(config, **{"speaks": True, "done": 0, "reporter": reporter_on("stdout"), **arguments})


def test_an_event_of_several_lines_is_shown_as_such(make_config, capsys):
    config = make_config()
    log = opened(config, world_size=1)
    log.event("started", "run begins\n  linear  local")
    log.close()
    assert capsys.readouterr().out == "run begins\n  linear  local\n"


def test_the_line_of_the_papers_run_says_what_it_does(make_config, monkeypatch, clock, capsys):
    """With the papers' own speed: 21 % of the card's peak (technical report 2.4.1)."""
    config = make_config(
        model={
            "num_layers": 24,
            "hidden_size": 2048,
            "ffn_hidden_size": 8192,
            "num_attention_heads": 32,
            "num_query_groups": 8,
            "vocab_size": 32768,
            "max_position_embeddings": 2048,
        },
        data={"sequence_length": 2048},
        schedule={"train_iters": 24000, "global_batch_size": 1024, "micro_batch_size": 8},
        compute={"dtype": "bfloat16"},
    )
    monkeypatch.setattr(run_log, "_on_gpu", lambda: True)
    monkeypatch.setattr(run_log, "peak_memory", lambda: 45 * 2**30)
    monkeypatch.setattr(run_log, "_peak", lambda config: find_gpu_spec("RTX 6000 Ada").tflops * 1e12)
    log = opened(config, world_size=4)
    clock.seconds += config.tokens_per_step / (4 * 10_403)
    log.step(13, loss=10.98765, lr=1.3333e-06, grad_norm=123.456, tokens=config.tokens_per_step, skipped=12)
    log.close()
    line = capsys.readouterr().out.rstrip("\n")
    assert line == (
        "step    13/24000  loss 10.9877 (10.9877)  lr 1.33e-06  grad 123"
        "  10,403 tok/s/GPU 76.4 TFLOP/s 21.0% MFU  2.1M tok  12 skip  45 GiB  14.0 days left"
    )
    step = steps(config.folder)[0]
    assert step.mfu == pytest.approx(0.21, abs=0.001)
    assert step.tokens_per_second == pytest.approx(4 * step.tokens_per_second_per_gpu)
    assert step.memory == 45 * 2**30
    assert step.skipped == 12


def test_no_line_is_wider_than_160_columns(make_config, monkeypatch, clock, capsys):
    config = make_config(
        schedule={"train_iters": 999_999, "global_batch_size": 2**20, "micro_batch_size": 1},
        model={"num_layers": 60, "hidden_size": 4096, "ffn_hidden_size": 16384, "max_position_embeddings": 2048},
    )
    monkeypatch.setattr(run_log, "_on_gpu", lambda: True)
    monkeypatch.setattr(run_log, "peak_memory", lambda: 141 * 2**30)
    monkeypatch.setattr(run_log, "_peak", lambda config: 2250e12)
    log = opened(config, world_size=8)
    for step in (10_000, 999_998):
        clock.seconds += 80
        log.step(step, loss=11.123456, lr=1e-10, grad_norm=1.2345e-10, tokens=999_999 * 2**24, skipped=9_999)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 160


def test_a_line_of_the_log_has_every_field(make_config, clock):
    config = make_config(schedule={"train_iters": 4})
    log = opened(config, world_size=2)
    for step, loss in enumerate((4.0, 2.0, math.nan, 3.0), 1):
        clock.seconds += 2.0
        log.step(step, loss=loss, lr=0.5, grad_norm=1.5, tokens=step * 128)
    log.close()
    written = [json.loads(line) for line in (config.folder / "log.jsonl").read_text().splitlines()]
    first, last = written[0], written[-1]
    assert set(first) == {field.name for field in run_log.dataclasses.fields(Step)}
    tokens = 8 * 16
    assert first["tokens_per_second"] == tokens / 2
    assert first["tokens_per_second_per_gpu"] == tokens / 4
    assert first["tflops_per_gpu"] * 1e12 == pytest.approx(tokens / 4 * flops_per_token(config.model, 16))
    assert first["mfu"] is None
    assert first["memory"] > 50e6
    assert [line["seconds_left"] for line in written] == [6.0, 4.0, 2.0, 0.0]
    assert [line["smoothed_loss"] for line in written[:2]] == [4.0, pytest.approx((0.9 * 4 + 2) / 1.9)]
    # What is not finite stays out of the mean.
    assert written[2]["smoothed_loss"] == written[1]["smoothed_loss"]
    assert last["smoothed_loss"] == pytest.approx((0.9**3 * 4 + 0.81 * 2 + 3) / (0.9**3 + 0.81 + 1))
    assert last["skipped"] == 0


def test_the_smoothed_loss_goes_on_where_it_was(make_config):
    """Of a run that stopped and went on it is that of an undisturbed one, to the last bit."""
    whole, parted = make_config("whole"), make_config("parted")
    train_alone(whole)
    train_alone(parted, stop_after=3)
    train_alone(parted)
    expected, found = ([step.smoothed_loss for step in steps(config.folder)] for config in (whole, parted))
    assert found == expected
    losses = [step.loss for step in steps(whole.folder)]
    assert expected == [ExponentialMean(losses[:number]).mean for number in range(1, len(losses) + 1)]
    started = next(record for record in records(parted.folder) if record["event"] == "started")
    assert started["pid"] > 0
    assert started["host"]


def test_the_smoothed_loss_forgets_what_was_undone(make_config):
    """Steps that the log has and the weights do not, after a crash or a rollback, are not in the mean."""
    config = make_config()
    arguments = {"lr": 0.5, "grad_norm": 1.5, "tokens": 128}
    log = opened(config)
    for step, loss in enumerate((4.0, 3.0, 99.0), 1):
        log.step(step, loss=loss, **arguments)
    log.close()
    log = opened(config, done=2)
    log.event("resumed", "", step=2)
    log.step(3, loss=2.0, **arguments)
    assert log.smoothed_loss.mean == ExponentialMean([4.0, 3.0, 2.0]).mean
    log.step(4, loss=77.0, **arguments)
    log.event("rolled_back", "", step=3)
    log.step(6, loss=1.0, **arguments)
    log.close()
    assert steps(config.folder)[-1].smoothed_loss == ExponentialMean([4.0, 3.0, 2.0, 1.0]).mean


def test_older_and_newer_logs_can_be_read(tmp_path):
    old = '{"step": 1, "tokens": 128, "loss": 4.5, "lr": 0.1, "grad_norm": 1.0, "seconds": 2.0, "tokens_per_second": 64.0}'
    new = old.replace('"step": 1', '"step": 2').replace("}", ', "loss_of_the_future": 1}')
    (tmp_path / "log.jsonl").write_text(f"{old}\n{new}\n")
    first, second = steps(tmp_path)
    assert (first.step, first.mfu, first.skipped, second.step) == (1, None, 0, 2)


def test_tensorboard_has_the_curves_of_the_log(make_config):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    config = make_config(logging={"tensorboard": True}, schedule={"train_iters": 3})
    train_alone(config)
    board = EventAccumulator(str(config.folder / "tensorboard")).Reload()
    names = set(Step.__dataclass_fields__) - {"step", "mfu", "z_loss"}  # no card, no share of its peak
    assert set(board.Tags()["scalars"]) == names
    for name in names:
        points = [(point.step, point.value) for point in board.Scalars(name)]
        expected = [(step.step, getattr(step, name)) for step in steps(config.folder)]
        assert points == [(step, pytest.approx(value, rel=1e-6)) for step, value in expected]


def test_weights_and_biases_gets_them_if_asked_for(make_config, monkeypatch):
    started, points, ends = [], [], []
    run = SimpleNamespace(log=lambda values, step: points.append((step, values)), finish=lambda: ends.append(True))
    wandb = SimpleNamespace(Settings=dict, init=lambda **arguments: started.append(arguments) or run)
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    config = make_config(logging={"wandb": "offline"}, schedule={"train_iters": 3})
    train_alone(config)
    assert [(start["mode"], start["dir"]) for start in started] == [("offline", str(config.folder))]
    assert started[0]["config"] == as_begun(config, None).model_dump(mode="json")
    assert started[0]["settings"]["console"] == "off"
    assert [step for step, _ in points] == [1, 2, 3]
    assert [values["loss"] for _, values in points] == [step.loss for step in steps(config.folder)]
    assert ends == [True]
    train_alone(make_config("other", schedule={"train_iters": 3}))
    assert len(started) == 1  # nothing, if it is not asked for


def test_weights_and_biases_that_is_not_installed_is_an_error_before_the_first_step(make_config, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    config = make_config(logging={"wandb": "online"})
    words = "logging.wandb is 'online', but wandb is not installed; pip install wandb, or set logging.wandb to off"
    with pytest.raises(ConfigError, match=re.escape(words)):
        train_alone(config)
    assert not (config.folder / "log.jsonl").exists()
