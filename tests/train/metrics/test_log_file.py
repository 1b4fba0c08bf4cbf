"""The log under several writers and after torn lines: nothing is lost, nothing is cut."""

import errno
import json
import multiprocessing
import os
from contextlib import closing

import pytest

from ncvc.train.metrics.log import LOG, append_event, records
from ncvc.train.metrics.log_file import LogFile

TORN = '{"event": "torn", "time": "20'
LINES = 400


def append_many(path, writer):
    with closing(LogFile(path)) as file:
        for number in range(LINES):
            file.write(json.dumps({"writer": writer, "number": number, "text": "長" * (number % 700)}) + "\n")


def repair_often(path, writer):
    """As launchers do: each event opens the file, and finds it ending anywhere."""
    for number in range(LINES):
        append_event(path.parent, "repaired", writer=writer, number=number)


def test_two_processes_append_while_a_third_repairs(tmp_path):
    path = tmp_path / LOG
    path.write_text(TORN, encoding="utf-8")
    context = multiprocessing.get_context("spawn")
    writers = [
        context.Process(target=work, args=(path, writer))
        for writer, work in enumerate((append_many, append_many, repair_often))
    ]
    for process in writers:
        process.start()
    for process in writers:
        process.join()
        assert process.exitcode == 0
    assert path.read_text(encoding="utf-8").splitlines()[0] == TORN
    found = [(record["writer"], record["number"]) for record in records(tmp_path)]
    assert sorted(found) == [(writer, number) for writer in range(3) for number in range(LINES)]
    for writer in range(3):  # and each writer's in its order
        assert [number for who, number in found if who == writer] == list(range(LINES))


def test_a_torn_line_costs_itself_only(tmp_path):
    append_event(tmp_path, "first")
    with (tmp_path / LOG).open("a", encoding="utf-8") as file:
        file.write(TORN)
    before = (tmp_path / LOG).read_bytes()
    append_event(tmp_path, "second")
    append_event(tmp_path, "third")
    assert (tmp_path / LOG).read_bytes().startswith(before + b"\n")
    assert [record["event"] for record in records(tmp_path)] == ["first", "second", "third"]


@pytest.mark.parametrize(
    "line", ['{"event": "saved", "time": 5}', '{"event": "saved", "time": "noon"}', "5", "[]", "null"]
)
def test_a_whole_line_that_is_no_record_costs_itself_only(tmp_path, line):
    append_event(tmp_path, "first")
    with (tmp_path / LOG).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    append_event(tmp_path, "second")
    assert [record["event"] for record in records(tmp_path)] == ["first", "second"]


def test_a_disk_that_takes_half_a_line_is_an_error_and_its_half_is_skipped(tmp_path, monkeypatch):
    write = os.write

    def half(descriptor, data):
        if data.startswith(b"\n"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[: len(data) // 2])

    append_event(tmp_path, "first")
    with monkeypatch.context() as full:
        full.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space left"):
            append_event(tmp_path, "lost")
    append_event(tmp_path, "second")
    assert [record["event"] for record in records(tmp_path)] == ["first", "second"]
