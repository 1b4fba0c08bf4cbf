"""Requests to stop that come while the ranks are being started, or have not begun."""

import logging
import os
import signal
import subprocess
import threading
import time
import weakref
from unittest import mock

import pytest
from torch.distributed.elastic.multiprocessing.subprocess_handler import subprocess_handler

from ncvc.train.elastic.launch import launch
from ncvc.train.elastic.stop_signal import OneRequest, StopRequest
from ncvc.train.metrics.log import events

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def unheard(number, frame):
    """In the place of the defaults, which would end the tests."""
    raise AssertionError(f"{signal.Signals(number).name} was not heard")


@pytest.fixture(autouse=True)
def handlers():
    before = {number: signal.signal(number, unheard) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def ranks(monkeypatch):
    """A function that says what is run in the ranks' places, in their order, and what is done when each has begun."""
    begun = []

    def stand_in(*places):
        def start(args, env, **_):
            command, then = places[len(begun)]
            begun.append(subprocess.Popen(command))
            then()
            return begun[-1]

        monkeypatch.setattr(subprocess_handler, "Popen", start)
        return begun

    with mock.patch.dict(os.environ):
        yield stand_in
    for process in begun:
        process.kill()
        process.wait()


def ask():
    os.kill(os.getpid(), signal.SIGTERM)


def ask_soon():
    threading.Timer(0.5, ask).start()


def nothing():
    pass


WORKS, FAILS = ["sleep", "60"], ["false"]


@pytest.mark.parametrize("restarted", [False, True], ids=["at first", "after a crash"])
@pytest.mark.parametrize(
    "then", [(ask, nothing), (nothing, ask), (nothing, ask_soon)], ids=["first rank", "last rank", "all ranks"]
)
def test_a_request_before_the_ranks_have_begun_stops_the_run(make_config, ranks, then, restarted):
    """They cannot hear it yet, and end by the signal."""
    config = make_config(parallel={"nproc_per_node": 2})
    ranks(*([(FAILS, nothing)] * 2 if restarted else []), *((WORKS, each) for each in then))
    assert launch(config, max_restarts=1) is False
    assert events(config.folder) == (["restarted"] if restarted else [])
    assert signal.getsignal(signal.SIGTERM) is unheard  # torch's own handlers have gone


def test_under_nohup_the_end_of_a_terminal_is_no_request(make_config, ranks):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    begun = ranks((WORKS, lambda: os.kill(os.getpid(), signal.SIGHUP)), (WORKS, ask))
    assert launch(make_config(parallel={"nproc_per_node": 2})) is False
    assert len(begun) == 2


@pytest.mark.parametrize("number", SIGNALS)
def test_a_rank_hears_requests(number):
    request = StopRequest()
    request.listen()
    assert not request.made
    os.kill(os.getpid(), number)
    assert request.made


def test_a_request_does_not_leave_the_lock_of_logging_taken():
    """An exception where Python is about to fork, or looks up a level, would; other threads would wait for ever."""
    heard = []

    class Asks(logging.Handler):
        def emit(self, record):
            ask()
            time.sleep(0)
            record.msg = f"{len(heard)} heard"

    signal.signal(signal.SIGTERM, OneRequest(lambda number, _: heard.append(number)))
    log = logging.Logger("of this test")
    log.addHandler(Asks())
    record = log.makeRecord("", logging.INFO, "", 1, "", (), None)
    log.handle(record)
    assert record.msg == "0 heard"
    end = time.monotonic() + 5
    while not heard and time.monotonic() < end:
        time.sleep(0.01)
    assert heard == [signal.SIGTERM]


class AsksWhenItGoes:
    def __del__(self):
        ask()
        time.sleep(0)


class Goes:
    pass


def ask_in_a_finalizer():
    weakref.finalize(Goes(), lambda: [ask(), time.sleep(0)])


@pytest.mark.parametrize("go", [AsksWhenItGoes, ask_in_a_finalizer])
def test_a_request_that_comes_in_a_finalizer_is_heard_after_it(make_config, ranks, monkeypatch, go):
    """Python would print an exception there, and drop it."""
    dropped = []
    monkeypatch.setattr("sys.unraisablehook", dropped.append)
    ranks((WORKS, nothing), (WORKS, lambda: go() and None))
    assert launch(make_config(parallel={"nproc_per_node": 2})) is False
    assert not dropped
