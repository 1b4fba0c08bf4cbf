"""Memory that a conversion may take besides the libraries' own, in bytes."""

import contextlib
import ctypes
import math

from ncvc.convert import mapping
from ncvc.model.config import ModelConfig

REST = 500_000_000
"""Headers, logits, and what the allocator keeps."""


_MMAP_THRESHOLD = -3
"""glibc's number of the size from which on memory is taken from the system and given back to it."""
_GIVEN_BACK = 4_000_000


def give_back_memory() -> None:
    """Lets this process give freed tensors back to the system at once, where its C library is glibc.

    By itself glibc keeps up to 32 MB a piece after the first few: at the papers' width half a gigabyte in all.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _GIVEN_BACK)


def _largest(model: ModelConfig) -> int:
    """Bytes of the largest weight in float32."""
    return 4 * max(math.prod(mapping.megatron_shape(row, model)) for row in mapping.weights(model))


def writing_limit(model: ModelConfig) -> int:
    """For writing: a weight as it is read, and half of it again as it is arranged and rounded."""
    return _largest(model) * 3 // 2 + REST


def comparing_limit(model: ModelConfig) -> int:
    """For comparing: a weight as it is read, once more as it is rounded, and the activations."""
    return 2 * _largest(model) + REST


def in_at_most(limit: int) -> str:
    """The limit in words, for the end of a line."""
    return f"in at most {limit / 1e6:,.0f} MB of memory beside the libraries'"
