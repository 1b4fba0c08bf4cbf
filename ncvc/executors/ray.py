"""Runs stages on a Ray cluster whose nodes share a disk.

A task is one call of a stage; one whose worker or node was lost is repeated elsewhere. Nothing but the names of files
travels through Ray.
"""

import logging
import os
import socket
from collections.abc import Sequence
from typing import Any

# Ray sends usage statistics unless told not to, and looks when it is imported.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray

from ncvc.errors import NcvcError
from ncvc.executors.base import Executor, Stage
from ncvc.progress import Progress

MAX_RETRIES = 20
"""Times that a call may lose its worker or node before the run ends in an error."""
CONNECT_TIMEOUT = 5.0
"""Seconds to wait for the cluster; Ray itself waits for a minute."""


class RayExecutor(Executor):
    """Nodes of a Ray cluster."""

    def __init__(self, threads: int = 0, address: str | None = None) -> None:
        super().__init__(threads)
        _connect(address)

    def run[T](self, stage: Stage[T], items: Sequence[T], progress: Progress, *, threads_per_call: int = 1) -> None:
        """Calls `stage` for as many items at a time as the nodes have CPUs for."""
        task: Any = ray.remote(max_retries=MAX_RETRIES, num_cpus=threads_per_call)(_call)
        pending = [task.remote(stage, item) for item in items]
        try:
            while pending:
                done, pending = ray.wait(pending, timeout=1.0)
                ray.get(done)
                progress.items(len(items) - len(pending), len(items))
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except ray.exceptions.RayError as error:
            raise NcvcError(f"the Ray cluster gave up: {error}; the same command goes on where it was") from None
        finally:
            for reference in pending:
                ray.cancel(reference, force=True)
            progress.close()

    def run_python[T](self, stage: Stage[T], items: Sequence[T], progress: Progress) -> None:
        """Calls `stage` on one CPU each: every call of Ray's has a process of its own."""
        self.run(stage, items, progress)


def _connect(address: str | None) -> None:
    if address is None:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=CONNECT_TIMEOUT).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, OSError, ValueError) as error:
        raise NcvcError(
            f"{address}: no Ray cluster answers there ({error}); start one with"
            " ray start --head --disable-usage-stats, or correct --address"
        ) from None


def _call[T](stage: Stage[T], item: T) -> None:
    stage(item, None)
