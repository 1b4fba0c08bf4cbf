"""Interface of the executors.

A stage is called once for each item, reads and writes files only, and does nothing for an item that is done already.
So a call that was lost can be repeated anywhere that sees the same disk.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from ncvc.progress import Progress, ProgressCallback

MAX_THREADS_PER_CALL = 8
"""Threads that one reader can feed; of more, several calls run at a time."""

type Stage[T] = Callable[[T, ProgressCallback | None], None]


class Executor(ABC):
    """Runs stages."""

    IS_CLUSTER: ClassVar[bool] = False
    """True if calls run on other machines too."""

    def __init__(self, threads: int = 0) -> None:
        self.threads = threads or len(os.sched_getaffinity(0))
        """Threads of one machine."""
        self.threads_per_call = min(self.threads, MAX_THREADS_PER_CALL)
        """Threads that a stage with threads of its own should use in one call."""

    @abstractmethod
    def run[T](self, stage: Stage[T], items: Sequence[T], progress: Progress, *, threads_per_call: int = 1) -> None:
        """Calls `stage` for every item and returns when all calls have; closes `progress`.

        `threads_per_call` are the threads that one call uses. The first exception of a call ends the others and is
        raised.
        """

    @abstractmethod
    def run_python[T](self, stage: Stage[T], items: Sequence[T], progress: Progress) -> None:
        """Does the same as `run` for a stage that holds the GIL: calls run in processes of their own.

        Raises `NcvcError` if such a process is killed. `stage` and the items must be picklable.
        """
