"""Keys stand nowhere but in the header to their own server, and what a server says reaches a terminal as plain text.

Written by another author than the command, from docs/synthesis.md.
"""

import asyncio
import json
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.synthesize.answers import prose
from tests.synthesize.asking import command, log_lines, states, synthesize, write_config
from tests.synthesize.misbehaving import Asked, Reply, Server

ONE = [{"name": "w-a", "model": "a"}]


async def good(asked: Asked, reply: Reply) -> None:
    """Answers as asked."""
    await reply.chat(prose(asked.key, asked.key.topic))


KEYS = ["sk-0123456789abcdef0123", 'q"uo\\te/+=key-with-signs', "short7"]


def everywhere(folder: Path) -> bytes:
    """All files of a folder, the key's own apart, and their names."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "key.txt"]
    return b"\0".join([*(path.read_bytes() for path in files), *(str(path).encode() for path in files)])


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("by_file", [False, True], ids=["environment", "file"])
def test_a_key_that_the_server_says_back_stands_nowhere(key: str, by_file: bool, tmp_path: Path) -> None:
    """In texts, errors of all forms, garbage and headers; while the run lasts its command line is looked at."""
    told = 0

    async def script(asked: Asked, reply: Reply) -> None:
        nonlocal told
        told += 1
        assert asked.headers["authorization"] == f"Bearer {key}"
        await asyncio.sleep(0.05)
        said = f"Incorrect API key provided: {key} (Bearer {key})"
        topic = int(asked.key.topic[1:6])
        if topic % 8 == 0:
            await reply.send(json.dumps({"error": {"message": said}}).encode(), 400, WWW_Authenticate=f"Bearer {key}")
        elif topic % 8 == 1:
            await reply.send(said.encode(), 500, kind="text/plain", X_Key=key)
        elif topic % 8 == 2:
            await reply.send(f"<html>{said}</html>".encode(), kind="text/html")
        elif topic % 8 == 3:
            await reply.send(json.dumps({"oops": said}).encode())
        elif topic % 8 == 4:
            await reply.raw(f"HTTP/1.1 200 OK\r\nContent-Length: {key}\r\nTransfer-Encoding: {key}\r\n\r\n".encode())
            reply.close()
        elif topic % 8 == 5:
            await reply.raw(f"{said}\r\n\r\n".encode())
            reply.close()
        elif topic % 8 == 6:
            await reply.chat(prose(topic, asked.key.topic) + said, finish=key)
        else:
            await reply.chat(prose(topic, asked.key.topic) + said)

    with Server(script) as server:
        (tmp_path / "key.txt").write_text(key + "\n", encoding="utf-8")
        how = {"api_key_file": "key.txt"} if by_file else {"api_key_env": "KEY_1"}
        writer = {"attempts": 2, "in_flight": 4, **how}
        config = write_config(tmp_path, server.address, 24, writers=ONE, writer=writer, most_failed=1.0)
        environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parents[2]), "KEY_1": key}
        run = subprocess.Popen(command(config), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        lines: set[bytes] = set()
        while run.poll() is None:
            lines.add(Path(f"/proc/{run.pid}/cmdline").read_bytes())
            for child in Path("/proc").glob("[0-9]*"):
                if f"PPid:\t{run.pid}\n" in _text(child / "status"):
                    lines.add(_text(child / "cmdline").encode())
            time.sleep(0.1)
        out, err = run.communicate()
    assert run.returncode == 0, err.decode()
    assert told >= 24
    assert sum(states(tmp_path / "out").values()) == 24
    assert len(log_lines(tmp_path / "out-answers")) == 24
    seen = b"\0".join([everywhere(tmp_path), out, err, *lines])
    for form in {key, json.dumps(key)[1:-1], quote(key), quote(key, safe="")}:
        assert form.encode() not in seen, form


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


@pytest.mark.parametrize("key", ["鍵ひみつabc", "two\nlines-of-key", "nul\x01-control-key", "", "   "])
def test_a_key_that_no_header_can_hold_is_one_sentence_without_it(key: str, tmp_path: Path) -> None:
    with Server(good) as server:
        (tmp_path / "key.txt").write_text(key, encoding="utf-8")
        config = write_config(tmp_path, server.address, 2, writers=ONE, writer={"api_key_file": "key.txt"})
        done = synthesize(config)
        assert done.returncode == 1, done.stderr
        assert server.asked == []
    assert "Traceback" not in done.stderr
    assert "key.txt" in done.stderr or "w-a" in done.stderr
    for part in key.split():
        assert part not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("how", [{"api_key_env": "NOT_THERE"}, {"api_key_file": "none.txt"}])
def test_a_missing_key_is_said_before_anything_is_asked(how: dict[str, str], tmp_path: Path) -> None:
    with Server(good) as server:
        done = synthesize(write_config(tmp_path, server.address, 2, writers=ONE, writer=how))
        assert done.returncode == 1, done.stderr
        assert next(iter(how.values())) in done.stderr
        assert server.asked == []


def test_a_key_in_the_config_itself_is_not_repeated(tmp_path: Path) -> None:
    """Those who write the key where its variable's name belongs, or into the address, do not find it in a message."""
    key = "sk-oops-0123456789"
    with Server(good) as server:
        done = synthesize(write_config(tmp_path / "a", server.address, 2, writers=ONE, writer={"api_key": key}))
        assert done.returncode == 1
        assert key not in done.stdout + done.stderr
        done = synthesize(write_config(tmp_path / "b", server.address.replace("//", f"//user:{key}@"), 2, writers=ONE))
        assert key not in done.stdout + done.stderr
        for path in (tmp_path / "b").rglob("*"):
            if path.is_file() and path.name != "synthesize.yaml":
                assert key.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("status", [401, 402, 404, 405])
def test_a_writer_that_is_turned_away_at_once_ends_the_run(status: int, tmp_path: Path) -> None:
    """What the server said is in the message, without the key and without what a terminal would obey."""
    key = "sk-secret-0123456789"
    said = f"\x1b]0;owned\x07\x1b[2JYou\r are\nnot allowed with {key}"

    async def script(asked: Asked, reply: Reply) -> None:
        await reply.send(json.dumps({"error": {"message": said}}).encode(), status)

    with Server(script) as server:
        writer = {"api_key_env": "KEY_1", "in_flight": 2}
        config = write_config(tmp_path, server.address, 30, writers=ONE, writer=writer)
        done = synthesize(config, KEY_1=key)
        assert done.returncode == 75, done.stderr
        assert len(server.asked) <= 2
    assert key not in done.stdout + done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert str(status) in done.stderr
    assert key.encode() not in everywhere(tmp_path)
    assert not (tmp_path / "out").exists()
