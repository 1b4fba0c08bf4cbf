"""A writer behind an OpenAI-compatible address: httpx, many requests in flight, tenacity for repetitions."""

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx2
import tenacity

from ncvc.synthesize.attempt import AttemptError, Reply, error_of_status, key_of, parse_reply, short, wait_before
from ncvc.synthesize.config import WriterConfig
from ncvc.synthesize.limits import RateLimit, Spending, estimated_tokens
from ncvc.synthesize.plan import Request
from ncvc.synthesize.record import Record
from ncvc.synthesize.structured import SCHEMAS

FATAL = frozenset({301, 302, 303, 307, 308, 401, 402, 404, 405})
"""Statuses that say, before any request was answered, that none will be."""
NO_SCHEMA = frozenset({400, 415, 422, 501})
"""Statuses by which servers refuse a schema that they do not know."""
CONNECT_TIMEOUT = 30.0


class _SpentError(Exception):
    """The spending limit allows no more requests to this writer."""


class ServerWriter:
    """See `Writer`."""

    def __init__(self, config: WriterConfig, folder: Path, spending: Spending) -> None:
        """Reads the key; raises `ConfigError` where there is none. `folder`: of the config's paths."""
        self.config = config
        self.stopped: str | None = None
        self._key = key_of(config, folder)
        self._spending = spending
        self._limit = RateLimit(config.requests_per_minute, config.tokens_per_minute)
        self._structured = config.structured != "off"
        self._answered = False
        self._failures = 0
        self._url = f"{config.address}/chat/completions"

    async def __aenter__(self) -> Self:
        config = self.config
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        self._client = httpx2.AsyncClient(
            headers=headers,
            timeout=httpx2.Timeout(None, connect=min(CONNECT_TIMEOUT, config.timeout)),
            limits=httpx2.Limits(max_connections=config.in_flight, max_keepalive_connections=config.in_flight),
        )
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def run(self, requests: Iterator[Request], take: Callable[[Record], None]) -> None:
        """As `Writer.run` says."""

        async def work() -> None:
            while not self.stopped and (request := next(requests, None)) is not None:
                record = await self._ask(request)
                if record is not None:
                    take(record)

        async with asyncio.TaskGroup() as group:
            for _ in range(self.config.in_flight):
                group.create_task(work())

    async def _ask(self, request: Request) -> Record | None:
        """Asks until there is an answer or no attempt is left; None where the writer stopped meanwhile."""
        asked = _Asked(request, self.config)
        started = time.monotonic()
        try:
            reply = await self._repeated(asked)
        except AttemptError as error:
            return self._failed(asked, error, time.monotonic() - started)
        except _SpentError:
            assert self._spending.limit is not None
            self.stopped = (
                f"the spending limit of {self._spending.limit:g} is reached: {self._spending.spent:.6g} was spent, and"
                " the next request might exceed it"
            )
            if not asked.tried:
                return None
            return self._failed(asked, AttemptError("spending_limit"), time.monotonic() - started)
        self._answered = True
        self._failures = 0
        return Record(
            id=request.id,
            state="answered",
            text=reply.text,
            finish=reply.finish,
            prompt_tokens=reply.prompt_tokens,
            answer_tokens=reply.answer_tokens,
            attempts=asked.tried,
            cost=asked.cost,
            seconds=round(time.monotonic() - started, 3),
        )

    async def _repeated(self, asked: "_Asked") -> Reply:
        """Attempts a request until there is an answer; raises the last `AttemptError` where attempts run out."""
        try:
            return await self._attempt(asked)  # most need no more, and none of tenacity's time
        except AttemptError as error:
            if not error.may_repeat:
                raise

        async def again() -> Reply:
            # The attempt above is the first of tenacity's too, so that its counts and waits are of all.
            if asked.last is not None and not asked.resumed:
                asked.resumed = True
                raise asked.last
            return await self._attempt(asked)

        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, AttemptError) and error.may_repeat),
            stop=lambda state: self._gives_up(asked, state),
            wait=lambda state: wait_before(asked.last, asked.tried, self.config.backoff),
            reraise=True,
        )
        reply: Reply = await retrying(again)
        return reply

    async def _attempt(self, asked: "_Asked") -> Reply:
        """Sends a request once; raises `AttemptError` where that gives no answer."""
        config = self.config
        reserved = await self._spending.reserve(config, asked.estimated)
        if reserved is None:
            raise _SpentError
        cost = 0.0
        try:
            entry = await self._limit.enter(asked.estimated + config.max_tokens)
            structured = self._structured and asked.schema is not None and not asked.without_schema
            asked.tried += 1
            try:
                reply = await self._post(asked, asked.body(structured=structured))
            except AttemptError as error:
                cost = reserved if error.is_billed else 0.0
                if not error.is_billed:
                    self._limit.correct(entry, asked.estimated)
                self._judge(asked, error, structured=structured)
                raise
            if asked.without_schema:
                self._structured = False
            self._limit.correct(entry, reply.prompt_tokens + reply.answer_tokens)
            cost = config.cost(reply.prompt_tokens, reply.answer_tokens)
            return reply
        finally:
            asked.cost += cost
            self._spending.settle(reserved, cost)

    async def _post(self, asked: "_Asked", body: bytes) -> Reply:
        """Sends a body and reads the answer, within the limits of time and size."""
        sent = False
        try:
            async with asyncio.timeout(self.config.timeout):
                async with self._client.stream("POST", self._url, content=body) as response:
                    sent = response.status_code == 200
                    content = await self._read(response)
        except TimeoutError:
            raise AttemptError("timeout", f"no whole answer in {self.config.timeout:g} s", is_billed=True) from None
        except httpx2.ConnectError as error:
            raise AttemptError("no_connection", short(self._clean(str(error)))) from None
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, OSError, ValueError) as error:
            detail = short(self._clean(str(error) or type(error).__name__))
            raise AttemptError("cut_off" if sent else "no_answer", detail, is_billed=sent) from None
        if response.status_code != 200:
            raise error_of_status(response.status_code, response.headers.get("retry-after"), content, self._clean)
        return parse_reply(content, asked.estimated, self._clean)

    async def _read(self, response: httpx2.Response) -> bytes:
        content = bytearray()
        is_plain = "content-encoding" not in response.headers
        async for chunk in response.aiter_raw() if is_plain else response.aiter_bytes():
            content += chunk
            if len(content) > self.config.largest_answer:
                raise AttemptError("too_large", f"more than {self.config.largest_answer} bytes", is_billed=True)
        return bytes(content)

    def _judge(self, asked: "_Asked", error: AttemptError, *, structured: bool) -> None:
        """Notes what a failed attempt says of the server."""
        asked.last = error
        if structured and self.config.structured == "auto" and error.status in NO_SCHEMA and not asked.without_schema:
            asked.without_schema = error.may_repeat = True
            error.counts, error.retry_after = False, 0.0
        elif error.retry_after is not None and error.retry_after <= self.config.patience:
            self._limit.pause(error.retry_after)
        asked.counted += error.counts

    def _gives_up(self, asked: "_Asked", state: tenacity.RetryCallState) -> bool:
        waited = state.idle_for + state.upcoming_sleep
        # The last bound is for servers that refuse without end and ask for no wait.
        spent = asked.counted >= self.config.attempts or asked.tried >= 100 * self.config.attempts
        return spent or waited > self.config.patience or bool(self.stopped)

    def _failed(self, asked: "_Asked", error: AttemptError, seconds: float) -> Record:
        """Makes the record of a failure; stops the writer where no further request will be answered."""
        self._failures += 1
        said = f"{error.reason}{': ' if error.detail else ''}{error.detail}"
        if not self._answered and error.status in FATAL:
            self.stopped = (
                f"the writer {self.config.name!r} at {self._url} answers {said}; check address, model and key"
            )
        elif self._failures >= self.config.failures_in_a_row:
            self.stopped = (
                f"{self._failures} requests to the writer {self.config.name!r} at {self._url} failed one after another,"
                f" the last with {said}"
            )
        return Record(
            id=asked.request.id,
            state="failed",
            reason=error.reason,
            detail=error.detail,
            attempts=asked.tried,
            cost=asked.cost,
            seconds=round(seconds, 3),
        )

    def _clean(self, text: str) -> str:
        """Returns a text without the key, whatever the server makes of it, and as UTF-8 can hold it."""
        if self._key:
            text = re.sub(re.escape(self._key), "[API key]", text, flags=re.IGNORECASE)
        return text.encode("utf-8", "replace").decode("utf-8")


class _Asked:
    """A request, and what became of its attempts."""

    def __init__(self, request: Request, config: WriterConfig) -> None:
        self.request = request
        self.schema = SCHEMAS.get(request.task.kind)
        messages = request.messages()
        self.estimated = estimated_tokens(messages)
        self._asked: dict[str, Any] = {
            "model": config.model,
            "messages": messages,
            "max_tokens": config.max_tokens,
            "temperature": config.temperature,
            "top_p": config.top_p,
            "seed": request.seed,
        }
        self.without_schema = False
        self.tried = 0
        self.counted = 0
        """Attempts that count against the limit."""
        self.cost = 0.0
        self.last: AttemptError | None = None
        self.resumed = False
        """True once tenacity knows of the first attempt."""

    def body(self, *, structured: bool) -> bytes:
        """Returns the JSON to send."""
        asked = self._asked
        if structured:
            schema = {"name": self.request.task.kind, "strict": True, "schema": self.schema}
            asked = asked | {"response_format": {"type": "json_schema", "json_schema": schema}}
        return json.dumps(asked, ensure_ascii=False).encode()
