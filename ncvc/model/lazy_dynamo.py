"""Imports megatron-core without torch's compiler on machines without a GPU; import it before other modules of ours.

At import megatron-core wraps functions in `torch.compile` and loads DTensor, which loads the compiler's symbolic shapes
and with them sympy; every optimizer loads the compiler only to be excluded from it. Our settings use none of it on a
CPU, yet it takes two thirds of a process's start.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

import torch

from ncvc.torch_compiler import as_it_is, defer_compiler


class _Deferred(ModuleType):
    """Module whose functions load the real one when called; its classes are exceptions that are never raised."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name[0].isupper():
            return type(name, (Exception,), {})
        return lambda *args, **kwargs: getattr(importlib.import_module(self.__name__), name)(*args, **kwargs)


SYMBOLIC_SHAPES = "torch.fx.experimental.symbolic_shapes"
TENSORBOARD = "torch.utils.tensorboard"  # imported by megatron-core's timers; loggers.py imports it if it is needed

if not torch.cuda.is_available():
    _compile = torch.compile
    _absent: dict[str, Any] = {SYMBOLIC_SHAPES: _Deferred(SYMBOLIC_SHAPES), TENSORBOARD: None}
    _absent = {name: module for name, module in _absent.items() if name not in sys.modules}
    torch.compile = as_it_is  # type: ignore[assignment]
    sys.modules.update(_absent)
    try:
        import megatron.core.models.gpt.gpt_model
        import megatron.core.optimizer  # noqa: F401
    finally:
        torch.compile = _compile
        for _name in _absent:
            del sys.modules[_name]
    defer_compiler()
