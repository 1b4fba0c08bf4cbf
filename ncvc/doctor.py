"""What this machine has, what `ncvc` would use of it, and which commands can run.

Nothing heavy is imported: packages are known by their metadata, GPUs by the driver's own `nvidia-smi`, and
what a command needs by the requirements that `ncvc` itself declares in pyproject.toml.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from ncvc import __version__
from ncvc.machine import Machine, machine
from ncvc.packages import Package, find, optional, required, requirements

EXTRA = {"convert": "hf", "demo": "hf", "generate": "hf", "train": "train"}
"""The extra of the package (`pip install 'ncvc[train]'`) that a command needs; the others need none."""

OPTIONAL = {
    "unidic-lite": "a second base for dictionaries",
    "transformer-engine": "NVIDIA's fused layers",
    "flash-attn": "flash attention outside torch",
    "apex": "NVIDIA's fused optimizers and norms",
    "liger-kernel": "Triton kernels",
    "ray": "the corpus pass on many machines",
    "resiliparse": "the text of HTML and WARC",
}
"""Distributions that nothing requires, and what they give."""


@dataclass(frozen=True)
class Command:
    """A command of `ncvc`, and the packages without which it cannot run."""

    name: str
    missing: tuple[str, ...]
    install: str | None


@dataclass(frozen=True)
class Report:
    """All that the doctor found."""

    ncvc: str
    machine: Machine
    packages: tuple[Package, ...]
    would_use: dict[str, str]
    commands: tuple[Command, ...]


def examine(commands: Sequence[str], folder: Path, path: Sequence[str] | None = None) -> Report:
    """Examines this machine.

    `commands` are the names of the commands there are, `folder` is where free disk space is asked for and
    `path` where distributions are looked for (default: where Python looks).
    """
    path = list(sys.path if path is None else path)
    here = machine(folder)
    needed = {extra: requirements(extra) for extra in ("", *EXTRA.values())}
    packages: dict[str, Package] = {}
    for extra in sorted(needed, key=lambda extra: len(needed[extra])):
        for requirement in needed[extra]:
            packages.setdefault(requirement.name, required(requirement, extra, path))
    for name, purpose in OPTIONAL.items():
        packages[name] = optional(name, purpose, path)
    return Report(
        ncvc=__version__,
        machine=here,
        packages=tuple(packages.values()),
        would_use=_choices(here, path),
        commands=tuple(_command(name, needed[EXTRA.get(name, "")], packages) for name in commands),
    )


def _choices(machine: Machine, path: list[str]) -> dict[str, str]:
    """What training would run on."""
    torch = find("torch", path)
    if torch is None:
        return {"device": "none: torch is not installed"}
    built_for_cuda = Path(str(torch.locate_file("torch/lib/libtorch_cuda.so"))).exists()
    if machine.gpus and built_for_cuda:
        return {
            "device": f"cuda ({len(machine.gpus)} × {machine.gpus[0].name})",
            "distributed backend": "nccl",
            "attention": "torch scaled_dot_product_attention, flash kernel",
            "optimizer": "AdamW (torch, fused) in megatron-core's distributed optimizer",
        }
    reason = "no GPU" if not machine.gpus else "this torch is built without CUDA"
    return {
        "device": f"cpu ({reason})",
        "distributed backend": "gloo",
        "attention": "torch scaled_dot_product_attention",
        "optimizer": "AdamW (torch) in megatron-core's distributed optimizer",
    }


def _command(name: str, needed: list[Requirement], packages: dict[str, Package]) -> Command:
    missing = tuple(
        requirement.name
        for requirement in needed
        if not packages[requirement.name].version or packages[requirement.name].problem
    )
    package = f"'ncvc[{EXTRA[name]}]'" if name in EXTRA else "ncvc"
    return Command(name, missing, f"pip install {package}" if missing else None)
