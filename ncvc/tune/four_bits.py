"""Tells whether weights can be rounded to 4 bits here, before torch is imported."""

import importlib.util

from ncvc.errors import NcvcError
from ncvc.machine import gpus


def require_four_bits() -> None:
    """Raises `NcvcError` where bitsandbytes, which rounds weights to 4 bits, is missing or has no NVIDIA GPU."""
    if not gpus():
        raise NcvcError(
            "method qlora rounds weights to 4 bits by bitsandbytes, which needs an NVIDIA GPU, and there is none here;"
            " choose method lora, or another machine"
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise NcvcError("method qlora needs bitsandbytes, which is not installed; pip install bitsandbytes")
