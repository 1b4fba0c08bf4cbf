"""Kernels of a training step and the least time that each can take on a GPU, told without one.

    python -m tools.roofline megatron_configs/ncvc-slm-1.yaml [--gpu A100 --gpu H100] [--set KEY=VALUE]

A kernel takes at least the time of its matrix products at the GPU's peak, and at least that of its bytes at the peak
of its memory (`ncvc/train/preflight/gpu_specs.py`): the larger one is its bound. Operations that are no matrix
products, the launches and the exchange between the ranks are left out, so a real step is slower than the sum. Of the
optional packages only those are seen that are installed here.
"""

import argparse
from collections import Counter
from dataclasses import dataclass

import ncvc.model.lazy_dynamo  # noqa: F401  # isort: skip

from ncvc.train.config import TrainConfig
from ncvc.train.preflight.flops import flops_per_token
from ncvc.train.preflight.gpu_specs import GpuSpec, find_gpu_spec
from tools.step_trace import Kernel, micro_batches, trace

GPUS = ("A100", "H100", "RTX 6000 Ada")
SHOWN = 0.002
"""Share of the first GPU's time from which a kernel has a line of its own."""


@dataclass(frozen=True)
class Row:
    """Equal kernels of a step."""

    name: str
    calls: int
    flops: float
    """Of all calls."""
    bytes: float
    """Of all calls."""

    def seconds(self, gpu: GpuSpec) -> float:
        """Least time of all calls."""
        return max(self.flops / (gpu.tflops * 1e12), self.bytes / (gpu.bandwidth * 1e9))

    def bound(self, gpu: GpuSpec) -> str:
        """Bound of that time: products, or memory."""
        return "products" if self.flops / (gpu.tflops * 1e12) > self.bytes / (gpu.bandwidth * 1e9) else "memory"


def rows(config: TrainConfig) -> list[Row]:
    """Kernels of one step on one rank, equal ones together."""
    one, update = trace(config)
    calls: Counter[Kernel] = Counter()
    for kernels, times in ((one, micro_batches(config)), (update, 1)):
        for kernel in kernels:
            calls[Kernel(kernel.name, kernel.shapes, kernel.flops, kernel.bytes)] += times
    return [
        Row(f"{kernel.name} [{kernel.shapes}]", count, count * kernel.flops, count * kernel.bytes)
        for kernel, count in calls.items()
    ]


def table(found: list[Row], gpus: list[GpuSpec]) -> list[str]:
    """Lines of a Markdown table, the longest kernels first; times in milliseconds a step."""
    found = sorted(found, key=lambda row: -row.seconds(gpus[0]))
    whole = sum(row.seconds(gpus[0]) for row in found)
    shown = [row for row in found if row.seconds(gpus[0]) >= SHOWN * whole]
    rest = [row for row in found if row.seconds(gpus[0]) < SHOWN * whole]
    lines = [
        "| kernel | calls | TFLOP | GB | FLOP/B |" + "".join(f" {gpu.name}, ms |" for gpu in gpus),
        "| --- " * (5 + len(gpus)) + "|",
    ]
    for row in shown:
        times = "".join(f" {1e3 * row.seconds(gpu):,.1f} {row.bound(gpu)} |" for gpu in gpus)
        own = f"| {row.flops / 1e12:,.2f} | {row.bytes / 1e9:,.1f} | {row.flops / row.bytes:,.0f} |"
        lines.append(f"| {_short(row.name)} | {row.calls:,} {own}{times}")
    for name, group in ((f"{len(rest)} others", rest), ("**all**", found)):
        flops, size, calls = (sum(getattr(row, field) for row in group) for field in ("flops", "bytes", "calls"))
        times = "".join(f" {1e3 * sum(row.seconds(gpu) for row in group):,.1f} |" for gpu in gpus)
        lines.append(f"| {name} | {calls:,} | {flops / 1e12:,.2f} | {size / 1e9:,.1f} | {flops / size:,.0f} |{times}")
    return lines


def _short(name: str) -> str:
    return name if len(name) <= 90 else f"{name[:88]}…]"


def summary(config: TrainConfig, found: list[Row], gpus: list[GpuSpec]) -> list[str]:
    """Lines about the whole step: tokens a second at the most, and the share of the peak that this is."""
    tokens = micro_batches(config) * config.schedule.micro_batch_size * config.data.sequence_length
    flops = tokens * flops_per_token(config.model, config.data.sequence_length)
    lines = []
    for gpu in gpus:
        seconds = sum(row.seconds(gpu) for row in found)
        products = sum(row.seconds(gpu) for row in found if row.bound(gpu) == "products")
        share = flops / seconds / (gpu.tflops * 1e12)
        lines.append(
            f"{gpu.name}: at most {tokens / seconds:,.0f} tokens/s, {share:.0%} of the peak;"
            f" {products / seconds:.0%} of the time is bound by products, {1 - products / seconds:.0%} by memory"
        )
    return lines


def main() -> None:
    """Prints the table of a config."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config")
    parser.add_argument("--gpu", action="append", default=[], metavar="NAME")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides")
    options = parser.parse_args()
    gpus = [find_gpu_spec(name) or parser.error(f"--gpu {name}: not known") for name in options.gpu or GPUS]
    if unknown := next((gpu.name for gpu in gpus if not gpu.tflops or not gpu.bandwidth), None):
        parser.error(f"--gpu {unknown}: it has no products of bfloat16")
    config = TrainConfig.load(options.config, tuple(options.overrides))
    found = rows(config)
    print("\n".join([*table(found, gpus), "", *summary(config, found, gpus)]))


if __name__ == "__main__":
    main()
