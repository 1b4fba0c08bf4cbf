"""GPUs that models are trained on: what they hold and the most that they can compute."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """A GPU by its maker's data sheet."""

    name: str
    """Words of what the driver calls it."""
    memory: float
    """GiB."""
    tflops: float
    """Dense bfloat16 products summed in float32, 10^12 operations a second; half of what is printed for sparse ones."""


CARDS = (
    # A name that begins with another one stands before it.
    Card("GB200", 186, 2500.0),
    Card("B200", 180, 2250.0),
    Card("GH200", 96, 989.4),
    Card("H200", 141, 989.4),
    Card("H100 PCIe", 80, 756.4),
    Card("H100 NVL", 94, 835.3),
    Card("H100", 80, 989.4),
    Card("H20", 96, 148.0),
    Card("A100-SXM4-40GB", 40, 311.9),
    Card("A100-PCIE-40GB", 40, 311.9),
    Card("A100", 80, 311.9),
    Card("RTX 6000 Ada", 48, 364.2),
    Card("RTX A6000", 48, 154.8),
    Card("L40S", 48, 362.1),
    Card("L40", 48, 181.1),
    Card("L4", 24, 121.2),
    Card("A40", 48, 149.7),
    Card("A10G", 24, 70.0),
    Card("A10", 24, 125.0),
    Card("RTX 4090", 24, 165.2),
    Card("RTX 3090", 24, 71.2),
)


def find(name: str) -> Card | None:
    """The card that a driver's or a person's name means, such as "NVIDIA H100 80GB HBM3"; None if it is not known."""
    return next((card for card in CARDS if re.search(rf"\b{card.name}\b", name, re.IGNORECASE)), None)
