"""Compares `ncvc synthesize` with a tuned asyncio loop of plain httpx: answers a second from a server on this machine.

    python tools/bench/synthesis.py [--requests 2000] [--in-flight 64] [--runs 3]

The server is a process of its own and answers after half a second with 2 KB of text. Both clients send the same bodies
and parse the same answers; ours also renders its prompts, keeps its limits, and writes and syncs its log. Start-up is
not counted: both are timed from the first request that the server sees to its last answer. The last line is
`synthesize/httpx RATIO`.
"""

import argparse
import asyncio
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx2

sys.path.insert(0, str(Path(__file__).parents[2]))

from ncvc.progress import Reporter
from ncvc.synthesize.ask import ask_all
from ncvc.synthesize.config import SynthesizeConfig
from ncvc.synthesize.log import AnswerLog
from ncvc.synthesize.plan import Plan, make_plan

WAIT = 0.5
"""Seconds that an answer takes; a model needs longer for as much text."""


async def _serve(pipe: Connection) -> None:
    choice = {"message": {"role": "assistant", "content": "肺炎の治療を述べる。" * 70}, "finish_reason": "stop"}
    body = json.dumps({"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 99}}).encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    times: list[float] = []

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = next(
                    int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
                )
                await reader.readexactly(size)
                times.append(time.monotonic())
                await asyncio.sleep(WAIT)
                writer.write(answer)
                times.append(time.monotonic())
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0, backlog=4096)
    pipe.send(server.sockets[0].getsockname()[1])
    while await asyncio.to_thread(pipe.recv):
        pipe.send((min(times), max(times), len(times) // 2))
        times.clear()


def _server(pipe: Connection) -> None:
    asyncio.run(_serve(pipe))


async def plain(url: str, bodies: list[bytes], in_flight: int) -> None:
    """Sends all bodies, as many at once as may be in flight, and parses the answers."""
    left = iter(bodies)
    limits = httpx2.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    async with httpx2.AsyncClient(limits=limits, timeout=60, headers={"Content-Type": "application/json"}) as client:

        async def work() -> None:
            for body in left:
                answer = await client.post(url, content=body)
                assert json.loads(answer.content)["choices"][0]["message"]["content"]

        async with asyncio.TaskGroup() as group:
            for _ in range(in_flight):
                group.create_task(work())


def plan_of(folder: Path, port: int, requests: int, in_flight: int) -> Plan:
    """Plans one request on each of so many topics."""
    rows = ({"kind": "disease", "name": f"疾患第{number}型"} for number in range(requests))
    (folder / "topics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    writer = {"name": "a", "address": f"http://127.0.0.1:{port}/v1", "model": "m", "in_flight": in_flight}
    task = {"name": "books", "kind": "textbooks", "topics": ["topics.jsonl"]}
    return make_plan(SynthesizeConfig.model_validate({"tasks": [task], "writers": [writer], "output": "out"}), folder)


def body_of(request: Any) -> bytes:
    """Returns the body that a request sends."""
    asked = {"model": "m", "messages": request.messages(), "max_tokens": 2048, "temperature": 0.8, "top_p": 0.95}
    return json.dumps(asked | {"seed": request.seed}, ensure_ascii=False).encode()


def main() -> None:
    """Measures both in turns, and prints answers a second and the ratio of the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    pipe, other = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_server, args=(other,), daemon=True)
    server.start()
    port = pipe.recv()
    speeds: dict[str, list[float]] = {"synthesize": [], "httpx": []}
    cpu: dict[str, list[float]] = {"synthesize": [], "httpx": []}
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory() as name:
            plan = plan_of(Path(name), port, options.requests, options.in_flight)
            bodies = [body_of(request) for request in plan.requests]
            for client, found in speeds.items():
                begun = time.process_time()
                if client == "httpx":
                    asyncio.run(plain(f"http://127.0.0.1:{port}/v1/chat/completions", bodies, options.in_flight))
                else:
                    with AnswerLog(plan.log) as log:
                        assert ask_all(plan, log, Reporter()) == []
                cpu[client].append(time.process_time() - begun)
                pipe.send(True)
                first, last, count = pipe.recv()
                assert count == options.requests
                found.append(count / (last - first))
    server.kill()
    for client, found in speeds.items():
        each = statistics.median(cpu[client]) / options.requests * 1e3
        print(f"{client:12s} {statistics.median(found):8.1f} answers a second, {each:.2f} ms of CPU an answer")
    ratio = statistics.median(speeds["synthesize"]) / statistics.median(speeds["httpx"])
    print(f"synthesize/httpx {ratio:.2f}", flush=True)


if __name__ == "__main__":
    main()
