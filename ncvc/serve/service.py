"""All that the endpoints share: the model, the line of requests, the counters."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import Request

from ncvc.engines.base import Engine
from ncvc.errors import PromptError
from ncvc.hf.chat import ChatFormat
from ncvc.hf.row import Row, Sampling
from ncvc.hf.tokenizer import prompt_ids
from ncvc.serve.errors import GONE, ApiError
from ncvc.serve.listen import Listener
from ncvc.serve.metrics import Metrics
from ncvc.serve.requests import GenerationRequest
from ncvc.serve.worker import Job, QueueFullError, Worker

Result = TypeVar("Result")

_UNLIMITED = 2**20
"""Tokens of the longest text of a model that has no limit."""
DEFAULT_MAX_TOKENS = 16
"""OpenAI's number for completions."""


@dataclass
class Service:
    """A model that is served under one name."""

    name: str
    engine: Engine
    worker: Worker
    chat: ChatFormat | None
    """None for a base model."""
    metrics: Metrics
    names: frozenset[str] = frozenset()
    """Other names that requests may give the model."""
    logs_text: bool = False
    """True if prompts and answers are written into the log, which the page says."""

    def __post_init__(self) -> None:
        # One thread: tokenizers of transformers are not safe to share, and prompts keep their order.
        self._encoder = ThreadPoolExecutor(1, thread_name_prefix="encoder")
        self.started = int(time.time())

    @property
    def longest(self) -> int:
        """Length of the longest text in tokens."""
        return self.engine.max_tokens or _UNLIMITED

    def require_model(self, name: str | None) -> None:
        """Raises `ApiError` with status 404 for the name of another model."""
        if name is not None and name != self.name and name not in self.names:
            raise ApiError(404, f"model: this server has {self.name} alone", param="model", code="model_not_found")

    async def encode(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Calls a function that encodes or decodes text, beside the event loop; a `PromptError` becomes status 400."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._encoder, function, *arguments)
        except PromptError as error:
            code = "context_length_exceeded" if "the model holds" in str(error) else None
            raise ApiError(400, str(error), code=code) from None

    def ids(self, prompt: str | Sequence[int]) -> list[int]:
        """Ids of a prompt: of text from its beginning, ids as they are; raises `PromptError`."""
        if isinstance(prompt, str):
            return prompt_ids(self.engine.tokenizer, prompt, None)
        if max(prompt) >= self.engine.vocab_size:
            raise PromptError(f"id {max(prompt)}: the model has the ids 0 to {self.engine.vocab_size - 1}")
        return list(prompt)

    def row(self, ids: Sequence[int], sampling: Sampling) -> Row:
        """A row for the engine."""
        return Row(self.engine.tokenizer, ids, sampling, max_tokens=self.engine.max_tokens)

    def room(self, ids: Sequence[int], asked: int | None, default: int | None) -> int:
        """Tokens that may be made after a prompt; raises `ApiError` with status 400 where they are too many."""
        room = self.longest - len(ids)
        if room < (1 if asked is None else min(asked, 1)):
            raise ApiError(
                400,
                f"the prompt has {len(ids)} tokens; the model holds {self.longest}: shorten it",
                code="context_length_exceeded",
            )
        if asked is not None and asked > room:
            raise ApiError(
                400,
                f"max_tokens: {asked} after a prompt of {len(ids)} tokens; the model holds {self.longest}, so at most"
                f" {room}",
                param="max_tokens",
                code="context_length_exceeded",
            )
        return asked if asked is not None else min(room, default or room)

    def sampling(
        self,
        request: GenerationRequest,
        place: int,
        seed: int,
        max_tokens: int,
        stops: tuple[str, ...],
        **rest: int | None,
    ) -> Sampling:
        """The sampling of a request's prompt at a place; OpenAI's defaults where it says nothing."""
        return Sampling(
            max_new_tokens=max_tokens,
            temperature=1.0 if request.temperature is None else request.temperature,
            top_p=1.0 if request.top_p is None else request.top_p,
            seed=(seed + place) % 2**63,
            stop=stops,
            **rest,
        )

    def submit(self, job: Job) -> None:
        """Puts a job in line; raises `ApiError` with status 429 where too many wait, 503 where the engine has ended."""
        if not self.worker.is_alive:
            raise ApiError(503, "the engine has ended; restart the server")
        try:
            self.worker.submit(job)
        except QueueFullError:
            raise ApiError(
                429, "too many requests wait already; try again in a moment", code="rate_limit_exceeded"
            ) from None

    @asynccontextmanager
    async def running(self, job: Job) -> AsyncIterator[None]:
        """Ends the job when nobody waits for it any more."""
        try:
            yield
        finally:
            if not job.done:
                self.worker.cancel(job)

    async def result(self, request: Request, job: Job, listener: Listener) -> None:
        """Waits until a job is done; raises `ApiError` where it failed. The job ends with the client's connection."""

        async def wait() -> None:
            async for _ in listener.deltas():
                pass

        async with self.running(job):
            tasks = [asyncio.create_task(wait()), asyncio.create_task(_disconnected(request))]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                if not tasks[0].done():
                    raise ApiError(GONE, "the client has gone")
            finally:
                for task in tasks:
                    task.cancel()
        require_success(job)


def require_success(job: Job) -> None:
    """Raises `ApiError` with status 500 for a job that failed."""
    if job.failed:
        raise ApiError(500, f"the engine failed: {job.failed.reason}")


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
