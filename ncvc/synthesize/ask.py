"""Asks all writers at once for the answers that the log lacks."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from ncvc.progress import Reporter
from ncvc.synthesize.config import WriterConfig
from ncvc.synthesize.limits import Spending
from ncvc.synthesize.log import AnswerLog
from ncvc.synthesize.plan import Plan, Request
from ncvc.synthesize.record import Record

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
    for config in plan.config.writers:
        if config.name in needed:
            writers.append(_open(config, plan.folder, spending))
    return writers


def _open(config: WriterConfig, folder: Path, spending: Spending) -> Writer:
    if config.is_server:
        from ncvc.synthesize.server import ServerWriter

        return ServerWriter(config, folder, spending)
    from ncvc.synthesize.folder import FolderWriter

    return FolderWriter(config, folder)


def ask_all(plan: Plan, log: AnswerLog, reporter: Reporter) -> list[str]:
    """Appends a record for each request that has no answer; returns why writers stopped before the end.

    Raises an `NcvcError`: of the log, of a prompt, of a model folder.
    """
    missing = [request for request in plan.requests if request.id not in log]
    if not missing:
        return []
    spending = Spending(plan.config.spending_limit, log.spent)
    writers = open_writers(plan, spending, {request.writer for request in missing})
    try:
        asyncio.run(_ask(writers, missing, log, spending, reporter))
    except BaseExceptionGroup as group:
        raise _first(group) from None
    return [writer.stopped for writer in writers if writer.stopped]


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
