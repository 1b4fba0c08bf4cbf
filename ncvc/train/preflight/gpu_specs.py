"""Memory and peak arithmetic of GPUs, by their makers' data sheets."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class GpuSpec:
    """One GPU."""

    name: str
    """Words of the driver's name for it."""
    memory: float
    """GiB."""
    tflops: float
    """Peak of dense bfloat16 products summed in float32, 10^12 operations per second: half of the figure for sparse
    ones. 0 if it is not known, or the GPU has no such products."""


GPU_SPECS = (
    # Names with more words come before those with fewer of them.
    GpuSpec("GB300", 288, 2500.0),
    GpuSpec("GB200", 186, 2500.0),
    GpuSpec("B300", 288, 2250.0),
    GpuSpec("B200", 180, 2250.0),
    # Unified with the processor's; a quarter of its sheet's 1,000 TOPS of sparse FP4, halved once more.
    GpuSpec("GB10", 128, 125.0),
    GpuSpec("GH200", 96, 989.4),
    GpuSpec("H200", 141, 989.4),
    GpuSpec("H100 PCIe", 80, 756.4),
    GpuSpec("H100 NVL", 94, 835.3),
    GpuSpec("H100", 80, 989.4),
    GpuSpec("H20", 96, 148.0),
    GpuSpec("A100 40GB", 40, 311.9),
    GpuSpec("A100", 80, 311.9),
    GpuSpec("V100 32GB", 32, 0.0),
    GpuSpec("V100", 16, 0.0),
    GpuSpec("RTX PRO 6000 Max-Q", 96, 438.9),
    GpuSpec("RTX PRO 6000", 96, 503.8),
    GpuSpec("RTX 6000 Ada", 48, 364.2),
    GpuSpec("RTX A6000", 48, 154.8),
    GpuSpec("L40S", 48, 362.1),
    GpuSpec("L40", 48, 181.1),
    GpuSpec("L4", 24, 121.2),
    GpuSpec("A40", 48, 149.7),
    GpuSpec("A10G", 24, 70.0),
    GpuSpec("A10", 24, 125.0),
    GpuSpec("RTX 5090", 32, 209.5),
    GpuSpec("RTX 4090", 24, 165.2),
    GpuSpec("RTX 3090", 24, 71.2),
)


def find_gpu_spec(name: str) -> GpuSpec | None:
    """Finds a GPU by a driver's or a person's name, such as "NVIDIA A100-SXM4-40GB"; None if it is unknown.

    The words of its name are in the given one, in their order.
    """
    return next((gpu for gpu in GPU_SPECS if re.search(_pattern(gpu.name), name, re.IGNORECASE)), None)


def _pattern(name: str) -> str:
    return ".*".join(rf"\b{re.escape(word)}\b" for word in name.split())
