"""An OpenAI-compatible server on this machine that misbehaves by a seeded plan, and counts."""

import asyncio
import gzip
import json
import random
import re
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from tests.synthesize.answers import FAILED, Key, Plan, Shares, text

KEY = re.compile(r"種類=(\w+)\n番号=(\d+)\n題目=(.*)")
MEGABYTES = b'{"choices": [{"message": {"content": "' + "長い。".encode() * 1_111_112 + b'"}}]}'
"""An answer of 10 MB."""


@dataclass
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    when: float

    @property
    def value(self) -> dict[str, Any]:
        """The body as JSON."""
        value = json.loads(self.body or b"{}")
        assert isinstance(value, dict)
        return value

    @property
    def prompt(self) -> str:
        """All messages."""
        return "\n".join(message["content"] for message in self.value["messages"])

    @property
    def key(self) -> Key:
        """Who asks for what."""
        found = KEY.search(self.prompt)
        assert found, self.prompt
        return Key(found[1], found[3], self.value["model"], int(found[2]))


class Reply:
    """Writes an answer, badly where that is wanted."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.usable = False
        """The whole of a good answer was handed to the system."""

    async def send(
        self, body: bytes = b"{}", status: int = 200, kind: str = "application/json", more: int = 0, **headers: str
    ) -> None:
        """Sends a whole answer, or one whose length promises `more` bytes."""
        lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(body) + more}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.raw("\r\n".join([*lines, "", ""]).encode() + body)

    async def raw(self, data: bytes) -> None:
        """Sends bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def chat(
        self, content: object, finish: object = "stop", usage: object = None, headers: dict[str, str] | None = None
    ) -> None:
        """Sends an answer of OpenAI's form."""
        message = {"role": "assistant", "content": content}
        value: dict[str, Any] = {"choices": [{"index": 0, "message": message, "finish_reason": finish}]}
        if usage is not None:
            value["usage"] = usage
        await self.send(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), **(headers or {}))
        self.usable = True

    async def hang(self) -> None:
        """Says nothing until the other side goes away."""
        await self.reader.read(1)

    def close(self) -> None:
        """Closes the connection."""
        self.writer.close()


Script = Callable[[Asked, Reply], Awaitable[None]]


@dataclass
class Server:
    """Answers each request by `script`, each connection in turn, from a thread of its own."""

    script: Script
    asked: list[Asked] = field(default_factory=list)
    most_under_way: int = 0
    _under_way: int = 0

    @property
    def address(self) -> str:
        """The base that a writer names."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        starting = asyncio.start_server(self._connection, "127.0.0.1", 0, backlog=1024)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result()
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def settle(self, quiet: float = 0.5) -> None:
        """Waits until no request was under way for so many seconds: the other side is gone, and that was seen."""
        since = time.monotonic()
        while time.monotonic() < since + quiet:
            time.sleep(0.02)
            if self._under_way:
                since = time.monotonic()

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        self._server.close()
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing() and (asked := await self._read(reader)):
                self._under_way += 1
                self.most_under_way = max(self.most_under_way, self._under_way)
                self.asked.append(asked)
                try:
                    await self.script(asked, Reply(reader, writer))
                finally:
                    self._under_way -= 1
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> Asked | None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        method, path, _ = first.split(" ", 2)
        return Asked(method, path, headers, body, time.monotonic())


@dataclass
class Misbehaving:
    """The script of a server that follows the plan of each request; `delays` only moves answers about."""

    seed: int
    shares: Shares = field(default_factory=Shares)
    delays: int = 0
    slowest: float = 0.02
    attempts: Counter[Key] = field(default_factory=Counter)
    delivered: Counter[Key] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)
    spoilt: dict[Key, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Trouble that each request met, in order."""

    async def __call__(self, asked: Asked, reply: Reply) -> None:
        """Answers a request."""
        key = asked.key
        plan = Plan.draw(self.seed, key, self.shares)
        attempt = self.attempts[key]
        self.attempts[key] += 1
        await asyncio.sleep(self.slowest * random.Random(f"{self.delays} {key} {attempt}").random())
        act = plan.trouble[attempt] if attempt < len(plan.trouble) else plan.end
        self.did[act] += 1
        if act in FAILED or attempt < len(plan.trouble):
            self.spoilt[key].append(act)
            await spoil(act.removeprefix("always_"), reply)
            return
        if act == "slow":
            await asyncio.sleep(0.3)
        finish = {"length": "length", "filtered": "content_filter"}.get(act, "stop")
        await reply.chat(text(key, act), finish, {"prompt_tokens": 50, "completion_tokens": 200})
        self.delivered[key] += 1


async def spoil(act: str, reply: Reply) -> None:
    """Answers as no client would like."""
    half = b'{"choices": [{"index": 0, "message": {"role": "assistant", "content": "\xe9\x80\x94'
    match act:
        case "cut":
            await reply.send(half, more=500)
            reply.close()
        case "cut_chunks":
            await reply.raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            await reply.raw(b"%x\r\n%s\r\n" % (len(half), half))
            reply.close()
        case "garbage":
            await reply.send(gzip.compress(b"garbage" * 50, mtime=0))
        case "html":
            await reply.send(b"<!DOCTYPE html><html><body>Gateway</body></html>", kind="text/html; charset=utf-8")
        case "odd":
            await reply.send(b'{"object": "error", "message": "no choices today"}')
        case "10mb":
            await reply.send(MEGABYTES)
        case "closes":
            reply.close()
        case "not_http":
            await reply.raw(bytes(range(256)))
            reply.close()
        case "hangs":
            await reply.hang()
        case "429_after" | "503_after":
            await reply.send(b'{"error": {"message": "later"}}', int(act[:3]), Retry_After="1")
        case _:
            await reply.send(b'{"error": {"message": "not now"}}', int(act))
