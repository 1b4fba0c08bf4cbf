"""Imports megatron-core without torch's compiler where there is no GPU; import it before anything else of ours.

megatron-core wraps functions in `torch.compile` as it is imported. The settings used here call none of them on
a CPU, but preparing the compiler takes five seconds of each process.
"""

from typing import Any

import torch


def _as_it_is(function: Any = None, **_: Any) -> Any:
    return function if function is not None else _as_it_is


if not torch.cuda.is_available():
    _compile = torch.compile
    torch.compile = _as_it_is  # type: ignore[assignment]
    try:
        import megatron.core.models.gpt.gpt_model
        import megatron.core.optimizer  # noqa: F401
    finally:
        torch.compile = _compile
