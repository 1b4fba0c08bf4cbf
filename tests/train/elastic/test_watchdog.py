"""Who hangs, who is slow, and why a training is started again or not."""

import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ErrorHandler, ProcessFailure

from ncvc import DatasetError, NcvcError
from ncvc.errors import CheckpointError
from ncvc.files import lock
from ncvc.progress import reporter_on
from ncvc.train.elastic.agent import Agent, explain, lost_connection
from ncvc.train.elastic.heartbeat import PHASES, VARIABLE, Heartbeat
from ncvc.train.elastic.launch import launch
from ncvc.train.elastic.process_activity import ProcessActivity
from ncvc.train.elastic.rendezvous import EXIT_LOST_PEER
from ncvc.train.elastic.watchdog import Watchdog, hanging_ranks, slow_ranks
from ncvc.train.metrics.log import records
from ncvc.train.operation_config import WatchConfig

WATCH = WatchConfig(hang_after=60.0, startup_time=600.0)
AT_WORK = (0.0,) * 3
STOPPED = math.inf


def at(seconds, step=5, position=0, waiting=0, allowance=0.0, phase="computing"):
    return Heartbeat(seconds, allowance, step, position, PHASES.index(phase), waiting, 0.0, 0)


NEVER = at(0.0, step=0, phase="starting")


@pytest.mark.parametrize(
    ("beats", "hanging"),
    [
        ([at(950), at(941)], []),
        ([at(950), at(939)], [1]),
        # Silent for long, but waiting for one that works.
        ([at(100, waiting=1), at(950)], []),
        ([at(100, waiting=1), at(939)], [1]),
        ([at(939, waiting=1), at(950, waiting=1)], []),
        # Nobody works: the one that waits in the earlier step is the reason.
        ([at(100, step=6, waiting=1), at(939, waiting=1), at(900, step=6, waiting=1)], [1]),
        # Tensor-parallel ranks wait for each other in the midst of their work.
        ([at(900, position=3), at(939, position=2), at(910, position=2)], [1, 2]),
        # Saving takes its time, and the others wait for it.
        ([at(100, allowance=1800), at(90, waiting=1)], []),
        ([at(100, allowance=800), at(90, waiting=1)], [0]),
        # Not yet started, since 500 s.
        ([NEVER, at(950, waiting=1)], []),
        ([NEVER, at(600, waiting=1)], []),
    ],
)
def test_who_hangs(beats, hanging):
    assert hanging_ranks(beats, now=1000.0, began=500.0, config=WATCH, idle=AT_WORK) == hanging


def test_who_never_started_hangs():
    assert hanging_ranks([at(1050, waiting=1), NEVER], now=1101.0, began=500.0, config=WATCH, idle=AT_WORK) == [1]


def test_who_waits_for_another_machine_gets_twice_the_time():
    waits, works = at(935, waiting=1), at(935)
    assert hanging_ranks([waits], now=1000.0, began=500.0, config=WATCH, idle=(0.0,)) == [0]
    assert hanging_ranks([waits], now=1000.0, began=500.0, config=WATCH, idle=(0.0,), several=True) == []
    assert hanging_ranks([waits], now=1056.0, began=500.0, config=WATCH, idle=(0.0,), several=True) == [0]
    assert hanging_ranks([works], now=1000.0, began=500.0, config=WATCH, idle=(0.0,), several=True) == [0]
    assert hanging_ranks([waits], now=1000.0, began=500.0, config=WATCH, idle=(STOPPED,), several=True) == [0]


def test_a_stopped_process_gets_no_time_for_what_it_began():
    saving, waits = at(930, allowance=1800), at(935, waiting=1)
    assert hanging_ranks([saving, waits], now=1000.0, began=500.0, config=WATCH, idle=AT_WORK) == []
    assert hanging_ranks([saving, waits], now=1000.0, began=500.0, config=WATCH, idle=(STOPPED, 0.0)) == [0]
    assert hanging_ranks([saving, waits], now=1000.0, began=500.0, config=WATCH, idle=(0.0, STOPPED)) == [1]
    assert hanging_ranks([saving, waits], now=980.0, began=500.0, config=WATCH, idle=(STOPPED, 0.0)) == []
    assert hanging_ranks([NEVER, waits], now=1000.0, began=500.0, config=WATCH, idle=(STOPPED, 0.0)) == [0]


