"""The log keeps every whole line, whatever happens to the process, the disk and the file."""

import errno
import json
import os
from pathlib import Path

import pytest

from ncvc.record_log import LogError
from ncvc.synthesize.log import AnswerLog
from ncvc.synthesize.record import Record


def record(number: int, state: str = "answered", text: str = "本文\n\u2028“引用”") -> Record:
    return Record.model_validate({"id": f"{number:032x}", "state": state, "text": text})


def filled(folder: Path, count: int = 5) -> Path:
    with AnswerLog(folder) as log:
        for number in range(count):
            log.append(record(number))
    return folder / "log.jsonl"


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = filled(tmp_path / "log")
    assert [json.loads(line)["id"] for line in path.read_bytes().splitlines()[1:]] == [f"{n:032x}" for n in range(5)]
    with AnswerLog(tmp_path / "log") as log:
        assert [log.get(f"{n:032x}") for n in range(5)] == [record(n) for n in range(5)]
        assert log.get("f" * 32) is None


def test_any_cut_leaves_the_whole_lines_before_it(tmp_path: Path) -> None:
    path = filled(tmp_path / "log")
    whole = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == 10]
    for cut in {0, 1, len(AnswerLog.HEAD) - 1, *ends, *(end - 1 for end in ends), *(end + 3 for end in ends[:-1])}:
        path.write_bytes(whole[:cut])
        with AnswerLog(tmp_path / "log") as log:
            kept = sum(end <= cut for end in ends[1:])
            assert sum(f"{n:032x}" in log for n in range(5)) == kept
            log.append(record(9))
        assert path.read_bytes().startswith(
            whole[: max(max((e for e in ends if e <= cut), default=0), len(AnswerLog.HEAD))]
        )
        with AnswerLog(tmp_path / "log") as log:
            assert log.get(f"{9:032x}") == record(9)


def test_damage_before_whole_lines_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = filled(tmp_path / "log")
    rows = path.read_bytes().splitlines(keepends=True)
    damaged = b"".join([*rows[:2], b"\0" * 20 + b"\n", *rows[3:]])
    path.write_bytes(damaged)
    with pytest.raises(LogError, match=r"log\.jsonl:3: damaged, with whole lines behind it"), AnswerLog(path.parent):
        pass
    assert path.read_bytes() == damaged


def test_the_first_answer_counts_and_a_failure_until_there_is_one(tmp_path: Path) -> None:
    with AnswerLog(tmp_path / "log") as log:
        log.append(record(1, "failed"))
        assert f"{1:032x}" not in log
        for text in ("一", "二"):
            log.append(record(1, text=text))
        log.append(record(1, "failed"))
    with AnswerLog(tmp_path / "log") as log:
        found = log.get(f"{1:032x}")
        assert found is not None
        assert found.text == "一"


def test_two_processes_cannot_have_one_log(tmp_path: Path) -> None:
    with (
        AnswerLog(tmp_path / "log"),
        pytest.raises(LogError, match="another ncvc is writing it"),
        AnswerLog(tmp_path / "log"),
    ):
        pass


@pytest.mark.parametrize("name", ["notes.txt", "log.jsonl"])
def test_a_folder_of_somebody_else_is_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine\n")
    with pytest.raises(LogError, match="nothing was changed"), AnswerLog(tmp_path):
        pass
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "mine\n")]


def test_a_full_disk_cuts_the_file_back_and_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = filled(tmp_path / "log")
    before, write = path.read_bytes(), os.write
    with AnswerLog(tmp_path / "log") as log:
        calls = []

        def half(descriptor: int, data: bytes) -> int:
            calls.append(len(data))
            if len(calls) > 1:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(descriptor, data[:10])

        monkeypatch.setattr(os, "write", half)
        with pytest.raises(LogError, match="No space left on device; every answer in it is kept; free some space"):
            log.append(record(9))
        monkeypatch.undo()
    assert len(calls) == 2
    assert path.read_bytes() == before
