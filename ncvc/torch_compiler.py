"""A stand-in for torch's compiler, which takes seconds to import, until something of it is used."""

import importlib
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

COMPILER = "torch._dynamo"


def as_it_is(function: Any = None, **_: Any) -> Any:
    """Decorator, with or without arguments, that returns the function."""
    return function if function is not None else as_it_is


class _Idle(ModuleType):
    """`torch._dynamo` until anything but its marks on functions, `graph_break` or its caches is used of it."""

    trace_rules = SimpleNamespace(clear_lru_cache=lambda: None)  # init_process_group empties these caches

    def disable(self, function: Any = None, *_: Any, **__: Any) -> Any:
        return as_it_is(function)

    def allow_in_graph(self, function: Any) -> Any:
        return function  # nothing of ours compiles what transformers marks with it

    def assume_constant_result(self, function: Any) -> Any:
        function._dynamo_marked_constant = True  # as the compiler's own does
        return function

    def graph_break(self, *_: Any) -> None: ...

    def __getattr__(self, name: str) -> Any:
        # Python reads `__path__` when it is about to import a submodule.
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def defer_compiler() -> None:
    """Puts the stand-in where the compiler is not imported yet."""
    if COMPILER not in sys.modules:
        sys.modules[COMPILER] = _Idle(COMPILER)
