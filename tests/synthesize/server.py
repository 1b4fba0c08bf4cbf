"""A small OpenAI-compatible server on this machine, whose answers a test writes."""

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 429: "Too Many Requests", 500: "Internal Server Error"}


@dataclass
class Answer:
    """What the server does with a request."""

    content: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Instead of an answer of OpenAI's form."""
    finish: str = "stop"
    usage: dict[str, Any] | None = None
    wait: float = 0.0
    """Seconds before the answer."""
    cut: bool = False
    """Closes the connection in the middle of the body."""

    def encode(self) -> bytes:
        choice = {"index": 0, "message": {"role": "assistant", "content": self.content}, "finish_reason": self.finish}
        value: dict[str, Any] = {"object": "chat.completion", "choices": [choice]}
        if self.usage is not None:
            value["usage"] = self.usage
        return json.dumps(value, ensure_ascii=False).encode() if self.body is None else self.body


Script = Callable[[dict[str, Any], dict[str, str]], Answer]
"""Body and headers of a request → what to answer."""


class Server:
    """A server in a thread; `asked` holds the bodies of all requests, in their order."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[dict[str, Any]] = []
        self.under_way = self.most_under_way = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])
        }
        body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))))
        self.asked.append(body)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            answer = self.script(body, headers)
            await asyncio.sleep(answer.wait)
        finally:
            self.under_way -= 1
        content = answer.encode()
        lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, '-')}", f"Content-Length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        head_bytes = "\r\n".join([*lines, "Content-Type: application/json", "", ""]).encode()
        writer.write(head_bytes + (content[: len(content) // 2] if answer.cut else content))
        await writer.drain()
        return not answer.cut


def user_text(asked: dict[str, Any]) -> str:
    """The user's message of a request."""
    return str(asked["messages"][-1]["content"])
