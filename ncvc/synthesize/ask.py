"""Asks all writers at once for the answers that the log lacks."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from types import TracebackType
from typing import Protocol, Self

from ncvc.errors import ConfigError, PromptError
from ncvc.progress import Reporter
from ncvc.synthesize.config import WriterConfig
from ncvc.synthesize.limits import Pause, Spending
from ncvc.synthesize.log import AnswerLog
from ncvc.synthesize.plan import Plan, Request
from ncvc.synthesize.record import Record
from ncvc.synthesize.topics import ARTICLE

SYNC_SECONDS = 1.0
"""Seconds after which what was written is synced."""


class Writer(Protocol):
    """A model that answers requests."""

    config: WriterConfig
    stopped: str | None
    """The reason why the writer answers no more; None while it does."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None: ...

    async def run(self, requests: Iterator[Request], take: Callable[[Record], None]) -> None:
        """Takes requests and hands out a record for each, until there are none or it has stopped."""


def open_writers(plan: Plan, spending: Spending, needed: set[str]) -> list[Writer]:
    """Checks keys and folders of the writers that have something to write; raises an `NcvcError`."""
    writers: list[Writer] = []
    pauses: defaultdict[tuple[str, int], Pause] = defaultdict(Pause)
    for config in plan.config.writers:
        if config.name not in needed:
            continue
        if config.is_server:
            from ncvc.synthesize.server import ServerWriter

            writers.append(ServerWriter(config, plan.folder, spending, pauses[config.server]))
        else:
            from ncvc.synthesize.folder import FolderWriter

            writers.append(FolderWriter(config, plan.folder))
    return writers


def ask_all(plan: Plan, log: AnswerLog, reporter: Reporter) -> list[str]:
    """Appends a record for each request that has no answer; returns why writers stopped before the end.

    Raises an `NcvcError`: of the log, of a prompt, of a model folder.
    """
    missing = [request for request in plan.requests if request.id not in log]
    if not missing:
        return []
    require_prompts(missing)
    spending = Spending(plan.config.spending_limit, log.spent)
    writers = open_writers(plan, spending, {request.writer for request in missing})
    try:
        asyncio.run(_ask(writers, missing, log, spending, reporter))
    except BaseExceptionGroup as group:
        raise _first(group) from None
    return [writer.stopped for writer in writers if writer.stopped]


def require_prompts(requests: Sequence[Request]) -> None:
    """Renders each request's messages as they are sent and as answers are compared with them.

    A prompt that fails on one topic has another version once it is mended, by which every answer before would be asked
    for again. Raises `ConfigError` with the topic.
    """
    for request in requests:
        try:
            for article in {True, request.topic.kind != ARTICLE}:
                with suppress(PromptError):  # of the topic: the request fails alone
                    request.messages(article=article)
        except ConfigError as error:
            name = request.topic.name
            raise ConfigError(f"{error}; it fails on {name[:60]!r}") from None


def _first(error: BaseException) -> BaseException:
    """Returns the first error in nested groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _ask(
    writers: Sequence[Writer], missing: Sequence[Request], log: AnswerLog, spending: Spending, reporter: Reporter
) -> None:
    progress = reporter.progress("synthesize")
    done = tokens = 0
    started = time.monotonic()

    def take(record: Record) -> None:
        nonlocal done, tokens
        log.append(record)
        done += 1
        tokens += record.answer_tokens
        rate = tokens / max(time.monotonic() - started, 1e-9)
        cost = f" · {spending.spent:.4g} spent" if spending.spent else ""
        progress.items(done, len(missing), f"{rate:,.0f} tokens/s{cost}")

    async def sync_often() -> None:
        while True:
            for _ in range(10):
                await asyncio.sleep(SYNC_SECONDS / 10)
                if log.needs_sync:
                    break
            await asyncio.to_thread(log.sync)

    async with AsyncExitStack() as stack:
        for writer in writers:
            await stack.enter_async_context(writer)
        async with asyncio.TaskGroup() as group:
            syncing = group.create_task(sync_often())
            async with asyncio.TaskGroup() as writing:
                for writer in writers:
                    writing.create_task(writer.run(_of(writer.config.name, missing), take))
            syncing.cancel()
    progress.close()


def _of(writer: str, requests: Sequence[Request]) -> Iterator[Request]:
    return (request for request in requests if request.writer == writer)
