"""Time of a rank's own forward and backward passes, without waiting for data-parallel ranks."""

import time
from typing import Any

import torch

from ncvc.train.elastic.heartbeat import add_compute_time


class ComputeTimer:
    """Stop-watch of one step; on a GPU by CUDA events, since the host only queues the work."""

    def __init__(self, device: torch.device) -> None:
        self._on_gpu = device.type == "cuda"
        self._marks: list[float] = []
        self._events: Any = [torch.cuda.Event(enable_timing=True) for _ in range(2)] if self._on_gpu else []  # type: ignore[no-untyped-call]

    def mark(self) -> None:
        """Marks the begin of the work at the first call, its end at the second."""
        if self._on_gpu:
            self._events[len(self._marks)].record()
        self._marks.append(time.perf_counter())

    def report(self) -> None:
        """Adds the seconds to the next heartbeat; call it when the device has nothing queued any more."""
        began, ended = self._marks
        # Milliseconds.
        add_compute_time(self._events[0].elapsed_time(self._events[1]) / 1000 if self._on_gpu else ended - began)
        self._marks.clear()
