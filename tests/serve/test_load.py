"""Fifty clients at once: nothing lost, nothing mixed up, each answer that of the same request alone."""

import asyncio
import json
import time

import httpx2 as httpx
import pytest

from ncvc.hf.generate import Sampling, generate
from ncvc.hf.load import LanguageModel
from tests.conftest import SLOW
from tests.hf.test_generate import PROMPTS
from tests.serve.conftest import Server

CLIENTS = 50
KINDS = [(prompt, length) for prompt in PROMPTS for length in (3, 9, 20)]


async def ask(client: httpx.AsyncClient, prompt: str, length: int, stream: bool) -> str:
    body = {"prompt": prompt, "max_tokens": length, "temperature": 0, "stream": stream}
    if not stream:
        answer = await client.post("/v1/completions", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["choices"][0]["text"]
    text = ""
    async with client.stream("POST", "/v1/completions", json=body) as answer:
        assert answer.status_code == 200
        async for line in answer.aiter_lines():
            if line.startswith("data: {"):
                text += json.loads(line[6:])["choices"][0]["text"]
    return text


@pytest.mark.parametrize("seconds", [10, pytest.param(60, marks=SLOW)])
def test_fifty_clients_at_once(server: Server, tiny: LanguageModel, seconds: int) -> None:
    made = [
        generate(tiny, [(prompt, Sampling(temperature=0, max_new_tokens=length))])[0].text for prompt, length in KINDS
    ]
    expected = dict(zip(KINDS, made, strict=True))
    assert len(set(made)) > 20
    latencies: list[float] = []

    async def one(client: httpx.AsyncClient, number: int, end: float) -> int:
        count = 0
        while time.monotonic() < end or not count:
            kind = KINDS[(7 * number + count) % len(KINDS)]
            began = time.monotonic()
            assert await ask(client, *kind, stream=(number + count) % 2 == 0) == expected[kind]
            latencies.append(time.monotonic() - began)
            count += 1
        return count

    async def run() -> list[int]:
        limits = httpx.Limits(max_connections=CLIENTS)
        async with httpx.AsyncClient(base_url=server.url, timeout=300, trust_env=False, limits=limits) as client:
            end = time.monotonic() + seconds
            return await asyncio.gather(*(one(client, number, end) for number in range(CLIENTS)))

    before = server.http.get("/metrics").text
    counts = asyncio.run(run())
    assert min(counts) >= 1
    name = 'ncvc_requests_total{path="/v1/completions",status="200"} '
    total = [
        int(page.partition(name)[2].partition("\n")[0] or 0) for page in (before, server.http.get("/metrics").text)
    ]
    assert total[1] - total[0] == sum(counts)
    assert (server.worker.under_way, server.worker.waiting) == (0, 0)
    latencies.sort()
    print(
        f"{sum(counts)} answers in {seconds} s, median {latencies[len(latencies) // 2]:.2f} s, worst {latencies[-1]:.2f} s"
    )
