"""`ncvc train` as people start it: two ranks, a request to stop, mistakes, the picture."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint, latest
from ncvc.train.elastic.stop_signal import REPEATED
from ncvc.train.metrics.log import records, steps
from tests.conftest import ROOT
from tests.needs import require_needs
from tests.small_training import last_event

TINY = ROOT / "megatron_configs" / "tiny.yaml"


@pytest.fixture
def command(material, tmp_path):
    """The command line of a run of tiny.yaml on the tests' data."""
    settings = {
        "run": tmp_path / "run",
        "data.prefixes": f"[{material / 'corpus'}]",
        "data.tokenizer": material / "tokenizer",
        "model.vocab_size": 64,
    }
    flags = [flag for key, value in settings.items() for flag in ("--set", f"{key}={value}")]
    return [sys.executable, "-m", "ncvc", "train", str(TINY), *flags]


def wait_for_steps(process, run, count):
    """Until a run, which must not end, has done so many."""
    deadline = time.monotonic() + 300
    while not (run / "log.jsonl").exists() or len(steps(run)) < count:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ranks(process):
    """Process numbers of a launcher's ranks."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(pid) for pid in children if b"ncvc.train.elastic.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def stopped(pid):
    """Whether all threads of a process stand still; until then one of them may still take a signal."""
    tasks = Path(f"/proc/{pid}/task").glob("*/stat")
    return all(task.read_text().rpartition(") ")[2].startswith("T") for task in tasks)


def sigterm(pid, field):
    """Tells whether a set of signals in a process's status holds SIGTERM."""
    sets = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return bool(int(sets[field], 16) >> signal.SIGTERM - 1 & 1)


def catches_sigterm(pid):
    """Tells whether a process handles SIGTERM, which otherwise ends it at once, though it is stopped."""
    return sigterm(pid, "SigCgt")


def asked(pid):
    """Tells whether SIGTERM waits for a process that is stopped."""
    return sigterm(pid, "ShdPnd")


def test_a_run_on_two_ranks_stops_on_request_goes_on_and_is_drawn(command, tmp_path):
    run = tmp_path / "run"
    command += ["--set", "schedule.train_iters=60"]  # so many that the request comes before the end
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_steps(process, run, 1)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (75, ""), output
    assert last_event(run) == "stopped"
    stopped = steps(run)[-1].step
    assert 0 < stopped < 60
    assert Checkpoint.open(checkpoint_folder(run, stopped)).manifest.layout.dp == 2

    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert f"goes on after step {stopped}" in done.stdout
    assert "finished: 60 steps" in done.stdout
    assert [step.step for step in steps(run)] == list(range(1, 61))
    assert steps(run)[-1].loss < steps(run)[0].loss - 0.5
    assert [r["event"] for r in records(run) if "event" in r][-1] == "finished"
    assert (run / "config.yaml").is_file()
    assert list((run / "tensorboard").iterdir())

    before = (run / "log.jsonl").read_bytes()
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (again.returncode, again.stdout) == (0, f"{run}: finished after step 60 already; nothing was done\n")
    assert (run / "log.jsonl").read_bytes() == before

    picture = tmp_path / "loss.png"
    plot = [sys.executable, "-m", "ncvc", "train", "plot", str(run), "-o", str(picture)]
    subprocess.run(plot, check=True, capture_output=True)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_mistake_that_a_rank_finds_is_one_sentence(command, tmp_path):
    command += ["--set", f"data.prefixes=[{tmp_path / 'missing'}]"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        f"ncvc: {tmp_path / 'missing.idx'}: no such file; make it with `ncvc preprocess` or correct data.prefixes\n"
    )


def test_a_killed_rank_is_named_and_the_run_goes_on_from_its_checkpoint(command, tmp_path):
    run = tmp_path / "run"
    command += ["--set", "schedule.train_iters=2000", "--set", "checkpoints.save_interval=1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_steps(process, run, 3)
    pids = ranks(process)
    os.kill(pids[1], signal.SIGKILL)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert errors.endswith("ncvc: rank 1 was killed (SIGKILL); the machine's memory running out is the usual reason\n")
    assert not list((run / "checkpoints").glob(".*.old"))


def test_a_second_signal_ends_a_run_at_once_and_not_with_0(command, tmp_path):
    run = tmp_path / "run"
    process = subprocess.Popen(
        [*command, "--set", "schedule.train_iters=5000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for_steps(process, run, 1)
    pids = ranks(process)
    os.kill(pids[1], signal.SIGSTOP)  # so that its last step is never done
    while not stopped(pids[1]):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    while not asked(pids[1]):  # so the launcher has heard it
        assert process.poll() is None
        time.sleep(0.02)
    time.sleep(REPEATED)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert errors == "ncvc: ended at once by a second signal; start it again to go on from the newest checkpoint\n"
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_request_while_ranks_load_is_acknowledged_and_a_second_ends_the_run(command):
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while len(ranks(process)) < 2 or not all(map(catches_sigterm, ranks(process))):
        assert process.poll() is None
        time.sleep(0.02)
    for rank in ranks(process):  # so that none has loaded and ended before the second signal
        os.kill(rank, signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    said = ""
    while not said.startswith("asked to stop by SIGINT: "):
        said = process.stdout.readline()
        assert said
    time.sleep(2 * REPEATED)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=120)
    assert errors == "ncvc: ended at once by a second signal; start it again to go on from the newest checkpoint\n"
    assert process.returncode == 1


def test_two_signals_at_once_are_one_request(command, tmp_path):
    """As `timeout` sends them: to its child, and then to the whole process group."""
    run = tmp_path / "run"
    process = subprocess.Popen(
        [*command, "--set", "schedule.train_iters=5000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for_steps(process, run, 1)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.1)  # so that the second is not merged with the first
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=120)
    assert errors == ""
    assert process.returncode == 75
    assert latest(run).manifest.step > 0


def test_a_typing_mistake_is_one_sentence_with_its_place(command):
    done = subprocess.run([*command, "--set", "model.layers=3"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("ncvc: --set model.layers=3: ")
    assert "unknown key 'model.layers'" in done.stderr
    missing = [sys.executable, "-m", "ncvc", "train", "nowhere.yaml"]
    done = subprocess.run(missing, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "'nowhere.yaml' does not exist" in done.stderr


def test_the_commands_need_what_they_import(command, tmp_path):
    """That is what `ncvc doctor` counts."""
    options = [*command[4:], "--set", "schedule.train_iters=30"]
    require_needs("train run", options, tmp_path / "1")
    require_needs("train status", [tmp_path / "run"], tmp_path / "2")
    require_needs("train plot", [tmp_path / "run", "-o", tmp_path / "loss.png"], tmp_path / "3")
