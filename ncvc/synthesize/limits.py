"""Limits of a writer: requests and tokens a minute, pauses that a server asks for, and the spending of all."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ncvc.synthesize.config import WriterConfig

WINDOW = 60.0
"""Seconds in which a limit holds; it holds in every stretch of that length."""


@dataclass(slots=True)
class Sent:
    """A request that was sent."""

    time: float
    tokens: float
    counts: bool = True
    """False once it is older than the window."""


class RateLimit:
    """Requests and tokens of the last 60 seconds. Requests are let through in the order in which they ask."""

    def __init__(self, requests: int | None, tokens: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._requests = requests
        self._tokens = tokens
        self._clock = clock
        self._sent: deque[Sent] = deque()
        self._used = 0.0
        self._turn = asyncio.Lock()
        self._paused_until = 0.0

    def pause(self, seconds: float) -> None:
        """Lets nothing through for a time that a server asks for."""
        self._paused_until = max(self._paused_until, self._clock() + seconds)

    async def enter(self, tokens: int) -> Sent:
        """Waits until a request of at most so many tokens may be sent; returns its entry, for `correct`."""
        if self._requests is None and self._tokens is None and self._paused_until <= self._clock():
            return Sent(0.0, 0.0, counts=False)
        async with self._turn:
            while (wait := self._wait(tokens)) > 0:
                await asyncio.sleep(wait)
            entry = Sent(self._clock(), float(tokens))
            self._sent.append(entry)
            self._used += tokens
            return entry

    def correct(self, entry: Sent, tokens: int) -> None:
        """Replaces a request's tokens by those that it took."""
        if entry.counts:
            self._used += tokens - entry.tokens
            entry.tokens = float(tokens)

    def _wait(self, tokens: int) -> float:
        """Seconds to wait before looking again; 0 if a request may be sent now."""
        now = self._clock()
        # The very sums of `oldest` below: a difference of one rounding would let a request through.
        while self._sent and self._sent[0].time + WINDOW <= now:
            left = self._sent.popleft()
            left.counts = False
            self._used -= left.tokens
        wait = self._paused_until - now
        oldest = self._sent[0].time + WINDOW - now if self._sent else 0.0
        if self._requests is not None and len(self._sent) >= self._requests:
            wait = max(wait, oldest)
        if self._tokens is not None and self._sent and self._used + tokens > self._tokens:
            # Answers that were shorter than they might have been make room before the oldest leaves.
            wait = max(wait, min(oldest, 0.2))
        return wait


class Spending:
    """Amount that requests have cost and may still cost."""

    def __init__(self, limit: float | None, spent: float) -> None:
        self.limit = limit
        self.spent = spent
        self._reserved = 0.0
        self._under_way = 0
        self._settled = asyncio.Event()

    async def reserve(self, writer: WriterConfig, prompt_tokens: int) -> float | None:
        """Sets aside what an attempt costs at the most; None if the limit does not allow it.

        Waits for requests under way, which may turn out cheaper.
        """
        amount = writer.cost(prompt_tokens, writer.max_tokens)
        while amount and self.limit is not None and self.spent + self._reserved + amount > self.limit * (1 + 1e-9):
            if not self._under_way:
                return None
            await self._settled.wait()
        self._reserved += amount
        self._under_way += bool(amount)
        return amount

    def settle(self, reserved: float, cost: float) -> None:
        """Replaces what was set aside by what was spent."""
        self._reserved -= reserved
        self._under_way -= bool(reserved)
        if not self._under_way:
            self._reserved = 0.0  # sums of floats leave rests
        self.spent += cost
        self._settled.set()
        self._settled = asyncio.Event()


def estimated_tokens(messages: list[dict[str, str]]) -> int:
    """Estimates the tokens of a prompt, rather high: one a character, and some around each message."""
    return sum(len(message["content"]) + 8 for message in messages)
