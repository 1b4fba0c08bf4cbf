"""Runs stages on the threads of this machine."""

import multiprocessing
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, ThreadPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing

from ncvc.errors import NcvcError
from ncvc.executors.base import Executor, Stage
from ncvc.progress import Progress, ProgressCallback


class LocalExecutor(Executor):
    """Threads of this process; processes for what holds the GIL."""

    def run[T](self, stage: Stage[T], items: Sequence[T], progress: Progress, *, threads_per_call: int = 1) -> None:
        """Calls `stage` for as many items at a time as there are threads for."""
        total = _Total(progress)
        with closing(progress):
            if self.threads < 2 * threads_per_call or len(items) < 2:
                for number, item in enumerate(items):
                    stage(item, total.callback(number))
            else:
                _run_in_threads(stage, items, total, self.threads // threads_per_call)

    def run_python[T](self, stage: Stage[T], items: Sequence[T], progress: Progress) -> None:
        """Calls `stage` in as many processes as there are threads; in this one if that makes one."""
        processes = min(self.threads, len(items))
        if processes <= 1:
            self.run(stage, items, progress)
            return
        # Forked processes would inherit the engine's threads in the state that they happen to be in.
        context = multiprocessing.get_context("spawn")
        with closing(progress), ProcessPoolExecutor(processes, mp_context=context) as pool:
            calls = [pool.submit(stage, item, None) for item in items]
            try:
                for done, call in enumerate(calls, 1):
                    call.result()
                    progress.items(done, len(items))
            except BrokenProcessPool:
                raise NcvcError(
                    "a worker process was killed, perhaps for want of memory; set `threads` lower"
                ) from None
            finally:
                pool.shutdown(cancel_futures=True)


class _Total:
    """Sum of the counts of the calls that run at the same time."""

    def __init__(self, progress: Progress) -> None:
        self.stopped = False
        """Tells every call to end; set when one has failed."""
        self._progress = progress
        self._counts: dict[int, Mapping[str, int]] = {}
        self._lock = threading.Lock()

    def callback(self, number: int) -> ProgressCallback:
        """Returns the callback of one call, which raises `KeyboardInterrupt` once the stage is stopped."""

        def update(counts: Mapping[str, int]) -> None:
            if self.stopped:
                raise KeyboardInterrupt
            if not counts:
                return
            with self._lock:
                self._counts[number] = counts
                self._progress(sum((Counter(counts) for counts in self._counts.values()), Counter()))

        return update


def _run_in_threads[T](stage: Stage[T], items: Sequence[T], total: _Total, calls: int) -> None:
    with ThreadPoolExecutor(calls) as pool:
        futures = [pool.submit(stage, item, total.callback(number)) for number, item in enumerate(items)]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        except KeyboardInterrupt:
            total.stopped = True
            pool.shutdown(cancel_futures=True)
            raise
        failed = next((future for future in futures if future.done() and future.exception()), None)
        if failed:
            total.stopped = True
            pool.shutdown(cancel_futures=True)
            failed.result()
