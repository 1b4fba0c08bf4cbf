"""Imports torch without its Python functions for shapes, which are a third of that import.

They are for tensors without storage and for the compiler. A launcher computes nothing and needs neither. A rank cannot
do without: megatron-core loads torch's DTensor, which loads them.
"""

import sys
from types import ModuleType

SHAPES = "torch._meta_registrations"


def import_torch() -> None:
    """Imports torch without these functions, for a process that computes nothing; later imports find them.

    Does nothing if torch is there already.
    """
    if "torch" in sys.modules:
        return
    sys.modules[SHAPES] = ModuleType(SHAPES)
    try:
        import torch
    finally:
        del sys.modules[SHAPES]
    del torch._meta_registrations
