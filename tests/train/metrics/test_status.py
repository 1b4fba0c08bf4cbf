"""`ncvc train status`: what a folder tells of its run."""

import json
import os
import re
import socket
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from ncvc import NcvcError
from ncvc.train.metrics.status import describe, status
from tests.small_training import train_alone

TWO_WEEKS = 14 * 86400
BEGAN = datetime(2026, 11, 1, tzinfo=UTC).timestamp()


def at(seconds):
    return datetime.fromtimestamp(BEGAN + seconds, UTC).isoformat(timespec="seconds")


def write(run, *lines, written):
    """A log whose last line was written `written` seconds after it began."""
    run.mkdir(exist_ok=True)
    (run / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    os.utime(run / "log.jsonl", (BEGAN + written, BEGAN + written))
    return run


def step(number, **fields):
    numbers = {"tokens": 128 * number, "loss": 5.0, "lr": 0.1, "grad_norm": 1.0, "seconds": 2.0}
    return {"step": number, **numbers, "tokens_per_second": 64.0, **fields}


def test_a_run_that_stopped_and_one_that_finished(make_config):
    config = make_config()
    train_alone(config, stop_after=4)
    stopped = status(config.folder)
    assert (stopped.state, stopped.last.step, stopped.steps) == ("stopped", 4, 6)
    assert stopped.checkpoint.name == "step_00000004"
    train_alone(config)
    finished = status(config.folder)
    assert (finished.state, finished.last.step) == ("finished", 6)
    told = [event["event"] for event in finished.events if event["event"] != "waited"]  # as the disk has it
    assert told[-3:] == ["resumed", "saved", "finished"]
    text = "\n".join(describe(finished))
    assert re.search(r"^state +finished \d+ s ago$", text, re.MULTILINE)
    assert re.search(r"^step +6 of 6 \(100.0%\), 768 tokens$", text, re.MULTILINE)
    assert re.search(
        rf"^loss +{finished.last.loss:.4f}, smoothed {finished.last.smoothed_loss:.4f};", text, re.MULTILINE
    )
    assert re.search(r"^checkpoint +step_00000006, \d+ s ago$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("pid", "began", "state"),
    [
        ("own", "now", "running"),
        # A number that another process has by now: it began after the run did.
        ("own", "long ago", "died"),
        ("gone", "now", "died"),
    ],
)
def test_a_run_on_this_machine_is_known_by_its_process(tmp_path, pid, began, state):
    gone = subprocess.Popen(["true"])
    gone.wait()
    started = {
        "event": "started",
        "time": datetime.now(UTC).isoformat(timespec="seconds") if began == "now" else at(0),
        "step": 0,
        "host": socket.gethostname(),
        "pid": os.getpid() if pid == "own" else gone.pid,
    }
    run = write(tmp_path / "run", started, step(1), written=0)
    assert status(run).state == state


def test_a_run_whose_ranks_are_being_started_again(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    started = {"event": "started", "time": at(0), "step": 0, "host": socket.gethostname(), "pid": gone.pid}
    restarted = {"event": "restarted", "time": at(100), "reason": "rank 1 was killed", "left": 3}
    run = write(tmp_path / "run", started, step(1), restarted, written=100)
    assert status(run, BEGAN + 130).state == "restarting"
    assert "restarting: its ranks ended 30 s ago and are being started again" in "\n".join(
        describe(status(run, BEGAN + 130), BEGAN + 130)
    )
    assert status(run, BEGAN + 600).state == "died"


def test_a_run_on_another_machine_is_known_by_its_silence(tmp_path):
    started = {"event": "started", "time": at(0), "step": 0, "host": "node-17", "pid": 4711}
    fast = write(tmp_path / "fast", started, step(1), written=100)
    slow = write(tmp_path / "slow", started, step(1, seconds=120.0), written=100)
    later = BEGAN + 100 + 600
    assert status(fast, BEGAN + 120).state == "running"
    assert (status(fast, later).state, status(slow, later).state) == ("silent", "running")
    assert (
        "running on node-17, process 4711; last wrote 20 s ago" in describe(status(fast, BEGAN + 120), BEGAN + 120)[1]
    )
    assert "SILENT: last wrote 10 min 0 s ago on node-17, process 4711" in describe(status(fast, later), later)[1]


def test_what_was_undone_does_not_count_and_what_was_skipped_does(tmp_path):
    lines = [
        {"event": "started", "time": at(0), "step": 0, "host": "node-17", "pid": 1},
        *(step(number, seconds_left=TWO_WEEKS, mfu=0.21) for number in range(1, 8)),
        {"event": "resumed", "time": at(50), "step": 4, "host": "node-18", "pid": 2},
        step(5, skipped=1, seconds_left=TWO_WEEKS, mfu=0.21),
        {"event": "skipped", "time": at(60), "step": 6, "skipped": 2, "reason": "its loss is nan"},
        {"event": "validation", "time": at(60), "step": 6, "loss": 1.23456, "sources": {}},
    ]
    run = write(tmp_path / "run", *lines, written=60)
    found = status(run, BEGAN + 61)
    assert (found.last.step, found.skipped, found.place) == (5, 2, "node-18, process 2")
    text = "\n".join(describe(found, BEGAN + 61))
    assert "14.0 days" in text
    assert "21.0% MFU" in text
    assert "2 steps" in text
    assert "skipped at step 6: its loss is nan" in text
    assert "validation at step 6: loss 1.2346" in text


def test_a_run_that_has_no_step_yet_and_logs_of_older_versions(tmp_path):
    run = write(tmp_path / "run", {"event": "started", "time": at(0), "step": 0}, written=0)
    assert "none is done yet" in "\n".join(describe(status(run, BEGAN + 10), BEGAN + 10))
    assert status(run, BEGAN + 10).state == "running"
    run = write(tmp_path / "run", {"event": "started", "time": at(0), "step": 0}, step(1), written=0)
    assert "64 tokens/s" in "\n".join(describe(status(run, BEGAN + 10), BEGAN + 10))


def test_a_checkpoint_without_a_manifest_is_none(tmp_path):
    run = write(tmp_path / "run", {"event": "started", "time": at(0), "step": 0}, written=0)
    for name in ("step_00000100", "step_00000200"):
        (run / "checkpoints" / name).mkdir(parents=True)
    assert status(run).checkpoint is None
    (run / "checkpoints" / "step_00000100" / "manifest.json").touch()
    assert status(run).checkpoint.name == "step_00000100"


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(NcvcError, match=r"not a run folder, it has no log\.jsonl"):
        status(tmp_path)


def test_it_needs_no_torch(tmp_path):
    run = write(tmp_path / "run", *(step(number, smoothed_loss=5.0) for number in range(1, 24_001)), written=0)
    program = (
        "import sys; from ncvc.cli.train import train;"
        f"train(['status', '{run}'], standalone_mode=False); assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert "24,000" in done.stdout
