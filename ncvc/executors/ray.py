"""Runs stages on a Ray cluster whose nodes share a disk.

A task is one call of a stage; one whose worker or node was lost is repeated elsewhere. Nothing but the names of files
travels through Ray.
"""

import logging
import os
import socket
import time
from collections.abc import Sequence
from typing import Any

# Ray sends usage statistics unless told not to, and looks when it is imported.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ncvc.errors import NcvcError
from ncvc.executors.base import Executor, Stage
from ncvc.progress import Progress, Reporter

MAX_RETRIES = 20
"""Times that a call may lose its worker or node before the run ends in an error."""
CONNECT_TIMEOUT = 5.0
"""Seconds to wait for the cluster; Ray itself waits for a minute."""
QUIET = 60.0
"""Seconds in which no call begins or ends, after which the executor says that nothing can be scheduled."""


class RayExecutor(Executor):
    """Nodes of a Ray cluster."""

    IS_CLUSTER = True

    def __init__(self, threads: int = 0, address: str | None = None, reporter: Reporter | None = None) -> None:
        """Connects; a call uses at most the CPUs of the largest node, since it runs on one."""
        self._reporter = reporter or Reporter()
        _connect(address)
        if address and os.environ.get("RAY_AUTH_MODE") != "token":
            self._reporter.say(
                f"the Ray cluster at {address} asks for no token: whoever reaches it can run programs on it;"
                " see `Ray clusters` in docs/scaling.md"
            )
        super().__init__(min(threads or len(os.sched_getaffinity(0)), _largest_node()))
        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        # On the driver's node, which cannot be lost before the pass itself is.
        counter: Any = ray.remote(num_cpus=0)(_Calls)
        self._calls: Any = counter.options(scheduling_strategy=here).remote()
        self._ended = 0

    def run[T](self, stage: Stage[T], items: Sequence[T], progress: Progress, *, threads_per_call: int = 1) -> None:
        """Calls `stage` for as many items at a time as the nodes have CPUs for."""
        task: Any = ray.remote(max_retries=MAX_RETRIES, num_cpus=threads_per_call)(_call)
        pending = [task.remote(stage, item, self._calls) for item in items]
        since = time.monotonic()
        try:
            while pending:
                done, pending = ray.wait(pending, timeout=1.0)
                ray.get(done)
                progress.items(len(items) - len(pending), len(items))
                if done:
                    since = time.monotonic()
                    self._ended += len(done)
                elif time.monotonic() - since > QUIET:
                    since = time.monotonic()
                    self._say_if_none_runs(threads_per_call)
        except ray.exceptions.RayTaskError as error:
            raise error.cause from None
        except ray.exceptions.RayError as error:
            reason = " ".join(str(error).split())
            raise NcvcError(f"the Ray cluster gave up: {reason}; the same command goes on where it was") from None
        finally:
            for reference in pending:
                ray.cancel(reference, force=True)
            progress.close()

    def _say_if_none_runs(self, threads_per_call: int) -> None:
        """Says that nothing can be scheduled, unless a call has begun that has not ended (or was repeated)."""
        largest = _largest_node()
        if ray.get(self._calls.count.remote()) <= self._ended or largest < threads_per_call:
            self._reporter.say(
                f"no call could be started for {QUIET:.0f} s: it takes {threads_per_call} free CPUs of"
                f" one node, and the largest has {largest}; waiting"
            )

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


def _largest_node() -> int:
    """Returns the CPUs of the largest node; raises `NcvcError` if none has any."""
    nodes: Any = ray.nodes  # has no types
    cpus = max((int(node["Resources"].get("CPU", 0)) for node in nodes() if node["Alive"]), default=0)
    if cpus == 0:
        raise NcvcError("no node of the Ray cluster has a CPU to lend; start nodes without --num-cpus 0")
    return cpus


class _Calls:
    """Actor that counts the calls that have begun: Ray tells a driver of those that ended only."""

    def __init__(self) -> None:
        self._begun = 0

    def begin(self) -> None:
        self._begun += 1

    def count(self) -> int:
        return self._begun


def _call[T](stage: Stage[T], item: T, calls: Any) -> None:
    calls.begin.remote()
    stage(item, None)
