"""Limits that the server counts: `Retry-After`, requests and tokens a minute, money, and redirections that stay unfollowed.

Written by another author than the command, from docs/synthesis.md.
"""

import asyncio
import email.utils
import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SLOW
from tests.synthesize.answers import prose
from tests.synthesize.asking import log_lines, requests_of, states, synthesize, topic_names, write_config
from tests.synthesize.misbehaving import Asked, Reply, Server

ONE = [{"name": "w-a", "model": "a"}]
USAGE = {"prompt_tokens": 1000, "completion_tokens": 1000}


async def good(asked: Asked, reply: Reply) -> None:
    """Answers as asked."""
    await reply.chat(prose(asked.key, asked.key.topic), usage=USAGE)


class Later:
    """Answers the third request with `Retry-After`, and all others well."""

    def __init__(self, status: int, seconds: float, dated: bool) -> None:
        self.status, self.seconds, self.dated = status, seconds, dated
        self.asked = 0
        self.said = 0.0
        self.until = 0.0

    async def __call__(self, asked: Asked, reply: Reply) -> None:
        self.asked += 1
        if self.asked != 3:
            await asyncio.sleep(0.05)
            return await good(asked, reply)
        now = time.time()
        end = float(int(now + self.seconds) + 1) if self.dated else now + self.seconds
        value = email.utils.formatdate(end, usegmt=True) if self.dated else str(int(self.seconds))
        await reply.send(b"{}", self.status, Retry_After=value)
        self.said = time.monotonic()
        self.until = self.said + end - time.time()
        return None


@pytest.mark.parametrize(("status", "dated"), [(429, True), (503, False)])
def test_all_requests_wait_as_long_as_the_server_says(status: int, dated: bool, tmp_path: Path) -> None:
    script = Later(status, 3, dated)
    with Server(script) as server:
        config = write_config(tmp_path, server.address, 30, writers=ONE, writer={"in_flight": 4})
        done = synthesize(config)
    assert done.returncode == 0, done.stderr
    assert states(tmp_path / "out") == {"kept": 30}
    after = [asked.when for asked in server.asked if asked.when > script.said + 0.5]
    assert len(after) >= 20, "the others did not wait"
    assert min(after) >= script.until - 0.1
    assert min(after) <= script.until + 20


def test_writers_of_one_server_wait_together(tmp_path: Path) -> None:
    """`Retry-After` is obeyed by all requests to the server, whichever model they are for."""
    script = Later(429, 3, dated=False)
    with Server(script) as server:
        writers = [{"name": f"w-{model}", "model": model} for model in "ab"]
        config = write_config(tmp_path, server.address, 40, writers=writers, writer={"in_flight": 2})
        done = synthesize(config)
    assert done.returncode == 0, done.stderr
    after = [asked.when for asked in server.asked if asked.when > script.said + 0.5]
    assert min(after) >= script.until - 0.1


def test_a_wait_of_a_day_holds_nobody(tmp_path: Path) -> None:
    """A wait beyond `patience` fails its request, and does not keep the others waiting."""

    async def script(asked: Asked, reply: Reply) -> None:
        if asked.key.topic.endswith("3疾患"):
            await reply.send(b"{}", 429, Retry_After="86400")
        else:
            await good(asked, reply)

    with Server(script) as server:
        config = write_config(tmp_path, server.address, 20, writers=ONE, most_failed=0.2, writer={"patience": 5.0})
        done = synthesize(config)
    assert done.returncode == 0, done.stderr
    assert states(tmp_path / "out") == {"kept": 18, "failed status_429": 2}


ODD = [
    "-5",
    "nan",
    "inf",
    "1e3",
    "soon",
    "",
    "9" * 400,
    "Wed, 21 Oct 2015 07:28:00 GMT",
    "0",
    "0.5",
    "Fri, 31 Dec 9999 23:59:59 GMT",
]


