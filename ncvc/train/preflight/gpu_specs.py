"""GPUs that models are trained on: what they hold and the most that they can compute."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class GpuSpec:
    """A GPU by its maker's data sheet."""

    name: str
    """Words of what the driver calls it."""
    memory: float
    """GiB."""
    tflops: float
    """Dense bfloat16 products summed in float32, 10^12 operations a second; half of what is printed for sparse ones."""


GPU_SPECS = (
    # A name that begins with another one stands before it.
    GpuSpec("GB200", 186, 2500.0),
    GpuSpec("B200", 180, 2250.0),
    GpuSpec("GH200", 96, 989.4),
    GpuSpec("H200", 141, 989.4),
    GpuSpec("H100 PCIe", 80, 756.4),
    GpuSpec("H100 NVL", 94, 835.3),
    GpuSpec("H100", 80, 989.4),
    GpuSpec("H20", 96, 148.0),
    GpuSpec("A100-SXM4-40GB", 40, 311.9),
    GpuSpec("A100-PCIE-40GB", 40, 311.9),
    GpuSpec("A100", 80, 311.9),
    GpuSpec("RTX 6000 Ada", 48, 364.2),
    GpuSpec("RTX A6000", 48, 154.8),
    GpuSpec("L40S", 48, 362.1),
    GpuSpec("L40", 48, 181.1),
    GpuSpec("L4", 24, 121.2),
    GpuSpec("A40", 48, 149.7),
    GpuSpec("A10G", 24, 70.0),
    GpuSpec("A10", 24, 125.0),
    GpuSpec("RTX 4090", 24, 165.2),
    GpuSpec("RTX 3090", 24, 71.2),
)


def find_gpu_spec(name: str) -> GpuSpec | None:
    """The gpu that a driver's or a person's name means, such as "NVIDIA H100 80GB HBM3"; None if it is not known."""
    return next((gpu for gpu in GPU_SPECS if re.search(rf"\b{gpu.name}\b", name, re.IGNORECASE)), None)
