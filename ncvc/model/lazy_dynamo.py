"""Imports megatron-core without torch's compiler where there is no GPU; import it before anything else of ours.

megatron-core wraps functions in `torch.compile` as it is imported, and loads DTensor, which loads the compiler's
symbolic shapes and with them sympy; and every optimizer loads the compiler to be left alone by it. The settings used
here call none of it on a CPU, but it takes two thirds of the time that a process needs to start.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

import torch


def _as_it_is(function: Any = None, **_: Any) -> Any:
    return function if function is not None else _as_it_is


class _Deferred(ModuleType):
    """A module whose functions load it when they are called; its classes are errors that nobody raises."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name[0].isupper():
            return type(name, (Exception,), {})
        return lambda *args, **kwargs: getattr(importlib.import_module(self.__name__), name)(*args, **kwargs)


class _Idle(ModuleType):
    """Stands for torch's compiler as long as it is only told to stay away, as every optimizer does."""

    def disable(self, function: Any = None, *_: Any, **__: Any) -> Any:
        return _as_it_is(function)

    def graph_break(self, *_: Any) -> None: ...

    def __getattr__(self, name: str) -> Any:
        # A module in it is about to be loaded if somebody asks where it lies.
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


COMPILER = "torch._dynamo"
SYMBOLIC_SHAPES = "torch.fx.experimental.symbolic_shapes"
TENSORBOARD = "torch.utils.tensorboard"  # for megatron-core's timers; the log imports it where it is wanted

if not torch.cuda.is_available():
    _compile = torch.compile
    _absent: dict[str, Any] = {SYMBOLIC_SHAPES: _Deferred(SYMBOLIC_SHAPES), TENSORBOARD: None}
    _absent = {name: module for name, module in _absent.items() if name not in sys.modules}
    torch.compile = _as_it_is  # type: ignore[assignment]
    sys.modules.update(_absent)
    try:
        import megatron.core.models.gpt.gpt_model
        import megatron.core.optimizer  # noqa: F401
    finally:
        torch.compile = _compile
        for _name in _absent:
            del sys.modules[_name]
    if COMPILER not in sys.modules:
        sys.modules[COMPILER] = _Idle(COMPILER)
