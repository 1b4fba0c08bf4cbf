"""The thread that owns the engine: requests wait in line, and their rows share the engine's batch."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ncvc.engines.base import Engine
from ncvc.errors import NcvcError
from ncvc.hf.row import Row
from ncvc.hf.tokenizer import one_line

Embeddings = list[list[float]]


class QueueFullError(Exception):
    """As many requests wait as may."""


@dataclass(frozen=True)
class Failed:
    """The engine failed; `reason` is one line without the text of any request."""

    reason: str


class Job:
    """The rows of one request, or the texts that it wants as vectors."""

    def __init__(
        self, rows: Sequence[Row], on_change: Callable[["Job"], None], *, texts: Sequence[Sequence[int]] = ()
    ) -> None:
        """`on_change` is called between two tokens by the worker's thread, which alone changes rows meanwhile."""
        self.rows = list(rows)
        self.texts = texts
        self.on_change = on_change
        self.embeddings: Embeddings | None = None
        self.failed: Failed | None = None
        self.cancelled = False

    @property
    def done(self) -> bool:
        """True once nothing is left to do."""
        if self.failed or self.cancelled:
            return True
        return self.embeddings is not None if self.texts else all(row.finish for row in self.rows)


class Worker:
    """Runs jobs in the order in which they came; rows join the batch whenever a slot is free."""

    def __init__(self, engine: Engine, queue_size: int) -> None:
        """`queue_size`: requests that may wait, besides those under way."""
        self._engine = engine
        self._queue_size = queue_size
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Job, Row | None]] = deque()
        self._active: list[Job] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def close(self) -> None:
        """Ends the thread after its present step."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    @property
    def is_alive(self) -> bool:
        """True while jobs are worked on."""
        return self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """The number of jobs none of whose work has begun."""
        with self._changed:
            return len({id(job) for job, _ in self._waiting} - {id(job) for job in self._active})

    @property
    def under_way(self) -> int:
        """The number of rows in the batch."""
        return len(self._engine.rows)

    def submit(self, job: Job) -> None:
        """Puts a job in line; raises `QueueFullError`."""
        with self._changed:
            # Slots that are free now take a job at once, so that it never waits.
            busy = self.waiting + self.under_way
            if busy >= self._queue_size + self._engine.slots:
                raise QueueFullError
            self._waiting += [(job, row) for row in job.rows] or [(job, None)]
            self._changed.notify()

    def cancel(self, job: Job) -> None:
        """Ends a job for which nobody waits any more: its rows leave the batch before the next token."""
        with self._changed:
            job.cancelled = True
            for row in job.rows:
                row.cancel()
            self._waiting = deque(entry for entry in self._waiting if entry[0] is not job)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not (self._stopping or self._waiting or self._engine.rows):
                    self._changed.wait()
                if self._stopping:
                    return
                rows, job = self._take()
            try:
                if job:
                    job.embeddings = self._engine.embed(job.texts)
                if rows:
                    self._engine.join(rows)
                self._engine.step()
            except Exception as error:  # whatever an engine raises must not end the server
                self._fail(error)
            self._report()

    def _take(self) -> tuple[list[Row], Job | None]:
        """Takes from the line, in order, the rows that have a slot, or a job without rows."""
        rows: list[Row] = []
        free = self._engine.slots - len(self._engine.rows) if self._engine.is_open else 0
        while self._waiting:
            job, row = self._waiting[0]
            if row is None and rows:
                break
            if row is not None and len(rows) >= free:
                break
            self._waiting.popleft()
            if job not in self._active:
                self._active.append(job)
            if row is None:
                return [], job
            rows.append(row)
        return rows, None

    def _fail(self, error: Exception) -> None:
        reason = str(error) if isinstance(error, NcvcError) else f"{type(error).__name__}: {one_line(error)}"
        self._engine.reset()
        with self._changed:
            for job in self._active:
                if not job.done:
                    job.failed = Failed(reason)
            self._waiting = deque(entry for entry in self._waiting if not entry[0].failed)

    def _report(self) -> None:
        with self._changed:
            jobs = self._active
            self._active = [job for job in jobs if not job.done]
        for job in jobs:
            job.on_change(job)
