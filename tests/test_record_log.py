"""Every log of answers keeps each whole line, whatever happens to the process, the disk and the file."""

import errno
import json
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ncvc.evaluate.answers import AnswerLog as EvaluationLog
from ncvc.evaluate.answers import AnswerRecord
from ncvc.quality.label import LabelRecord
from ncvc.record_log import InMemoryLog, LogError, RecordLog
from ncvc.synthesize.log import AnswerLog as SynthesisLog
from ncvc.synthesize.record import Record

Log = RecordLog[Any]
TEXT = "本文\n\u2028“引用”"


def evaluated(number: int) -> AnswerRecord:
    """An answer of an evaluation, with a likelihood that JSON has no number for."""
    weights = {"a": -1.5, "b": float("-inf")}
    return AnswerRecord(
        id=f"{number}", prompt="問", is_chat=True, answer=TEXT, finish="stop", tokens=3, letters=weights
    )


KINDS: dict[str, tuple[Callable[[Path], Log], Callable[[int], Any]]] = {
    "evaluate": (lambda path: EvaluationLog(path), evaluated),
    "label": (
        lambda path: InMemoryLog(path, LabelRecord),
        lambda number: LabelRecord(id=f"{number}", answer=TEXT, finish="stop"),
    ),
    "synthesize": (
        lambda path: SynthesisLog(path.parent),
        lambda number: Record(id=f"{number}", state="answered", text=TEXT),
    ),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Callable[[], Log], Callable[[int], Any], Path]:
    """Makes a log, makes a record, and the log's file."""
    make, record = KINDS[request.param]
    path = tmp_path / "answers/log.jsonl"
    path.parent.mkdir()
    return lambda: make(path), record, path


def ids(log: Log) -> set[str]:
    """The ids of the records that a log knows."""
    if isinstance(log, InMemoryLog):
        return set(log.records)
    return {f"{number}" for number in range(100) if log.get(f"{number}")}  # type: ignore[attr-defined]


def records(log: Log, count: int) -> list[Any]:
    """The first records of a log."""
    return [log.records[f"{n}"] if isinstance(log, InMemoryLog) else log.get(f"{n}") for n in range(count)]  # type: ignore[attr-defined]


def test_records_are_read_as_they_were_written(kind: Any) -> None:
    make, record, path = kind
    with make() as log:
        log.extend(record(n) for n in range(5))
        before = path.read_bytes()
    with make() as log:
        assert records(log, 5) == [record(n) for n in range(5)]
        assert log.dropped == 0
        log.append(record(5))
    assert path.read_bytes().startswith(before)
    assert [json.loads(line)["id"] for line in path.read_bytes().splitlines()[-6:]] == [f"{n}" for n in range(6)]


def test_any_cut_leaves_the_whole_lines_before_it(kind: Any) -> None:
    make, record, path = kind
    with make() as log:
        start = len(log.HEAD)
        log.extend(record(n) for n in range(3))
    whole = path.read_bytes()
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        with make() as log:
            assert ids(log) == {f"{n}" for n in range(whole[start : max(cut, start)].count(b"\n"))}
            log.append(record(9))
        with make() as log:
            assert "9" in ids(log)


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("line", [b"\0" * 20, b"[1]", b"", b'{"id": 7}', b"{\xe9}"])
def test_a_whole_line_that_cannot_be_read_is_named_and_the_file_stays(kind: Any, line: bytes, at: int) -> None:
    make, record, path = kind
    with make() as log:
        log.extend(record(n) for n in range(3))
        head = log.HEAD.count(b"\n")
    lines = path.read_bytes().split(b"\n")
    lines[head + at] = line
    path.write_bytes(damaged := b"\n".join(lines))
    behind = ", with whole lines behind it" if at < 2 else ""
    with pytest.raises(LogError, match=rf"log\.jsonl:{head + at + 1}: damaged{behind}; nothing was changed"), make():
        pass
    assert path.read_bytes() == damaged


def test_members_of_a_newer_version_are_no_damage(kind: Any) -> None:
    make, record, path = kind
    with make() as log:
        log.append(record(0))
    path.write_bytes(newer := path.read_bytes()[:-2] + b',"cached":5}\n')
    with pytest.raises(LogError, match=r"does not know \(cached\); nothing was changed; use the version that"), make():
        pass
    assert path.read_bytes() == newer


@pytest.mark.parametrize("room", [0, 10])
def test_a_full_disk_leaves_the_file_as_it_was(kind: Any, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    make, record, path = kind
    with make() as log:
        log.append(record(0))
    before, write = path.read_bytes(), os.write
    left = [room]

    def full(descriptor: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        left[0] = 0
        return write(descriptor, data[:room])

    with make() as log:
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", full)
            with pytest.raises(LogError, match="No space left on device; every answer in it is kept; free some space"):
                log.extend([record(1), record(2)])
        assert path.read_bytes() == before
        log.append(record(1))  # with room again
    with make() as log:
        assert ids(log) == {"0", "1"}


def test_a_disk_that_does_not_sync_is_said(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    make, record, _path = kind

    def broken(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with make() as log, monkeypatch.context() as patched:
        patched.setattr(os, "fsync", broken)
        with pytest.raises(LogError, match=r"log\.jsonl: Input/output error; every answer in it is kept"):
            log.extend([record(0)])


def test_two_cannot_have_one_log(kind: Any) -> None:
    make, record, _path = kind
    with make() as log:
        log.append(record(0))
        with pytest.raises(LogError, match="another ncvc is writing it; wait for that one"), make():
            pass
        log.append(record(1))
    with make() as log:
        assert ids(log) == {"0", "1"}


def _hold(kind: str, path: Path, ready: Any) -> None:
    make, record = KINDS[kind]
    with make(path) as log:
        log.append(record(0))
        ready.set()
        multiprocessing.Event().wait()


def test_a_killed_process_loses_no_record_and_frees_the_log(kind: Any, request: pytest.FixtureRequest) -> None:
    make, _, path = kind
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    holder = context.Process(target=_hold, args=(request.node.callspec.params["kind"], path, ready))
    holder.start()
    assert ready.wait(60)
    with pytest.raises(LogError, match="another ncvc is writing it"), make():
        pass
    holder.kill()
    holder.join()
    with make() as log:
        assert ids(log) == {"0"}


def test_logs_of_earlier_versions_are_read(tmp_path: Path) -> None:
    """Lines as they were written when members with their default were written too."""
    (tmp_path / "evaluate.jsonl").write_text(
        '{"id":"a","prompt":"p","is_chat":false,"answer":"x\\n","finish":"length","tokens":2,"letters":null,'
        '"texts":{"A":[-1.5,3]}}\n'
    )
    with EvaluationLog(tmp_path / "evaluate.jsonl") as evaluation:
        assert evaluation.records["a"].texts == {"A": (-1.5, 3)}
        assert evaluation.records["a"].letters is None
    (tmp_path / "00.jsonl").write_text('{"id":"d","answer":"高","finish":"stop"}\n', encoding="utf-8")
    with InMemoryLog(tmp_path / "00.jsonl", LabelRecord) as labels:
        assert labels.records == {"d": LabelRecord(id="d", answer="高", finish="stop")}
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers/log.jsonl").write_text(
        '{"format": "ncvc-synthesis-log/1"}\n{"id":"e","state":"answered","text":"本文","answer_tokens":3,"cost":0.5}\n',
        encoding="utf-8",
    )
    with SynthesisLog(tmp_path / "answers") as log:
        assert log.get("e") == Record(id="e", state="answered", text="本文", answer_tokens=3, cost=0.5)
        assert log.spent == 0.5