def test_odd_retry_after_neither_breaks_nor_holds_a_run(tmp_path: Path) -> None:
    """A server each, all asked in one run; a wait longer than `patience` is a failure, any other ends with the answer."""

    def script(value: str) -> Any:
        times: list[int] = []

        async def answer(asked: Asked, reply: Reply) -> None:
            times.append(1)
            if len(times) == 1:
                await reply.send(b"{}", 429, Retry_After=value)
            else:
                await good(asked, reply)

        return answer

    with ExitStack() as stack:
        servers = [stack.enter_context(Server(script(value))) for value in ODD]
        writers = [{"name": f"w-{n}", "model": "m", "address": server.address} for n, server in enumerate(servers)]
        config = write_config(
            tmp_path, "", 1, writers=writers, writer={"patience": 4.0, "timeout": 20.0}, most_failed=1.0
        )
        start = time.monotonic()
        done = synthesize(config)
        seconds = time.monotonic() - start
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    ends = {ODD[int(line["writer"][2:])]: state for state, line in requests_of(tmp_path / "out")}
    assert len(ends) == len(ODD)
    kept = {value for value, state in ends.items() if state == "kept"}
    assert kept >= {"-5", "nan", "soon", "", "Wed, 21 Oct 2015 07:28:00 GMT", "0", "0.5"}
    assert {state for state in ends.values() if state != "kept"} <= {"failed status_429"}
    assert seconds < 120


@pytest.mark.parametrize(
    "spoil",
    [
        "garbage",
        "negative usage",
        *(pytest.param(how, marks=SLOW) for how in ("nothing", "no usage", "no number usage")),
    ],
)
def test_the_spending_limit_is_never_passed(spoil: str, tmp_path: Path) -> None:
    """The server counts the money; an attempt with an unusable answer costs what the server made of it."""
    price_in, price_out, limit = 10.0, 20.0, 0.5
    cost = (USAGE["prompt_tokens"] * price_in + USAGE["completion_tokens"] * price_out) / 1e6
    spent = 0.0
    number = 0

    async def script(asked: Asked, reply: Reply) -> None:
        nonlocal spent, number
        await asyncio.sleep(0.02)
        number += 1
        spent += cost
        text = prose(asked.key, asked.key.topic, 1100)[:1000]
        if spoil == "garbage" and number % 3 == 0:
            await reply.send(b"garbage")
        elif spoil == "no usage":
            await reply.chat(text)
        elif spoil == "negative usage":
            await reply.chat(text, usage={"prompt_tokens": -(10**9), "completion_tokens": -(10**9)})
        elif spoil == "no number usage":
            await reply.chat(text, usage={"prompt_tokens": float("nan"), "completion_tokens": float("-inf")})
        else:
            await reply.chat(text, usage=USAGE)

    with Server(script) as server:
        writer = {"price_in": price_in, "price_out": price_out, "max_tokens": 1000, "in_flight": 16}
        config = write_config(tmp_path, server.address, 40, writers=ONE, spending_limit=limit, writer=writer)
        long_prompt = (tmp_path / "textbook.txt").read_text() + "指示。" * 300
        (tmp_path / "textbook.txt").write_text(long_prompt)
        done = synthesize(config)
        assert done.returncode == 75, (done.returncode, done.stderr)
        assert not (tmp_path / "out").exists()
        assert spent <= limit + 1e-9
        assert spent >= limit / 3
        again = synthesize(config)
        assert again.returncode == 75
        assert spent <= limit + 1e-9, "a second start spends anew"
        logged = sum(line.get("cost", 0.0) for line in log_lines(tmp_path / "out-answers"))
        assert 0 < logged <= limit + 1e-9
        done = synthesize(config, "--set", "spending_limit=100")
    assert done.returncode == 0, done.stderr
    assert states(tmp_path / "out") == {"kept": 40}


def test_the_spending_limit_holds_where_a_character_is_three_tokens(tmp_path: Path) -> None:
    """Tokenizers with byte fallback make a token of each byte of a kanji that they do not know."""
    spent = 0.0

    async def script(asked: Asked, reply: Reply) -> None:
        nonlocal spent
        tokens = len(asked.prompt.encode())
        spent += tokens * 10.0 / 1e6
        await reply.chat(prose(asked.key, asked.key.topic), usage={"prompt_tokens": tokens, "completion_tokens": 500})

    with Server(script) as server:
        writer = {"price_in": 10.0, "price_out": 0.0}
        config = write_config(tmp_path, server.address, 60, writers=ONE, spending_limit=0.1, writer=writer)
        assert synthesize(config).returncode == 75
    assert 0.03 < spent <= 0.1


