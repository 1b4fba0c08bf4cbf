"""Limits of requests and tokens in every 60 seconds, of spending, and waits as a server asks for."""

import asyncio
import json
import random
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from ncvc.synthesize.attempt import AttemptError, parse_reply, seconds_of, wait_before
from ncvc.synthesize.config import WriterConfig
from ncvc.synthesize.limits import RateLimit, Spending


class Clock:
    """A clock that sleeping advances."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0

        async def sleep(seconds: float) -> None:
            self.now += max(seconds, 1e-6)

        monkeypatch.setattr("ncvc.synthesize.limits.asyncio.sleep", sleep)

    def __call__(self) -> float:
        return self.now


def most_in_a_minute(sent: list[tuple[float, float]]) -> float:
    return max(sum(size for other, size in sent if at <= other < at + 60) for at, _ in sent)


async def send(limit: RateLimit, clock: Clock, sizes: list[int]) -> list[tuple[float, float]]:
    sent = []
    for size in sizes:
        await limit.enter(size)
        sent.append((clock.now, float(size)))
        clock.now += random.Random(size).random() / 10
    return sent


def test_no_minute_has_more_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    sent = asyncio.run(send(RateLimit(30, None, clock), clock, [1] * 200))
    assert most_in_a_minute(sent) == 30
    assert 360 < clock.now < 480


def test_no_minute_has_more_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    sizes = [random.Random(i).randrange(100, 900) for i in range(100)]
    sent = asyncio.run(send(RateLimit(None, 3000, clock), clock, sizes))
    assert 2000 < most_in_a_minute(sent) <= 3000


def test_shorter_answers_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    async def two() -> None:
        limit = RateLimit(None, 1000, clock)
        limit.correct(await limit.enter(1000), 100)
        await limit.enter(900)

    clock = Clock(monkeypatch)
    asyncio.run(two())
    assert clock.now < 1


def test_a_pause_holds_all(monkeypatch: pytest.MonkeyPatch) -> None:
    async def paused() -> None:
        limit = RateLimit(None, None, clock)
        limit.pause(7)
        await limit.enter(1)

    clock = Clock(monkeypatch)
    asyncio.run(paused())
    assert clock.now == pytest.approx(7)


def test_spending_waits_for_what_is_under_way() -> None:
    priced = WriterConfig.model_validate(
        {"name": "a", "address": "http://h/v1", "model": "m", "max_tokens": 1000, "price_out": 1000.0}
    )

    async def spend() -> list[Any]:
        spending = Spending(2.5, 0.0)
        first = [await spending.reserve(priced, 0) for _ in range(2)]
        third = asyncio.create_task(spending.reserve(priced, 0))
        await asyncio.sleep(0)
        assert not third.done()
        spending.settle(1.0, 0.25)
        found = await third
        for _ in range(2):
            spending.settle(1.0, 1.0)
        return [*first, found, await spending.reserve(priced, 0), spending.spent]

    waiting: Awaitable[list[Any]] = spend()
    assert asyncio.run(waiting) == [1.0, 1.0, 1.0, None, 2.25]  # type: ignore[arg-type]


def test_retry_after_is_seconds_or_a_date() -> None:
    assert [seconds_of(text) for text in ("0", "1.5", "-3", "soon", "nan", "inf", None)] == [0, 1.5, 0, *[None] * 4]
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert seconds_of(later) == pytest.approx(90, abs=5)
    assert seconds_of("Sun, 06 Nov 1994 08:49:37 GMT") == 0
    odd = ("", ",", "Sun, 99 Nov 99999 99:99:99 GMT", "Sun, 06 Nov 1994 08:49:37 +999999999", "1e999", "\0")
    assert [seconds_of(text) for text in odd] == [None] * 6


def test_waits_double_up_to_a_minute_and_are_spread() -> None:
    for tried, longest in ((1, 2.0), (2, 4.0), (3, 8.0), (50, 60.0)):
        waits = [wait_before(None, tried, 2.0) for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest
    assert 5 <= wait_before(AttemptError("status_429", retry_after=5.0), 1, 1.0) <= 5.1


@pytest.mark.parametrize("usage", [None, 5, {"prompt_tokens": -1}, {"completion_tokens": True}, {"prompt_tokens": 1e3}])
def test_odd_usage_is_estimated(usage: Any) -> None:
    body = {"choices": [{"message": {"content": "四文字だ"}, "finish_reason": None}], "usage": usage}
    found = parse_reply(json.dumps(body).encode(), 77, str)
    assert (found.prompt_tokens, found.answer_tokens, found.finish) == (77, 4, "stop")