def test_a_process_that_does_nothing_gets_no_time_for_what_it_began():
    begun, waits = at(930, allowance=1800, phase="loading"), at(935, waiting=1, allowance=1800)

    def hanging(idle, now=1000.0):
        return hanging_ranks([begun, waits], now=now, began=500.0, config=WATCH, idle=(idle, 0.0))

    assert hanging(59.0) == []
    assert hanging(61.0) == [0]
    assert hanging(61.0, now=980.0) == []  # it has only begun


@pytest.mark.parametrize(("phase", "waiting", "counts"), [
    ("starting", 0, True), ("loading", 0, True), ("saving", 0, True),
    ("saving", 1, False),
    ("computing", 0, False),  # it may be its GPU that works, or a compiler
])  # fmt: skip
def test_where_doing_nothing_counts(tmp_path, phase, waiting, counts):
    watch = Watchdog(WatchConfig(hang_after=5.0), tmp_path, 1)
    beat = at(1.0, phase=phase, waiting=waiting, allowance=1800)
    with subprocess.Popen(["sleep", "100"]) as rank:
        idle = [watch._idle(beat, rank.pid, now) for now in (10.0, 20.0)]
        watch._idle(at(2.0), rank.pid, 30.0)
        began_anew = watch._idle(beat, rank.pid, 40.0)
        rank.kill()
    assert (idle, began_anew) == ([0.0, 10.0 if counts else 0.0], 0.0)


def test_who_does_nothing():
    busy = "while True: pass"
    reads = "import time\nwith open('/dev/zero', 'rb') as f:\n while True: f.read(1 << 19); time.sleep(0.05)"
    # As a rank with gloo's threads: together they use more than a share of a processor, each of them less.
    waits = (
        "import threading, time\n"
        "def look():\n while True: time.sleep(0.01)\n"
        "for _ in range(40): threading.Thread(target=look).start()"
    )
    ranks = [subprocess.Popen([sys.executable, "-c", code]) for code in (busy, reads, waits)]
    activity = ProcessActivity(window=5.0)
    try:
        time.sleep(1.0)  # they have started
        began = time.monotonic()
        for _ in range(8):
            now = time.monotonic()
            idle = [activity.idle(rank.pid, now) for rank in ranks]
            time.sleep(0.25)
    finally:
        for rank in ranks:
            rank.kill()
            rank.wait()
    assert idle[2] == pytest.approx(now - began, abs=0.5)
    assert max(idle[:2]) < 1.0
    assert activity.idle(ranks[2].pid, time.monotonic()) == 0.0  # there is none any more


def test_who_is_slow():
    before = [replace(at(1), compute_seconds=10.0, compute_steps=100) for _ in range(4)]
    seconds = (2.0, 2.2, 3.1, 1.9)
    after = [
        replace(b, compute_seconds=b.compute_seconds + own * 20, compute_steps=120)
        for b, own in zip(before, seconds, strict=True)
    ]
    assert slow_ranks(before, after, 1.5) == {2: pytest.approx(3.1 / 2.0)}
    assert slow_ranks(before, after, 1.6) == {}
    # Of two the faster one is the measure.
    assert slow_ranks(before[:2], after[1:3], 1.4) == {1: pytest.approx(3.1 / 2.2)}


RANK = """
import sys, time
from ncvc.train.elastic import heartbeat
heartbeat.connect()
heartbeat.send_heartbeat("computing", step=3)
def a_function_that_hangs():
    if sys.argv[1] == "C":
        import ctypes
        ctypes.CDLL(None).sleep(600)
    while True:
        time.sleep(600)
print("ready", flush=True)
a_function_that_hangs()
"""


def start_ranks(watch, *where):
    ranks = []
    for number, code in enumerate(where):
        environment = {**os.environ, VARIABLE: watch.table.variable, "LOCAL_RANK": str(number)}
        command = [sys.executable, "-c", RANK, code]
        ranks.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
    for rank in ranks:
        assert rank.stdout.readline() == "ready\n"
    return ranks


