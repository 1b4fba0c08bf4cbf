"""Exports and commands at checkpoints, and alerts: beside a training, which they cannot harm."""

import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ncvc.errors import NcvcError
from ncvc.progress import Reporter
from ncvc.train.beside.alerts import Alerts
from ncvc.train.beside.checkpoint_hooks import CheckpointHooks, finish_hooks
from ncvc.train.metrics.log import append_event
from tests.conftest import Recorder
from tests.small_training import assert_same, tensors, train_alone


@pytest.fixture
def finished(make_config):
    """A run of six steps with checkpoints at 2, 4 and 6, of which 4 and the last one stay for ever."""

    def make(**checkpoints):
        policy = {"save_interval": 2, "keep_interval": 4, "keep_last": 5}
        return make_config(checkpoints=policy | checkpoints)

    train_alone(make())
    return make


def test_the_command_is_given_each_checkpoint_that_stays_once(finished, tmp_path):
    command = f'echo "$NCVC_STEP $NCVC_CHECKPOINT $NCVC_RUN [$NCVC_EXPORT]" >> {tmp_path}/calls; echo printed'
    config = finished(run=command)
    for _ in range(2):
        assert finish_hooks(config, "none") is True
    run = config.folder
    expected = [f"{step} {run}/checkpoints/step_{step:08} {run} []" for step in (4, 6)]
    assert (tmp_path / "calls").read_text().splitlines() == expected
    assert (run / "hooks/step_00000004.run.log").read_text() == "printed\n"


def test_what_fails_is_said_and_tried_again_by_the_next_start(finished, tmp_path):
    config = finished(run=f"echo reason >&2; test -e {tmp_path}/mended")
    said = Recorder([])
    with CheckpointHooks(config, said) as hooks:
        assert hooks.finish() is True
    run = config.folder
    failures = [line for line in said.lines if "FAILED" in line]
    assert failures == [
        f"checkpoints.run FAILED for step_{step:08}: exit status 1; see {run}/hooks/step_{step:08}.run.log.failed;"
        " the next start tries again"
        for step in (4, 6)
    ]
    assert (run / "hooks/step_00000004.run.log.failed").read_text() == "reason\n"
    (tmp_path / "mended").touch()
    assert finish_hooks(config, "none") is True
    assert sorted(path.name for path in run.glob("hooks/*.log")) == [
        "step_00000004.run.log",
        "step_00000006.run.log",
    ]


def test_a_command_ends_with_its_children_when_the_launcher_does(finished, tmp_path):
    config = finished(run=f"sleep 1000 & echo $! > {tmp_path}/pid; wait")
    began = time.monotonic()
    with CheckpointHooks(config, Reporter()):
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().endswith("\n"):
            assert time.monotonic() < began + 60
            time.sleep(0.05)
    child = Path("/proc", (tmp_path / "pid").read_text().strip())
    while child.exists():
        assert time.monotonic() < began + 60
        time.sleep(0.05)
    assert not list(config.folder.glob("hooks/*.log"))
    assert not list(config.folder.glob("hooks/*.failed"))


def test_two_starts_do_not_run_the_same_hooks(finished, tmp_path):
    config = finished(run=f"touch {tmp_path}/began; sleep 1000")
    with CheckpointHooks(config, Reporter()):
        first = subprocess.Popen(
            [
                sys.executable,
                "-c",
                f"from ncvc.files import lock; lock({str(config.folder)!r}); print(flush=True); input()",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        first.stdout.readline()
        with pytest.raises(NcvcError, match="another ncvc train is running there"):
            finish_hooks(config, "none")
        first.communicate(b"\n")


def test_a_launcher_exports_and_alerts_and_trains_the_same_bits(make_config, tmp_path):
    """By the command, with a skipped step's event put into the log meanwhile."""
    plain = make_config("plain", checkpoints={"save_interval": 2, "keep_interval": 2, "keep_last": 5})
    train_alone(plain)
    beside = make_config(
        "beside",
        checkpoints={
            "save_interval": 2,
            "keep_interval": 2,
            "keep_last": 5,
            "run": f"echo $NCVC_EXPORT >> {tmp_path}/calls; exit 3",
        },
        alerts={"command": f"cat >> {tmp_path}/alerts; echo $NCVC_EVENTS >> {tmp_path}/names; sleep 1"},
    )
    from ncvc.train.elastic.launch import launch

    assert launch(beside) is True
    assert_same(tensors(plain, 6), tensors(beside, 6))
    assert len((tmp_path / "calls").read_text().splitlines()) == 3
    told = [json.loads(line) for line in (tmp_path / "alerts").read_text().splitlines()]
    assert [record["event"] for record in told] == ["finished"]
    assert (tmp_path / "names").read_text() == "finished\n"


def test_alerts_tell_what_matters_and_the_launchers_own_failure(make_config, tmp_path):
    config = make_config(alerts={"command": f"cat >> {tmp_path}/alerts"})
    config.folder.mkdir(parents=True)
    append_event(config.folder, "skipped", step=1)
    with contextlib.suppress(NcvcError), Alerts(config, Reporter()):
        append_event(config.folder, "validation", step=2)
        append_event(config.folder, "rolled_back", step=3)
        with (config.folder / "log.jsonl").open("a") as log:
            log.write('{"event": "torn')
        raise NcvcError("rank 0 failed")
    told = [json.loads(line) for line in (tmp_path / "alerts").read_text().splitlines()]
    assert [record["event"] for record in told] == ["rolled_back", "failed"]
    assert told[1]["reason"] == "rank 0 failed"


def test_an_alert_that_fails_is_said_once_and_one_that_hangs_is_ended(make_config, monkeypatch):
    monkeypatch.setattr("ncvc.train.beside.alerts.TIMEOUT", 0.3)
    monkeypatch.setattr("ncvc.train.beside.alerts.POLL", 0.05)
    config = make_config(alerts={"command": "sleep 1000"})
    config.folder.mkdir(parents=True)
    said = Recorder([])
    with Alerts(config, said):
        for step in range(2):
            append_event(config.folder, "skipped", step=step)
            time.sleep(0.5)
    assert said.lines == ["alerts.command FAILED: took longer than 0 s; the training goes on"]


def test_an_export_is_the_folder_that_convert_makes(finished, tmp_path):
    """The tests' tokenizer is a manifest alone, so that convert refuses; its sentence is in the log."""
    config = finished(export="hf")
    said = Recorder([])
    with CheckpointHooks(config, said) as hooks:
        assert hooks.finish() is True
    logs = sorted(config.folder.glob("hooks/*.export.log.failed"))
    assert len(logs) == 2
    assert logs[0].read_text().startswith("ncvc: ")
    assert not any((config.folder / "hf").iterdir())


def test_a_request_to_stop_leaves_the_rest_to_the_next_start(finished, tmp_path):
    config = finished(run=f"echo $$ > {tmp_path}/pid; touch {tmp_path}/began; sleep 1000")
    code = (
        "import sys; from ncvc.train.config import TrainConfig; from ncvc.train.beside.checkpoint_hooks import *;"
        f"config = TrainConfig.load({str(config.folder / 'config.yaml')!r});"
        f"config = config.model_copy(update={{'checkpoints': config.checkpoints.model_copy(update={{'run': {config.checkpoints.run!r}}})}});"
        "sys.exit(0 if finish_hooks(config, 'none') else 75)"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    while not (tmp_path / "began").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 75
    assert not Path("/proc", (tmp_path / "pid").read_text().strip()).exists()
