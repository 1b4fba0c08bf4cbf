"""Computes logits on a CPU only where a loss counts, as TRL does on a GPU.

TRL's fused head (`add_fused_lm_head` in `trl/trainer/utils.py`) leaves the other positions out where Triton runs, and
elsewhere computes all of them, so that the shapes stay the same for devices that compile. A CPU compiles nothing, and
most tokens of a conversation are its question.
"""

from typing import Any

from trl.trainer import utils

_has_triton = utils._use_triton


def _leaves_others_out(device: Any) -> bool:
    return device.type == "cpu" or bool(_has_triton(device))


def leave_others_out() -> None:
    """Makes it hold for all trainers of this process."""
    utils._use_triton = _leaves_others_out
