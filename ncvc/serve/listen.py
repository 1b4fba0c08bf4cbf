"""Carries what the worker's thread makes to the event loop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from ncvc.hf.row import Finish, TokenLogprob
from ncvc.serve.worker import Job


@dataclass(frozen=True)
class Delta:
    """Text and tokens that one row got since the last delta."""

    index: int
    """Place of the row in its job."""
    first: bool
    """True for the row's first one."""
    start: int
    """Characters that the row had before."""
    text: str
    ids: list[int]
    logprobs: list[TokenLogprob]
    finish: Finish | None


class Listener:
    """Hears of a job's changes in the worker's thread; tells them in the event loop."""

    def __init__(self, *, streams: bool) -> None:
        """`streams`: tells every token, not only the end."""
        self._streams = streams
        self._loop = asyncio.get_running_loop()
        self._deltas: asyncio.Queue[list[Delta] | None] = asyncio.Queue()
        self._sent: dict[int, tuple[int, int]] = {}
        """Row → the number of its characters and tokens that were told."""

    def __call__(self, job: Job) -> None:
        """Called by the worker's thread."""
        deltas = (
            [delta for index in range(len(job.rows)) if (delta := self._delta(job, index))] if self._streams else []
        )
        if deltas:
            self._put(deltas)
        if job.done:
            self._put(None)

    async def deltas(self) -> AsyncIterator[list[Delta]]:
        """Yields what came, until the job is done or failed."""
        while (deltas := await self._deltas.get()) is not None:
            yield deltas

    def _delta(self, job: Job, index: int) -> Delta | None:
        row = job.rows[index]
        characters, tokens = self._sent.get(index, (0, row.prompt_length))
        if len(row.ids) == tokens and not (row.finish and index not in self._sent):
            return None
        delta = Delta(
            index=index,
            first=index not in self._sent,
            start=characters,
            text=row.text[characters : row.shown],
            ids=row.ids[tokens:],
            logprobs=row.logprobs[tokens - row.prompt_length :],
            finish=row.finish,
        )
        self._sent[index] = (row.shown, len(row.ids))
        return delta

    def _put(self, deltas: list[Delta] | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody listens
            self._loop.call_soon_threadsafe(self._deltas.put_nowait, deltas)
