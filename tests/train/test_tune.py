"""`ncvc train tune`: which tries there are, a real tuning of the small model, and how one ends."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
import yaml

from ncvc.cli.train_tune import tune
from ncvc.train.config import TrainConfig
from ncvc.train.preflight.memory import fullest
from ncvc.train.tune import report, runner
from ncvc.train.tune.runner import Outcome, judge
from ncvc.train.tune.tries import RECOMPUTE, Choices, Try, candidates
from tests.conftest import ROOT

PAPERS = TrainConfig.load(ROOT / "megatron_configs" / "ncvc-slm-1.yaml")
GIB = 2**30
ENOUGH = 2**60


def found(config=PAPERS, ranks=(4,), capacity=ENOUGH, **choices):
    return candidates(config, Choices(**choices), ranks, lambda _: capacity)


def test_the_command_offers_the_forms_that_there_are():
    (option,) = (parameter for parameter in tune.params if parameter.name == "recompute")
    assert list(option.type.choices) == list(RECOMPUTE)


def test_the_configs_own_setting_comes_first_and_layouts_fill_the_ranks():
    tries = found()
    assert tries[0].tried == Try(ranks=4, tensor=1, pipeline=1, micro_batch=8, recompute="nothing")
    layouts = {(each.tried.tensor, each.tried.pipeline) for each in tries}
    assert layouts == {(1, 1), (1, 2), (1, 4), (2, 1), (2, 2), (4, 1)}
    for each in tries:
        copies = 4 // (each.tried.tensor * each.tried.pipeline)
        assert 1024 % (each.tried.micro_batch * copies) == 0
        assert each.config.data_parallel_size(4) == copies
        assert each.memory == fullest(each.config, copies)[1].total


def test_what_cannot_fit_is_left_out_and_tried_with_recomputation():
    """A card of 48 GB: the papers' micro-batch of 8 fits on four, 16 does not."""
    tries = found(capacity=48 * GIB, tensor=[1], pipeline=[1])
    by_form = {
        form: {each.tried.micro_batch: each.fits for each in tries if each.tried.recompute == form}
        for form in RECOMPUTE
    }
    assert by_form["nothing"] == {1: True, 2: True, 4: True, 8: True, 16: False}
    assert by_form["mlp"][16] == (fullest(_with(16, RECOMPUTE["mlp"]), 4)[1].total <= 48 * GIB)
    assert min(by_form["mlp"]) > 8
    assert min(by_form["full"]) > 8
    assert by_form["full"][min(by_form["full"])]


def _with(size, recompute):
    values = PAPERS.model_dump(mode="json")
    values["schedule"]["micro_batch_size"] = size
    values["compute"] |= recompute
    return TrainConfig.model_validate(values)


def test_only_what_was_asked_for_is_tried():
    tries = found(ranks=(4,), micro_batch=[2, 16], recompute=["full"], tensor=[2], pipeline=[1])
    assert [each.tried for each in tries] == [Try(4, 2, 1, size, "full") for size in (2, 16)]
    assert all(each.config.parallel.sequence_parallel for each in tries)
    assert found(micro_batch=[3]) == []  # no divisor of the batch


def test_another_form_of_recomputation_is_tried_as_it_is_given():
    config = _with(8, {"recompute_granularity": "full", "recompute_method": "block", "recompute_num_layers": 7})
    first = found(config)[0]
    assert first.tried.recompute == "as given"
    assert first.config.compute == config.compute


def outcome(loss, seconds, norm=1.0, failed=""):
    (candidate,) = found(micro_batch=[2], recompute=["full"], tensor=[2], pipeline=[1])
    return Outcome(candidate, failed, () if failed else (seconds,), 1000, loss, norm)


def test_a_try_that_computes_something_else_never_wins():
    slow, fast, wrong, none = (
        outcome(10.0, 2.0),
        outcome(10.01, 1.0),
        outcome(10.2, 0.5),
        outcome(0.0, 0.0, failed="no"),
    )
    assert judge([slow, fast, wrong, none]) is fast
    assert [each.agrees for each in (slow, fast, wrong)] == [True, True, False]
    assert report.sentences([slow, fast, wrong, none])[0].startswith("WARNING: loss of the first batch")
    lines = report.table([slow, fast, wrong, none], fast)
    assert lines[2].endswith("fastest")
    assert lines[3].endswith("LOSS DIFFERS")
    assert lines[4].endswith("no")
    assert judge([none]) is None
    other_norm = outcome(10.0, 0.5, norm=1.1)
    assert judge([slow, fast, other_norm]) is fast


@pytest.fixture
def config(make_config, tmp_path):
    """A config of the small model, as a file."""
    made = make_config(parallel={"nproc_per_node": 1}, schedule={"train_iters": 4})
    file = tmp_path / "small.yaml"
    file.write_text(yaml.safe_dump(made.model_dump(mode="json")))
    return file


def command(config, *options):
    words = ["tune", config, "--ranks", 1, "--micro-batch", 2, "--micro-batch", 4, "--recompute", "nothing", *options]
    return [sys.executable, "-m", "ncvc", "train", *map(str, words)]


