"""The reporter: progress on a terminal, plain lines elsewhere, silence where nobody listens."""

import io
from collections.abc import Mapping

import pytest

from ncvc import progress
from ncvc.progress import CLEAR_LINE, ConsoleReporter, Reporter, reporter_on

COUNTS: Mapping[str, int] = {"read_bytes": 50, "text_bytes": 4_000_000, "documents": 12, "dropped": 3, "quarantined": 0}


class Stream(io.StringIO):
    """A terminal, or not."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, to be set forward."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setenv("COLUMNS", "120")
    return now


def test_a_terminal_shows_one_line_again_and_again(clock: list[float]) -> None:
    stream = Stream(terminal=True)
    reporter = ConsoleReporter(stream)
    line = reporter.progress("cleaning", 100)
    line(COUNTS)  # too early
    clock[0] += 2
    line(COUNTS)
    shown = "cleaning:  50% · 12 documents · 2.0 MB/s · 3 dropped · 2 s left"
    assert stream.getvalue() == shown
    clock[0] += 2
    line({**COUNTS, "read_bytes": 100})
    reporter.say("done\x1b")
    line.close()
    last = "cleaning: 100% · 12 documents · 1.0 MB/s · 3 dropped"
    assert stream.getvalue() == f"{shown}{CLEAR_LINE}{last}{CLEAR_LINE}done\\x1b\n"


def test_a_line_is_no_wider_than_the_terminal(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream = Stream(terminal=True)
    line = ConsoleReporter(stream).progress("duplicates: sentences")
    clock[0] += 10
    line.items(1, 4)
    assert stream.getvalue() == "duplicates: sentenc"
    line.close()
    assert stream.getvalue().endswith(CLEAR_LINE)


def test_a_log_gets_a_line_now_and_then(clock: list[float]) -> None:
    stream = Stream(terminal=False)
    line = ConsoleReporter(stream).progress("duplicates: sentences")
    for done in range(1, 31):
        clock[0] += 1
        line.items(done, 40)
    line.close()
    assert stream.getvalue().splitlines() == [
        "duplicates: sentences:  25% · 10 of 40 · 30 s left",
        "duplicates: sentences:  50% · 20 of 40 · 20 s left",
        "duplicates: sentences:  75% · 30 of 40 · 10 s left",
    ]


def test_what_an_earlier_start_did_took_no_time_of_this_one(clock: list[float]) -> None:
    stream = Stream(terminal=False)
    line = ConsoleReporter(stream).progress("demo")
    clock[0] += 100  # loading the model
    line.resume(30)
    for done in range(31, 42):
        clock[0] += 1
        line.items(done, 60)
    assert stream.getvalue().splitlines()[-1].endswith("41 of 60 · 19 s left")


def test_silence(capfd: pytest.CaptureFixture[str]) -> None:
    for reporter in (Reporter(), reporter_on("none")):
        reporter.say("something")
        line = reporter.progress("cleaning", 100)
        line(COUNTS)
        line.items(1, 2)
        line.close()
    assert capfd.readouterr() == ("", "")
    reporter_on("stderr").say("病院")
    reporter_on("stdout").say("病院")
    assert capfd.readouterr() == ("病院\n", "病院\n")
