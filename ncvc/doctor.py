"""What this machine has, what `ncvc` would use of it, and which commands can run.

Nothing heavy is imported: packages are known by their metadata, GPUs by the driver's own `nvidia-smi`, and
what a command needs by the requirements that `ncvc` itself declares in pyproject.toml.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.machinery import PathFinder
from importlib.metadata import Distribution, requires
from pathlib import Path

from packaging.requirements import Requirement

from ncvc import __version__

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
class Gpu:
    """One GPU as the driver describes it; memory in MiB where the driver knows it."""

    name: str
    memory_mib: int | None
    driver: str


@dataclass(frozen=True)
class Machine:
    """The machine; sizes in bytes."""

    system: str
    python: str
    cores: int
    memory: int
    disk_free: int
    gpus: tuple[Gpu, ...]


@dataclass(frozen=True)
class Package:
    """A distribution: its version if it is installed, and what is wrong with it if something is."""

    name: str
    version: str | None
    purpose: str
    problem: str | None = None


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
    machine = Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        cores=len(os.sched_getaffinity(0)),
        memory=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        disk_free=shutil.disk_usage(folder).free,
        gpus=gpus(),
    )
    needed = {extra: _requirements(extra) for extra in ("", *EXTRA.values())}
    packages: dict[str, Package] = {}
    for extra in sorted(needed, key=lambda extra: len(needed[extra])):
        for requirement in needed[extra]:
            packages.setdefault(requirement.name, _required(requirement, extra, path))
    for name, purpose in OPTIONAL.items():
        packages[name] = _optional(name, purpose, path)
    return Report(
        ncvc=__version__,
        machine=machine,
        packages=tuple(packages.values()),
        would_use=_choices(machine, path),
        commands=tuple(_command(name, needed[EXTRA.get(name, "")], packages) for name in commands),
    )


def gpus() -> tuple[Gpu, ...]:
    """The GPUs that the driver lists; none where there is no driver."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    fields = "--query-gpu=name,memory.total,driver_version"
    try:
        listed = subprocess.run(
            [program, fields, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    rows = (line.split(", ") for line in listed.splitlines())
    return tuple(
        Gpu(name, int(memory) if memory.isdigit() else None, driver)  # "[N/A]" where memory is the machine's
        for name, memory, driver in rows
    )


def _requirements(extra: str) -> list[Requirement]:
    """What `ncvc` declares for `extra`, with that of the base and of the extras that it includes."""
    found = []
    for requirement in map(Requirement, requires("ncvc") or []):
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        if requirement.name == "ncvc":
            found += [part for included in sorted(requirement.extras) for part in _requirements(included)]
        else:
            found.append(requirement)
    return list(dict.fromkeys(found))


def _find(name: str, path: list[str]) -> Distribution | None:
    return next(iter(Distribution.discover(name=name, path=path)), None)


def _required(requirement: Requirement, extra: str, path: list[str]) -> Package:
    distribution = _find(requirement.name, path)
    version = distribution.version if distribution else None
    problem = None
    if version and not requirement.specifier.contains(version, prereleases=True):
        problem = f"ncvc needs {requirement.name}{requirement.specifier}"
    return Package(requirement.name, version, f"ncvc[{extra}]" if extra else "ncvc", problem)


def _optional(name: str, purpose: str, path: list[str]) -> Package:
    distribution = _find(name, path)
    if distribution is None:
        return Package(name, None, purpose)
    problem = wrong_apex(path) if name == "apex" else None
    return Package(name, distribution.version, purpose, problem)


def wrong_apex(path: Sequence[str] | None = None) -> str | None:
    """What is wrong if a package called apex is installed that is not NVIDIA's; None if nothing is.

    NVIDIA's has no page on PyPI, where the name belongs to another package. `path` is where distributions are
    looked for (default: where Python looks).
    """
    path = list(sys.path if path is None else path)
    distribution = _find("apex", path)
    if distribution is None or PathFinder.find_spec("amp_C", path):  # one of the extensions of NVIDIA's
        return None
    summary = distribution.metadata.get("Summary", "")
    if "NVIDIA" in summary:
        return None
    return (
        f"this is not NVIDIA's apex but another package of that name ({summary!r}), which megatron-core"
        " would try to use; remove it with: pip uninstall apex"
    )


def _choices(machine: Machine, path: list[str]) -> dict[str, str]:
    """What training would run on."""
    torch = _find("torch", path)
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
