"""Memory and peaks of GPUs by their maker's data sheets; docs/runs.md says with which pages they were compared."""

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
    bandwidth: float = 0.0
    """Peak of its memory, 10^9 bytes per second; 0 if it is not known."""


GPU_SPECS = (
    # Names with more words come before those with fewer of them.
    GpuSpec("GB300", 288, 2500.0, 8000),
    GpuSpec("GB200", 186, 2500.0, 8000),
    GpuSpec("B300", 288, 2250.0, 8000),
    GpuSpec("B200", 180, 2250.0, 8000),
    # Unified with the processor's; a quarter of its sheet's 1,000 TOPS of sparse FP4, halved once more.
    GpuSpec("GB10", 128, 125.0, 273),
    GpuSpec("GH200", 96, 989.4, 4000),
    GpuSpec("H200 NVL", 141, 835.3, 4800),
    GpuSpec("H200", 141, 989.4, 4800),
    GpuSpec("H100 PCIe", 80, 756.4, 2039),
    GpuSpec("H100 NVL", 94, 835.3, 3938),
    GpuSpec("H100", 80, 989.4, 3350),
    GpuSpec("H20", 96, 148.0, 4000),
    GpuSpec("A100 40GB", 40, 311.9, 1555),
    GpuSpec("A100 80GB PCIe", 80, 311.9, 1935),
    GpuSpec("A100", 80, 311.9, 2039),
    GpuSpec("V100 32GB", 32, 0.0, 900),
    GpuSpec("V100", 16, 0.0, 900),
    GpuSpec("RTX PRO 6000 Max-Q", 96, 438.9, 1792),
    GpuSpec("RTX PRO 6000 Server", 96, 503.8, 1597),
    GpuSpec("RTX PRO 6000", 96, 503.8, 1792),
    GpuSpec("RTX 6000 Ada", 48, 364.2, 960),
    GpuSpec("RTX A6000", 48, 154.8, 768),
    GpuSpec("L40S", 48, 362.1, 864),
    GpuSpec("L40", 48, 181.1, 864),
    GpuSpec("L4", 24, 121.2, 300),
    GpuSpec("A40", 48, 149.7, 696),
    GpuSpec("A10G", 24, 70.0, 600),
    GpuSpec("A10", 24, 125.0, 600),
    GpuSpec("RTX 5090", 32, 209.5, 1792),
    GpuSpec("RTX 4090", 24, 165.2, 1008),
    GpuSpec("RTX 3090", 24, 71.2, 936),
)


def find_gpu_spec(name: str) -> GpuSpec | None:
    """Finds a GPU by a driver's or a person's name, such as "NVIDIA A100-SXM4-40GB"; None if it is unknown.

    The words of its name are in the given one, in their order.
    """
    return next((gpu for gpu in GPU_SPECS if re.search(_pattern(gpu.name), name, re.IGNORECASE)), None)


def _pattern(name: str) -> str:
    return ".*".join(rf"\b{re.escape(word)}\b" for word in name.split())
