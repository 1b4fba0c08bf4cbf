"""Runs a stage over its items on the threads of this machine."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from ncvc.progress import Progress, Tell

THREADS_A_CALL = 8
"""One reader feeds about this many threads; with more, several items are worked on at a time."""


class Meter:
    """Adds up how far the items of a stage are."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._items: dict[object, Mapping[str, int]] = {}
        self._lock = threading.Lock()
        self.stopped = False

    def tell(self, item: object) -> Tell:
        """Where an item tells how far it is, if it knows; raises when the stage is to stop."""

        def tell(counts: Mapping[str, int]) -> None:
            if self.stopped:
                raise KeyboardInterrupt
            if not counts:
                return
            with self._lock:
                self._items[item] = counts
                self._progress(sum((Counter(counts) for counts in self._items.values()), Counter()))

        return tell


def each[T](
    stage: Callable[[T, Tell | None], None], items: Sequence[T], progress: Progress, *, threads: int, cpus: int
) -> None:
    """Calls `stage`, on `cpus` threads each, for every item, on `threads` in all; the first error stops the others."""
    meter = Meter(progress)
    try:
        if threads < 2 * cpus or len(items) < 2:
            for number, item in enumerate(items):
                stage(item, meter.tell(number))
        else:
            _at_once(stage, items, meter, threads // cpus)
    finally:
        progress.close()


def _at_once[T](stage: Callable[[T, Tell | None], None], items: Sequence[T], meter: Meter, calls: int) -> None:
    with ThreadPoolExecutor(calls) as pool:
        futures = [pool.submit(stage, item, meter.tell(number)) for number, item in enumerate(items)]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        except KeyboardInterrupt:
            meter.stopped = True
            pool.shutdown(cancel_futures=True)
            raise
        failed = next((future for future in futures if future.done() and future.exception()), None)
        if failed:
            meter.stopped = True
            pool.shutdown(cancel_futures=True)
            failed.result()
