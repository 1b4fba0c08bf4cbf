"""A log that was torn, damaged, locked, or met a full disk: what is whole counts, and what is not is named.

Written by another author than the command, from docs/synthesis.md.
"""

import asyncio
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import SLOW
from tests.synthesize.answers import Key, prose
from tests.synthesize.asking import command, log_lines, requests_of, states, synthesize, tree, write_config
from tests.synthesize.misbehaving import Asked, Reply, Server

ONE = [{"name": "w-a", "model": "a"}]


async def good(asked: Asked, reply: Reply) -> None:
    """Answers as asked."""
    await reply.chat(prose(asked.key, asked.key.topic))


def topics_asked(server: Server) -> list[str]:
    """Topics in the order in which they were asked for."""
    return [asked.key.topic for asked in server.asked]


@pytest.fixture(scope="module")
def eight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a config, eight answers in its log, and the output `first`."""
    folder = tmp_path_factory.mktemp("eight")
    with Server(good) as server:
        done = synthesize(write_config(folder, server.address, 8, writers=ONE))
    assert done.returncode == 0, done.stderr
    (folder / "out").rename(folder / "first")
    return folder


@pytest.fixture
def finished(eight: Path, tmp_path: Path) -> Iterator[tuple[Path, Server]]:
    """The config of a copy of `eight`, and its server, which was asked nothing yet."""
    shutil.copytree(eight, tmp_path, dirs_exist_ok=True)
    with Server(good) as server:
        yield write_config(tmp_path, server.address, 8, writers=ONE), server


TORN = ["middle", "in a character", "no newline", "zeros", "garbage", "only a brace"]


@pytest.mark.parametrize("how", [pytest.param(how, marks=() if how in TORN[:4] else SLOW) for how in TORN])
def test_a_torn_last_line_is_asked_again_alone(how: str, finished: tuple[Path, Server]) -> None:
    config, server = finished
    log = config.parent / "out-answers/log.jsonl"
    whole = log.read_bytes()
    before, last, _ = whole.rsplit(b"\n", 2)
    tails = {
        "middle": last[:80],
        "in a character": last[: last.index("第".encode()) + 1],
        "no newline": last,
        "zeros": bytes(4096),
        "garbage": bytes(byte for byte in range(256) if byte != 10),
        "only a brace": b"{",
    }
    log.write_bytes(before + b"\n" + tails[how])
    done = synthesize(config)
    assert done.returncode == 0, done.stderr
    assert topics_asked(server) == (
        [json.loads(last)["text"].partition("は")[0]] if how != "no newline" or server.asked else []
    )
    assert len({line["id"] for line in log_lines(log.parent)}) == 8
    assert log.read_bytes().startswith(before + b"\n")
    assert (
        tree(config.parent / "first")["documents/textbooks.jsonl"]
        == tree(config.parent / "out")["documents/textbooks.jsonl"]
    )


DAMAGE = ["flipped", "zeros", "not an object", "no id", "odd state", "latin", "empty line", "number id"]


@pytest.mark.parametrize("how", [pytest.param(how, marks=() if how in DAMAGE[:3] else SLOW) for how in DAMAGE])
def test_a_damaged_middle_line_is_named_and_nothing_touched(how: str, finished: tuple[Path, Server]) -> None:
    config, server = finished
    log = config.parent / "out-answers/log.jsonl"
    lines = log.read_bytes().split(b"\n")
    value = json.loads(lines[4])
    lines[4] = {
        "flipped": lines[4].replace(b'"text"', b'"tex\x00"', 1).replace(b'","', b'"\x01"', 1),
        "zeros": bytes(len(lines[4])),
        "not an object": b"[1]",
        "no id": json.dumps({**value, "id": None}).encode(),
        "odd state": json.dumps({**value, "state": "lost"}).encode(),
        "latin": b"{\xe9}",
        "empty line": b"",
        "number id": json.dumps({**value, "id": 7}).encode(),
    }[how]
    log.write_bytes(b"\n".join(lines))
    before = log.read_bytes()
    done = synthesize(config)
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    assert "log.jsonl" in done.stderr
    assert "5" in done.stderr.replace(str(config.parent), "")
    assert log.read_bytes() == before
    assert server.asked == []
    assert not (config.parent / "out").exists()


@pytest.mark.parametrize("how", ["newer", "two bad lines"])
def test_whole_lines_that_cannot_be_read_are_not_deleted(how: str, finished: tuple[Path, Server]) -> None:
    """Only a line that was cut off is dropped; lines of another version of ncvc, or damaged ones, are somebody's money."""
    config, server = finished
    log = config.parent / "out-answers/log.jsonl"
    first, *lines = log.read_text(encoding="utf-8").splitlines()
    if how == "newer":
        lines = [line[:-1] + ',"cached_tokens":5}' for line in lines]
    else:
        lines[-2:] = [line.replace('"state"', '"stat\\u0000"') for line in lines[-2:]]
    log.write_text("\n".join([first, *lines, ""]), encoding="utf-8")
    before = log.read_bytes()
    done = synthesize(config)
    assert log.read_bytes().startswith(before)
    assert done.returncode == 1
    assert server.asked == []


