"""Skips anomalous steps before they reach the weights, and decides when the run rolls back.

As in OLMo-core and PaLM (arXiv 2204.02311, 5.1): a step whose loss or gradient norm is not finite, or far above
those of the steps before, is skipped; after too many in a row the run rolls back to a checkpoint and leaves out the
batches around them. Every rank comes to the same decision, since loss and norm are sums over all ranks.
"""

import math
from collections import deque
from collections.abc import Iterable, Sequence

import torch
import torch.distributed as dist

from ncvc.checkpoint.manifest import GuardState
from ncvc.errors import TrainingError
from ncvc.train.operation_config import GuardConfig

FLOOR = 1e-3
"""Least standard deviation, as a share of the mean: of losses that hardly differ any difference is far off."""


class AnomalyGuard:
    """Judges each step by its loss and gradient norm; see `GuardConfig` for the limits."""

    def __init__(self, config: GuardConfig, state: GuardState | None = None) -> None:
        self.config = config
        self.left_out: tuple[tuple[int, int], ...] = ()
        self.restore(state or GuardState())
        self._rolled_back_to: tuple[int, int] = (-1, 0)  # a step, and the number of times in a row

    def restore(self, state: GuardState) -> None:
        """Takes over a checkpoint's state; steps that are left out by now stay left out."""
        self.losses = deque(state.losses, self.config.window)
        self.grad_norms = deque(state.grad_norms, self.config.window)
        self.row = state.row
        self.skipped = state.skipped
        self.left_out = tuple(sorted({*self.left_out, *state.left_out}))

    def forget(self) -> None:
        """Forgets the good steps before, which those with other settings are not compared with."""
        self.losses.clear()
        self.grad_norms.clear()

    def state(self) -> GuardState:
        """State for a checkpoint."""
        return GuardState(
            losses=tuple(self.losses),
            grad_norms=tuple(self.grad_norms),
            row=self.row,
            skipped=self.skipped,
            left_out=self.left_out,
        )

    def judge(self, loss: float, grad_norm: float) -> str | None:
        """Returns the reason to skip a step, or None if it is good; counts it either way.

        `loss` in nats; `grad_norm` is the 2-norm before clipping.
        """
        reason = self._far_off("loss", loss, self.losses) or self._far_off("gradient norm", grad_norm, self.grad_norms)
        if reason:
            self.row += 1
            self.skipped += 1
        else:
            self.row = 0
            self.losses.append(loss)
            self.grad_norms.append(grad_norm)
        return reason

    def _far_off(self, name: str, value: float, before: Sequence[float]) -> str | None:
        if not math.isfinite(value):
            return f"the {name} is {value}"
        if not self.config.sigmas or len(before) < self.config.window:
            return None
        # fsum's result does not depend on the machine.
        mean = math.fsum(before) / len(before)
        sigma = math.sqrt(math.fsum((other - mean) ** 2 for other in before) / len(before))
        sigma = max(sigma, FLOOR * abs(mean), FLOOR**2)
        if value <= mean + self.config.sigmas * sigma:
            return None
        return f"the {name} is {value:.4g}, and was {mean:.4g} ± {sigma:.2g} in the last {len(before)} good steps"

    @property
    def must_roll_back(self) -> bool:
        """True after `max_consecutive_skips` anomalous steps in a row."""
        return self.row >= self.config.max_consecutive_skips

    def bad_stretch(self, done: int) -> tuple[int, int]:
        """First and last step to leave out after `done` steps, the last `row` of them anomalous."""
        return max(1, done - self.row + 1 - self.config.rollback_span), done

    def reaches(self, step: int, stretch: tuple[int, int]) -> bool:
        """Tells whether a checkpoint of this step lies before `stretch` and outside of all left-out stretches."""
        return step < stretch[0] and not any(first <= step <= last for first, last in self.left_out)

    def leave_out(self, stretch: tuple[int, int], back_to: int) -> None:
        """Leaves out a stretch of steps from now on, for a rollback to step `back_to`.

        Raises `TrainingError` after `max_rollbacks` rollbacks to one step in a row.
        """
        step, times = self._rolled_back_to
        times = times + 1 if step == back_to else 1
        if times > self.config.max_rollbacks:
            raise TrainingError(
                f"step {stretch[1]}: {self.row} bad steps in a row, after going back to step {back_to}"
                f" {times - 1} times: the run gets no further. Look at the events `skipped` in log.jsonl: a loss that"
                " grew before points to optimizer.lr, one that is nan at once to the machine, and the same samples"
                " again and again to the data; guard.sigmas and guard.max_rollbacks say what is allowed"
            )
        self._rolled_back_to = (back_to, times)
        self.left_out = tuple(sorted({*self.left_out, stretch}))

    def left_out_until(self, step: int) -> int | None:
        """Last step of the left-out stretch that `step` is in; None if the step is computed."""
        return max((last for first, last in self.left_out if first <= step <= last), default=None)


def require_finite(step: int, tensors: Iterable[torch.Tensor], device: torch.device) -> None:
    """Raises `TrainingError` on every rank if any rank's tensors hold a value that is not finite."""
    checks = [torch.isfinite(tensor).all() for tensor in tensors]
    broken = torch.tensor(0.0, device=device) if not checks else (~torch.stack(checks).all()).float()
    dist.all_reduce(broken)
    if broken.item():
        raise TrainingError(
            f"step {step}: weights or optimizer state are not finite, though loss and gradient were; nothing was"
            " saved. Started again, the run goes on from the checkpoint before; if it happens again, look for a"
            " broken card or memory"
        )
