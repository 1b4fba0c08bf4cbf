"""Imports transformers' models without what one model on one device never uses, which is half of a process's start.

A model's class imports distributed tensors and through them torch's compiler with sympy, SciPy for losses of object
detection, and accelerate for weights on many devices.
"""

import importlib
import sys
from types import ModuleType
from typing import Any

from ncvc.torch_compiler import defer_compiler

UNUSED = ("is_torch_distributed_available", "is_scipy_available", "is_accelerate_available")
"""Questions of transformers that are answered with no."""
_INDEXING = "torch._dynamo._trace_wrapped_higher_order_op"


class _Indexing(ModuleType):
    """The compiler's module of which transformers' masks import a context for exports, until that is used."""

    def TransformGetItemToIndex(self) -> Any:  # noqa: N802  (its name)
        if sys.modules.get(_INDEXING) is self:
            del sys.modules[_INDEXING]
        return importlib.import_module(_INDEXING).TransformGetItemToIndex()


def skip_unused() -> None:
    """Prepares a process that will run one model for the import of transformers' models, and imports torch.

    A process that has torch already keeps everything: it may train later.
    """
    if "torch" in sys.modules:
        return
    import torch  # noqa: F401
    from transformers import utils
    from transformers.utils import import_utils

    for name in UNUSED:
        for module in (utils, import_utils):
            setattr(module, name, _no)
    defer_compiler()
    indexing = sys.modules[_INDEXING] = _Indexing(_INDEXING)
    try:
        import transformers.masking_utils  # noqa: F401
    finally:
        if sys.modules.get(_INDEXING) is indexing:
            del sys.modules[_INDEXING]


def _no(*_: Any) -> bool:
    return False