def test_ranks_that_hang_leave_their_stacks_and_are_ended(tmp_path, capsys):
    watch = Watchdog(WatchConfig(hang_after=0.2), tmp_path, 2, reporter=reporter_on("stdout"))
    ranks = start_ranks(watch, "Python", "C")
    time.sleep(0.3)  # both are silent for long enough
    began = time.monotonic()
    while not watch.hang:
        watch.look({number: rank.pid for number, rank in enumerate(ranks)}, first_rank=4)
        assert time.monotonic() - began < 30
    assert [rank.wait(30) for rank in ranks] == [-9, -9]
    (event,) = records(tmp_path)
    assert (event["event"], event["ranks"]) == ("hang", [4, 5])
    assert "ranks 4, 5 hung: no sign of life for" in capsys.readouterr().out
    stacks = sorted((tmp_path / "stacks").iterdir())
    assert [path.name[-14:] for path in stacks] == ["rank_00004.txt", "rank_00005.txt"]
    for path in stacks:
        assert "a_function_that_hangs" in path.read_text()


def test_a_rank_that_computes_for_long_on_a_processor_does_not_hang():
    slow, waits = at(930), at(931, waiting=1)

    def hanging(idle, now=1000.0, **options):
        return hanging_ranks([slow, waits], now=now, began=500.0, config=WATCH, idle=(idle, 0.0), **options)

    assert hanging(0.0) == [0]  # of a GPU nobody can tell
    assert hanging(0.0, on_cpu=True) == []
    assert hanging(0.0, on_cpu=True, now=9000.0) == []
    assert hanging(61.0, on_cpu=True) == [0]
    assert hanging(STOPPED, on_cpu=True) == [0]
    both = [at(930), at(930)]
    assert hanging_ranks(both, now=1000.0, began=500.0, config=WATCH, idle=(0.0, 61.0), on_cpu=True) == [1]


@pytest.mark.parametrize(("code", "hangs"), [("while True: pass", False), ("time.sleep(600)", True)])
def test_activity_decides_whether_a_silent_micro_batch_hangs(tmp_path, capsys, code, hangs):
    watch = Watchdog(WatchConfig(hang_after=0.5), tmp_path, 1, reporter=reporter_on("stdout"), on_cpu=True)
    program = (
        "import time; from ncvc.train.elastic import heartbeat; heartbeat.connect();"
        "heartbeat.send_heartbeat('computing', step=7); print('ready', flush=True)\n" + code
    )
    environment = {**os.environ, VARIABLE: watch.table.variable, "LOCAL_RANK": "0"}
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as rank:
        assert rank.stdout.readline() == "ready\n"
        end = time.monotonic() + 4
        while not watch.hang and time.monotonic() < end:
            watch.look({0: rank.pid}, first_rank=0)
            time.sleep(0.05)
        rank.kill()
    assert bool(watch.hang) == hangs
    if hangs:
        said = capsys.readouterr().out
        assert "rank 0 hung: no sign of life for" in said
        assert "watch.hang_after (0.5 s) and, for the first step, watch.startup_time (600 s)" in said


def test_ranks_that_hang_are_ended_though_a_request_to_stop_comes_meanwhile(tmp_path, monkeypatch):
    watch = Watchdog(WatchConfig(hang_after=0.2), tmp_path, 1)
    (rank,) = start_ranks(watch, "Python")
    time.sleep(0.3)

    def interrupted(*_):
        raise SignalException("", signal.SIGTERM)

    monkeypatch.setattr(watch, "_dump", interrupted)
    with pytest.raises(SignalException):  # noqa: PT012
        for _ in range(100):
            watch.look({0: rank.pid}, first_rank=0)
            time.sleep(0.1)
    assert rank.wait(30) == -9


def test_a_rank_that_hangs_while_loading_is_found(make_config):
    config = make_config(watch={"hang_after": 5.0})
    manifest = config.folder / "checkpoints" / "step_00000001" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    os.mkfifo(manifest)  # whoever opens it waits, as on a network disk that does not answer
    began = time.monotonic()
    with pytest.raises(NcvcError, match=r"rank 0 hung: .* last seen loading"):
        launch(config)
    assert time.monotonic() - began < 300  # of the 1800 s that loading may take
    (stack,) = (config.folder / "stacks").iterdir()
    assert "open_at_its_place" in stack.read_text()


