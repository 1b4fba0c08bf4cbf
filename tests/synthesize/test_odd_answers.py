"""Answers that are odd in themselves: each request ends in one state, the log stays readable, and nothing is raised.

Written by another author than the command, from docs/synthesis.md.
"""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.synthesize.answers import prose
from tests.synthesize.asking import log_lines, read_lines, requests_of, synthesize, topic_names, write_config
from tests.synthesize.misbehaving import Asked, Reply, Server

Case = Callable[[Reply, str], Awaitable[None]]


def body(text: str, **more: Any) -> dict[str, Any]:
    """An answer of OpenAI's form."""
    return {
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        **more,
    }


def dumped(make: Callable[[str], Any], **headers: str) -> Case:
    """A case whose body is the JSON of `make`'s value for a text."""

    async def answer(reply: Reply, text: str) -> None:
        await reply.send(json.dumps(make(text)).encode(), **headers)

    return answer


def sent(
    data: bytes | Callable[[str], bytes], status: int = 200, kind: str = "application/json", **headers: str
) -> Case:
    """A case whose body is as it stands."""

    async def answer(reply: Reply, text: str) -> None:
        await reply.send(data if isinstance(data, bytes) else data(text), status, kind, **headers)

    return answer


def raw(make: Callable[[bytes], bytes]) -> Case:
    """A case whose whole answer is bytes made of a good body; the connection is closed then."""

    async def answer(reply: Reply, text: str) -> None:
        await reply.raw(make(json.dumps(body(text)).encode()))
        reply.close()

    return answer


async def drip(reply: Reply, _: str) -> None:
    """A byte now and then, without end."""
    await reply.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        await reply.raw(b" ")
        await asyncio.sleep(0.2)


async def drip_headers(reply: Reply, _: str) -> None:
    """Interim answers without end."""
    while True:
        await reply.raw(b"HTTP/1.1 102 Processing\r\n\r\n")
        await asyncio.sleep(0.2)


async def endless(reply: Reply, _: str) -> None:
    """A body without end, as fast as it is taken."""
    await reply.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        await reply.raw(b" " * 65536)


def ok(data: bytes, *headers: bytes) -> bytes:
    """A raw answer with status 200."""
    return b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"Content-Length: %d" % len(data), b"", data])


def usage(value: object) -> Case:
    """A good answer whose numbers of tokens are odd."""
    return dumped(lambda text: body(text, usage={"prompt_tokens": value, "completion_tokens": value}))