def environment(pid):
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def ranks_of(parent):
    """Processes of a tuning's tries that are there."""
    pids = [path.name for path in Path("/proc").iterdir() if path.name.isdigit() and int(path.name) != parent]
    return [pid for pid in pids if f"NCVC_TUNE={parent}".encode() in environment(pid)]


def test_two_tries_give_a_config_that_extends_the_given_one(config, tmp_path):
    output = tmp_path / "deep" / "er" / "tuned.yaml"
    words = command(config, "--write-config", output)
    dry = subprocess.run([*words, "--dry-run"], capture_output=True, text=True, check=True)
    assert dry.stdout.splitlines()[-1] == "dry run: nothing was started or written"
    assert not output.parent.exists()

    done = subprocess.run([*words, "--json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert [each["micro_batch"] for each in told["tries"]] == [2, 4]
    first, second = told["tries"]
    assert first["loss"] == pytest.approx(second["loss"], rel=1e-5)
    assert first["grad_norm"] == pytest.approx(second["grad_norm"], rel=1e-3)
    assert min(first["tokens_per_second"], second["tokens_per_second"]) > 0
    assert min(first["memory"], second["memory"]) > 50e6  # Python and torch alone take more
    best = max(told["tries"], key=lambda each: each["tokens_per_second"])
    assert told["best"] == best
    assert told["output"] == str(output)

    made, given = TrainConfig.load(output), TrainConfig.load(config)
    assert yaml.safe_load(output.read_text())["extends"] == f"../../{config.name}"
    assert made.schedule.micro_batch_size == best["micro_batch"]
    schedule = made.schedule.model_copy(update={"micro_batch_size": given.schedule.micro_batch_size})
    assert made.model_copy(update={"schedule": schedule}) == given
    assert not (tmp_path / "run").exists()
    assert not ranks_of(os.getpid())

    # Its own file may be written again; one that somebody changed is not.
    subprocess.run([*words, "--dry-run"], capture_output=True, check=True)
    output.write_text(output.read_text() + "seed: 7\n")
    refused = subprocess.run(words, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"ncvc: {output}: exists and was not made by this command; nothing was changed; name another file\n"
    )


def test_a_try_without_memory_ends_alone(make_config, tmp_path, monkeypatch):
    """Weights of 20 GB in float32, and 10 GB of address space."""
    wide = {"hidden_size": 8192, "ffn_hidden_size": 32768, "num_layers": 24, "kv_channels": 2048}
    config = make_config(model={**make_config().model.model_dump(), **wide}, parallel={"nproc_per_node": 1})
    small, large = (candidates(each, Choices([1], [1], [1], [2], ["nothing"]), [1], lambda _: ENOUGH) for each in
                    (make_config(parallel={"nproc_per_node": 1}), config))  # fmt: skip
    before = resource.getrlimit(resource.RLIMIT_AS)
    popen = subprocess.Popen
    limited = lambda *words, **options: popen(  # noqa: E731
        *words, **options, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (10 * GIB, before[1]))
    )
    monkeypatch.setattr(runner.subprocess, "Popen", limited)
    outcomes = list(runner.run_all([*large, *small], 1, 600, runner.Reporter()))
    assert [each.failed for each in outcomes] == ["no memory left", ""]
    assert judge(outcomes) is outcomes[1]


def test_a_try_that_does_not_end_is_ended(make_config):
    made = candidates(make_config(), Choices([1], [1], [1], [2], ["nothing"]), [1], lambda _: ENOUGH)
    assert runner.run(made[0], 1, limit=0.2).failed == "not done after 0.2 s"
    assert not ranks_of(os.getpid())


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)])
def test_an_end_leaves_no_process_behind(config, tmp_path, number, status):
    words = command(config, "--steps", "100000")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 300
        while not (pids := ranks_of(process.pid)):
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(number)
        output, errors = process.communicate(timeout=120)
    assert process.returncode == status
    deadline = time.monotonic() + 30
    while any(environment(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in pids if environment(pid)]
    assert not (tmp_path / "small.tuned.yaml").exists()
    if status == 130:
        assert output == "no try ran to its end\n"
        assert errors.endswith("ncvc: stopped\n")


def test_the_table_so_far_is_shown_when_a_tuning_is_stopped(config, monkeypatch, capsys):
    """Ctrl-C in the second try."""

    def run_all(tries, *_):
        yield Outcome(tries[0], "", (2.0,), 1000, 4.0, 1.0)
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "run_all", run_all)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    options = ["--ranks", "1", "--micro-batch", "2", "--micro-batch", "4", "--recompute", "nothing"]
    with pytest.raises(click.Abort):
        tune.main([str(config), *options], standalone_mode=False)
    line = capsys.readouterr().out.splitlines()[1].split()
    assert line[:6] == ["1", "1", "1", "2", "nothing", "64"]  # 8 samples of 16 tokens in 2 s
    assert line[-1] == "fastest"


def test_the_seal_is_of_the_lines_below_it(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text(report.HEAD + hashlib.sha256(b"extends: b\n").hexdigest() + "\nextends: b\n")
    assert report.is_ours(file)
    file.write_text(file.read_text() + "#")
    assert not report.is_ours(file)
