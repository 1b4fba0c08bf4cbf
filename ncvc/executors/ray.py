"""Runs a stage over its items on a Ray cluster whose nodes share a disk.

A task is one call of a stage: it reads files and writes files, so that a task whose worker or node was lost is
simply done again elsewhere. Nothing but the names of files travels through Ray.
"""

import logging
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

# Ray reports how it is used to its makers unless told not to, and looks when it is imported.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray

from ncvc.errors import NcvcError
from ncvc.progress import Progress

RETRIES = 20
"""How often a call may lose its worker or node before the run ends in an error."""


def connect(address: str | None) -> None:
    """Joins the cluster at `address` (host:port), `None` for one on this machine only."""
    if address is None:
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        return
    host, _, port = address.rpartition(":")
    try:
        # Ray itself tries for a minute before it says that nobody is there.
        socket.create_connection((host, int(port)), timeout=5).close()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, OSError, ValueError) as error:
        raise NcvcError(
            f"{address}: no Ray cluster answers there ({error}); start one with"
            " ray start --head --disable-usage-stats, or correct --address"
        ) from None


def each[T](stage: Callable[[T], None], items: Sequence[T], progress: Progress, *, threads: int, cpus: int) -> None:
    """Calls `stage`, which uses `cpus` CPUs of some node, for every item; the first error stops the others."""
    call: Any = ray.remote(max_retries=RETRIES, num_cpus=cpus)(_call)
    left = [call.remote(stage, item) for item in items]
    try:
        while left:
            done, left = ray.wait(left, timeout=1.0)
            ray.get(done)
            progress.items(len(items) - len(left), len(items))
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None
    except ray.exceptions.RayError as error:
        raise NcvcError(f"the Ray cluster gave up: {error}; the same command goes on where it was") from None
    finally:
        for reference in left:
            ray.cancel(reference, force=True)
        progress.close()


def _call[T](stage: Callable[[T], None], item: T) -> None:
    stage(item)