KEPT, ANY = {"kept"}, None
NO_ANSWER = {"failed cut_off", "failed no_answer", "failed not_json", "failed not_openai", "failed no_connection"}
CASES: dict[str, tuple[Case, set[str] | None]] = {
    "surrogate": (dumped(lambda text: body(text + "\ud800")), ANY),
    "nul": (dumped(lambda text: body(text + "\0\x01\x1b[31m")), ANY),
    "separators": (dumped(lambda text: body(text + "\u2028\u2029\x85\x0b\x0c\r\n\rおわり。")), KEPT),
    "huge number": (sent(lambda text: json.dumps(body(text))[:-1].encode() + b', "usage": ' + b"9" * 9000 + b"}"), ANY),
    "deep": (sent(b"[" * 200_000), {"failed not_json", "failed not_openai"}),
    "deep object": (sent(b'{"choices":' * 50_000), {"failed not_json", "failed not_openai"}),
    "deep in text": (dumped(lambda text: body("[" * 100_000)), ANY),
    "nan usage": (usage(float("nan")), KEPT),
    "infinite usage": (usage(float("inf")), KEPT),
    "negative usage": (usage(-5), KEPT),
    "usage in words": (usage("many"), KEPT),
    "usage is a list": (dumped(lambda text: body(text, usage=[1, 2])), KEPT),
    "usage of 10**30": (usage(10**30), KEPT),
    "true usage": (usage(True), KEPT),
    "parts": (dumped(lambda text: body([{"type": "text", "text": text}])), ANY),  # type: ignore[arg-type]
    "null content": (dumped(lambda _: body(None)), {"aside empty", "failed not_openai"}),  # type: ignore[arg-type]
    "number content": (dumped(lambda _: body(5)), {"failed not_openai"}),  # type: ignore[arg-type]
    "no choices": (dumped(lambda _: {"choices": []}), {"failed not_openai"}),
    "choices is an object": (dumped(lambda _: {"choices": {"0": 1}}), {"failed not_openai"}),
    "choice is null": (dumped(lambda _: {"choices": [None]}), {"failed not_openai"}),
    "message is text": (dumped(lambda text: {"choices": [{"message": text}]}), {"failed not_openai"}),
    "array": (dumped(lambda text: [text]), {"failed not_openai"}),
    "null": (dumped(lambda _: None), {"failed not_openai", "failed not_json"}),
    "error in 200": (dumped(lambda _: {"error": "no model"}), {"failed not_openai"}),
    "finish is a number": (dumped(lambda text: {"choices": [{**body(text)["choices"][0], "finish_reason": 7}]}), ANY),
    "no finish": (dumped(lambda text: {"choices": [{"message": {"content": text}}]}), KEPT),
    "twice the key": (sent(lambda text: b'{"choices": 1, ' + json.dumps(body(text)).encode()[1:]), ANY),
    "byte order mark": (sent(lambda text: b"\xef\xbb\xbf" + json.dumps(body(text)).encode()), ANY),
    "UTF-16": (sent(lambda text: json.dumps(body(text), ensure_ascii=False).encode("utf-16")), ANY),
    "Shift JIS": (
        sent(
            lambda text: json.dumps(body("診断と治療" * 40), ensure_ascii=False).encode("cp932"),
            kind="x; charset=cp932",
        ),
        ANY,
    ),
    "wrong charset": (dumped(body, Content_Encoding="identity"), KEPT),
    "unknown charset": (
        sent(lambda text: json.dumps(body(text)).encode(), kind="application/json; charset=klingon"),
        ANY,
    ),
    "half a character": (
        sent(lambda text: json.dumps(body(text), ensure_ascii=False).encode()[:-80]),
        {"failed not_json"},
    ),
    "gzip": (sent(lambda text: gzip.compress(json.dumps(body(text)).encode()), Content_Encoding="gzip"), KEPT),
    "bomb": (sent(gzip.compress(b" " * 50_000_000, mtime=0), Content_Encoding="gzip"), {"failed too_large"}),
    "no gzip": (dumped(body, Content_Encoding="gzip"), NO_ANSWER),
    "plain": (sent(lambda text: json.dumps(body(text)).encode(), kind="text/plain"), KEPT),
    "events": (
        sent(lambda text: b"data: " + json.dumps(body(text)).encode() + b"\n\n", kind="text/event-stream"),
        NO_ANSWER,
    ),
    "nothing": (sent(b""), NO_ANSWER),
    "no content": (raw(lambda _: b"HTTP/1.1 204 No Content\r\n\r\n"), NO_ANSWER | {"failed status_204"}),
    "created": (sent(lambda text: json.dumps(body(text)).encode(), 201), KEPT | {"failed status_201"}),
    "interim": (raw(lambda data: b"HTTP/1.1 100 Continue\r\n\r\n" + ok(data)), KEPT),
    "no reason": (raw(lambda data: ok(data).replace(b"200 OK", b"200")), KEPT),
    "long header": (raw(lambda data: ok(data, b"X: " + b"y" * 1_000_000)), KEPT | NO_ANSWER),
    "many headers": (raw(lambda data: ok(data, *(b"X-%d: y" % n for n in range(3000)))), KEPT | NO_ANSWER),
    "length in words": (raw(lambda data: ok(data).replace(b"Length: ", b"Length: x")), NO_ANSWER),
    "negative length": (raw(lambda data: ok(data).replace(b"Length: ", b"Length: -")), NO_ANSWER),
    "two lengths": (raw(lambda data: ok(data, b"Content-Length: 3")), NO_ANSWER),
    "wrong chunks": (
        raw(lambda data: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + data),
        NO_ANSWER,
    ),
    "until the end": (raw(lambda data: b"HTTP/1.1 200 OK\r\n\r\n" + data), KEPT),
    "version 9": (raw(lambda data: ok(data).replace(b"HTTP/1.1", b"HTTP/9.9")), KEPT | NO_ANSWER),
    "status 999": (raw(lambda data: ok(data).replace(b"200 OK", b"999 OK")), NO_ANSWER | {"failed status_999"}),
    "status 000": (raw(lambda data: ok(data).replace(b"200 OK", b"000 OK")), NO_ANSWER | {"failed status_0"}),
    "drip": (drip, {"failed timeout"}),
    "drip of headers": (drip_headers, {"failed timeout"} | NO_ANSWER),
    "endless": (endless, {"failed too_large"}),
}


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, tuple[str, dict[str, Any]]], Path, str]:
    """Each case's state and line after one run of all; the folder; what was said."""
    folder = tmp_path_factory.mktemp("odd")
    names = dict(zip(topic_names(len(CASES)), CASES, strict=True))

    async def script(asked: Asked, reply: Reply) -> None:
        topic = asked.key.topic
        await CASES[names[topic]][0](reply, prose(topic, topic))

    with Server(script) as server:
        writer = {"attempts": 2, "timeout": 4.0, "failures_in_a_row": 1000}
        config = write_config(
            folder, server.address, len(CASES), most_failed=1.0, writer=writer, writers=[{"name": "w-a", "model": "a"}]
        )
        done = synthesize(config)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    found = {names[line["topic"]]: (state, line) for state, line in requests_of(folder / "out")}
    assert len(requests_of(folder / "out")) == len(found) == len(CASES)
    return found, folder, done.stderr


@pytest.mark.parametrize("name", CASES)
def test_an_odd_answer_ends_in_one_state(name: str, ends: tuple[dict[str, Any], Path, str]) -> None:
    state, line = ends[0][name]
    wanted = CASES[name][1]
    assert wanted is None or state in wanted, line


def test_the_log_stays_readable(ends: tuple[dict[str, Any], Path, str]) -> None:
    folder = ends[1]
    lines = log_lines(folder / "out-answers")
    assert len(lines) == len(CASES)
    (folder / "out-answers/log.jsonl").read_text(encoding="utf-8")
    assert all(line["state"] in {"answered", "failed"} for line in lines)
    for path in folder.rglob("*.jsonl"):
        path.read_text(encoding="utf-8")
        read_lines(path)
    again = synthesize(folder / "synthesize.yaml", "--no-ask", "--force")
    assert again.returncode == 0, again.stderr