def test_a_foreign_log_is_refused(tmp_path: Path) -> None:
    with Server(good) as server:
        config = write_config(tmp_path, server.address, 2, writers=ONE)
        (tmp_path / "out-answers").mkdir()
        (tmp_path / "out-answers/log.jsonl").write_text('{"somebody": "else"}\n{"more": 1}\n')
        done = synthesize(config)
        assert done.returncode == 1
        assert (tmp_path / "out-answers/log.jsonl").read_text() == '{"somebody": "else"}\n{"more": 1}\n'
        assert server.asked == []


@pytest.mark.parametrize("start", [b"", b'{"format": "ncvc-synth'], ids=["empty", "cut off"])
def test_a_kill_in_the_first_line_loses_nothing(start: bytes, tmp_path: Path) -> None:
    with Server(good) as server:
        config = write_config(tmp_path, server.address, 2, writers=ONE)
        (tmp_path / "out-answers").mkdir()
        (tmp_path / "out-answers/log.jsonl").write_bytes(start)
        done = synthesize(config)
    assert done.returncode == 0, done.stderr
    assert len(log_lines(tmp_path / "out-answers")) == 2


def test_the_first_of_two_answers_counts(finished: tuple[Path, Server]) -> None:
    config, server = finished
    log = config.parent / "out-answers/log.jsonl"
    second = log_lines(log.parent)[2]
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**second, "text": prose("other", "別の話")}, ensure_ascii=False) + "\n")
        file.write(json.dumps({"id": second["id"], "state": "failed", "reason": "timeout"}) + "\n")
        file.write(json.dumps({**second, "id": "f" * 32}, ensure_ascii=False) + "\n")
    assert synthesize(config).returncode == 0
    assert server.asked == []
    assert (
        tree(config.parent / "first")["documents/textbooks.jsonl"]
        == tree(config.parent / "out")["documents/textbooks.jsonl"]
    )


def test_two_at_once(tmp_path: Path) -> None:
    """The second is refused and asks nothing; a kill of the first frees the folder."""

    async def slow(asked: Asked, reply: Reply) -> None:
        await asyncio.sleep(1.5)
        await good(asked, reply)

    with Server(slow) as server:
        config = write_config(tmp_path, server.address, 40, writers=ONE, writer={"in_flight": 1})
        first = subprocess.Popen(command(config), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not server.asked:
                time.sleep(0.05)
            others = config.with_name("other.yaml")
            others.write_text(config.read_text().replace("output: out", "output: out2\nanswers: out-answers"))
            for path in (config, others):
                second = synthesize(path)
                assert second.returncode == 1, second.stderr
                assert len(second.stderr.strip().splitlines()) <= 3
            assert server.most_under_way == 1
        finally:
            first.kill()
            first.wait()
        assert len(set(topics_asked(server))) == len(server.asked)
        server.script = good
        assert synthesize(config).returncode == 0
        assert states(tmp_path / "out") == {"kept": 40}


def limited_size(size: int) -> None:
    """Lets no file of this process grow beyond `size`."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_file_that_may_not_grow_ends_the_run_at_a_whole_line(tmp_path: Path) -> None:
    with Server(good) as server:
        config = write_config(tmp_path, server.address, 60, writers=ONE)
        done = subprocess.run(
            command(config),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            preexec_fn=lambda: limited_size(20_000),
        )
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "out").exists()
        log = tmp_path / "out-answers/log.jsonl"
        assert log.read_bytes().endswith(b"\n")
        there = {line["id"] for line in log_lines(log.parent)}
        assert 5 < len(there) < 60
        before = len(server.asked)
        done = synthesize(config)
        assert done.returncode == 0, done.stderr
    assert states(tmp_path / "out") == {"kept": 60}
    assert len(server.asked) - before == 60 - len(there)
    assert there < {line["id"] for _, line in requests_of(tmp_path / "out")}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    tried = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], check=False, capture_output=True)
    if tried.returncode:
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs to mount a file system")
@pytest.mark.parametrize("full", ["answers", "output"])
def test_a_full_disk(full: str, small_disk: Path, tmp_path: Path) -> None:
    """Ends with one sentence; the log is whole lines, the output not there; with room it goes on."""
    with Server(good) as server:
        config = write_config(tmp_path, server.address, 100, writers=ONE, **{full: str(small_disk / full)})
        done = synthesize(config)
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "out/documents").exists()
        assert not (small_disk / "output").exists()
        answers = next(path for path in (small_disk / "answers", small_disk / "output-answers") if path.exists())
        assert (answers / "log.jsonl").read_bytes().endswith(b"\n")
        there = len(log_lines(answers))
        before = len(server.asked)
        assert 5 < there < 100
        subprocess.run(["mount", "-o", "remount,size=16m", small_disk], check=True)
        done = synthesize(config)
        assert done.returncode == 0, done.stderr
    assert len(server.asked) - before == 100 - there
    assert states(small_disk / "output" if full == "output" else tmp_path / "out") == {"kept": 100}
    assert Key("textbook", "第00000疾患", "a", 1) in {asked.key for asked in server.asked}


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs to mount a file system")
@pytest.mark.parametrize("sealed", ["answers", "output"])
def test_a_folder_that_may_not_be_written(sealed: str, small_disk: Path, tmp_path: Path) -> None:
    with Server(good) as server:
        (small_disk / "answers").mkdir()
        config = write_config(tmp_path, server.address, 3, writers=ONE, **{sealed: str(small_disk / sealed)})
        subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
        done = synthesize(config)
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        assert str(small_disk) in done.stderr
        assert len(done.stderr.strip().splitlines()) <= 3
        assert len(server.asked) in ({0} if sealed == "answers" else {0, 3})