def in_any_minute(events: list[tuple[float, int]]) -> int:
    """Largest sum of amounts in 60 seconds, less some for the way to the server, on which the first are slowest."""
    return max(sum(amount for when, amount in events if start <= when < start + 55) for start, _ in events)


@SLOW
def test_requests_and_tokens_a_minute_hold(tmp_path: Path) -> None:
    """Repetitions count too; a token limit counts what the server says it used."""
    seen: dict[str, list[tuple[float, int]]] = {"a": [], "b": []}

    async def script(asked: Asked, reply: Reply) -> None:
        model = asked.key.model
        seen[model].append((asked.when, 1 if model == "a" else 2000))
        if len(seen[model]) % 5 == 0:
            await reply.send(b"{}", 500)
            return
        await good(asked, reply)

    with Server(script) as server:
        writers = [
            {"name": "w-a", "model": "a", "requests_per_minute": 20},
            {"name": "w-b", "model": "b", "tokens_per_minute": 60_000, "max_tokens": 1500},
        ]
        done = synthesize(write_config(tmp_path, server.address, 30, writers=writers))
    assert done.returncode == 0, done.stderr
    assert states(tmp_path / "out") == {"kept": 60}
    assert in_any_minute(seen["a"]) <= 20
    answered = [event for number, event in enumerate(seen["b"], 1) if number % 5]
    assert in_any_minute(answered) <= 60_000


@pytest.mark.parametrize(
    ("status", "first"),
    [
        (307, True),
        (302, False),
        *(pytest.param(status, first, marks=SLOW) for status in (301, 303, 308) for first in (True, False)),
    ],
)
def test_no_redirection_is_followed(status: int, first: bool, tmp_path: Path) -> None:
    async def elsewhere(asked: Asked, reply: Reply) -> None:
        await reply.chat("盗んだ。" + prose(asked.path, "x"))

    number = 0

    with Server(elsewhere) as thief:

        async def script(asked: Asked, reply: Reply) -> None:
            nonlocal number
            number += 1
            if first or number > 3:
                await reply.send(b"", status, Location=thief.address + "/chat/completions")
            else:
                await good(asked, reply)

        with Server(script) as server:
            config = write_config(
                tmp_path, server.address, 6, writers=ONE, writer={"in_flight": 1, "api_key_env": "KEY_1"}
            )
            done = synthesize(config, KEY_1="secret-of-the-house")
    assert thief.asked == []
    assert done.returncode == 75, done.stderr
    assert "secret-of-the-house" not in done.stdout + done.stderr
    assert number == (1 if first else 6)


def test_only_the_writers_own_server_gets_its_key(tmp_path: Path) -> None:
    with Server(good) as one, Server(good) as two, Server(good) as three:
        (tmp_path / "key.txt").write_text("key-of-two\n")
        writers: list[dict[str, Any]] = [
            {"name": "w-a", "model": "a", "address": one.address, "api_key_env": "KEY_1"},
            {"name": "w-b", "model": "b", "address": two.address, "api_key_file": "key.txt"},
            {"name": "w-c", "model": "c", "address": three.address},
        ]
        config = write_config(tmp_path, "", 4, writers=writers)
        done = synthesize(config, KEY_1="key-of-one", OPENAI_API_KEY="key-of-none", NETRC=str(tmp_path / "netrc"))
    assert done.returncode == 0, done.stderr
    keys = [{asked.headers.get("authorization") for asked in server.asked} for server in (one, two, three)]
    assert keys == [{"Bearer key-of-one"}, {"Bearer key-of-two"}, {None}]
    assert json.loads((tmp_path / "out/summary.json").read_text())["kept"] == 12
    assert topic_names(4)[0] in (tmp_path / "out-answers/log.jsonl").read_text()