def test_a_killed_launcher_takes_its_ranks_with_it(tmp_path):
    launcher = f"""
import os, subprocess, sys, time
from ncvc.train.elastic.heartbeat import VARIABLE, HeartbeatTable
table = HeartbeatTable(1)
os.environ.update({{VARIABLE: table.variable, "LOCAL_RANK": "0"}})
rank = subprocess.Popen([sys.executable, "-c", {RANK!r}, "C"], stdout=subprocess.PIPE, text=True)
rank.stdout.readline()
print(rank.pid, table.heartbeats()[0].step, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", launcher], stdout=subprocess.PIPE, text=True) as process:
        pid, step = map(int, process.stdout.readline().split())
        assert step == 3
        process.kill()
    deadline = time.monotonic() + 30
    while os.path.exists(f"/proc/{pid}") and "Z" not in open(f"/proc/{pid}/stat").read():  # noqa: PTH110, PTH123, SIM115
        assert time.monotonic() < deadline
        time.sleep(0.01)


def failure(tmp_path, rank, exitcode, error=None):
    path = tmp_path / f"error_{rank}.json"
    if error:
        os.environ["TORCHELASTIC_ERROR_FILE"] = str(path)
        ErrorHandler().record_exception(error)
        del os.environ["TORCHELASTIC_ERROR_FILE"]
    return ProcessFailure(rank, 1, exitcode, str(path))


def test_why_ranks_failed(tmp_path):
    killed, ended = failure(tmp_path, 1, -9), failure(tmp_path, 0, -15)
    assert explain({0: ended, 1: killed}) == (
        "rank 1 was killed (SIGKILL); the machine's memory running out is the usual reason",
        True,
    )
    # Rank 0 has lost its connection to the one that was killed, and was seen to end at the same moment.
    assert explain({0: failure(tmp_path, 0, EXIT_LOST_PEER), 1: killed}) == explain({1: killed})
    crashed = failure(tmp_path, 1, 1)
    assert explain({0: failure(tmp_path, 0, EXIT_LOST_PEER), 1: crashed}) == explain({1: crashed})
    mistake = failure(tmp_path, 2, 1, DatasetError("a.bin: damaged; make it again"))
    assert explain({0: killed, 2: mistake}) == ("a.bin: damaged; make it again", False)
    full = failure(tmp_path, 2, 1, CheckpointError("step_1: cannot write the checkpoint"))
    assert explain({2: full}) == ("step_1: cannot write the checkpoint", True)


def test_who_ended_only_because_others_had(tmp_path):
    lost, ended, aborted = (failure(tmp_path, rank, code) for rank, code in enumerate((EXIT_LOST_PEER, -15, -6)))
    assert lost_connection({0: lost, 1: ended})
    assert lost_connection({2: aborted})
    assert not lost_connection({1: ended})
    for own in (-9, 1, -11):
        assert not lost_connection({0: lost, 3: failure(tmp_path, 3, own)})


def test_when_ranks_are_started_again(tmp_path, capsys):
    agent = Agent.__new__(Agent)  # without torch's part, which needs a rendezvous
    agent.config, agent.watchdog = SimpleNamespace(folder=tmp_path), SimpleNamespace(hang=None, on_cpu=False)
    agent.peers = SimpleNamespace(machines=1, name="here")
    agent.reporter = reporter_on("stdout")
    agent._newest, agent._crashes = "", 0
    agent._remaining_restarts = 10
    killed = {1: failure(tmp_path, 1, -9)}
    agent._decide(killed)
    agent._decide(killed)
    (tmp_path / "checkpoints" / "step_00000010").mkdir(parents=True)
    for _ in range(2):
        agent._decide(killed)
        assert agent._remaining_restarts == 10  # torch counts it down
    agent.watchdog.hang = "rank 3 hung"
    agent._decide(killed)
    assert agent._remaining_restarts == 0
    assert agent.reason == "3 crashes in a row without a new checkpoint, the last: rank 3 hung"
    reasons = [record["reason"] for record in records(tmp_path)]
    assert reasons == ["rank 1 was killed (SIGKILL); the machine's memory running out is the usual reason"] * 4
    assert capsys.readouterr().out.count("RESTARTS, 9 more allowed: rank 1 was killed") == 4

    agent.watchdog.hang, agent._remaining_restarts, agent._crashes = None, 10, 0
    agent._decide({2: failure(tmp_path, 2, 1, DatasetError("a.bin: damaged; make it again"))})
    assert (agent._remaining_restarts, agent.reason) == (0, "a.bin: damaged; make it again")


def test_a_run_that_goes_on_is_not_started_a_second_time(make_config):
    config = make_config()
    config.folder.mkdir()
    held = lock(config.folder)
    try:
        with pytest.raises(NcvcError, match="another ncvc train is running there"):
            launch(config)
    finally:
        os.close(held)
