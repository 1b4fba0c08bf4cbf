"""Runs a stage for every item of a list, on the threads of this machine or on a Ray cluster, behind one interface."""

from typing import Literal

from ncvc.executors.base import Executor
from ncvc.executors.local import LocalExecutor
from ncvc.progress import Reporter

__all__ = ["Engine", "Executor", "LocalExecutor", "open_executor"]

Engine = Literal["threads", "ray"]


def open_executor(
    engine: Engine, *, threads: int = 0, address: str | None = None, reporter: Reporter | None = None
) -> Executor:
    """Opens an executor; `threads` are those of one machine, 0 for one a core.

    `address` (host:port) names a running Ray cluster, `None` starts one on this machine; threads have none. Raises
    `NcvcError` if no cluster answers there, `ModuleNotFoundError` without the extra `ray`.
    """
    if engine == "threads":
        return LocalExecutor(threads)
    from ncvc.executors.ray import RayExecutor

    return RayExecutor(threads, address, reporter or Reporter())
