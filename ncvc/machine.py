"""Examines this machine: cores, memory, disk, and the GPUs that the driver's `nvidia-smi` lists."""

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")
CPU_INFO = Path("/proc/cpuinfo")
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}
"""Names by which x86 and Arm processors say that they multiply bfloat16."""


@dataclass(frozen=True)
class Gpu:
    """One GPU; `memory_mib` is None if the driver does not know it."""

    name: str
    memory_mib: int | None
    driver: str


@dataclass(frozen=True)
class Machine:
    """Facts of a machine; sizes in bytes."""

    system: str
    python: str
    cores: int
    memory: int
    disk_free: int
    gpus: tuple[Gpu, ...]


def machine(folder: Path) -> Machine:
    """Examines this machine; free disk space is that of the disk of `folder`."""
    return Machine(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        cores=len(os.sched_getaffinity(0)),
        memory=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        disk_free=disk_free(folder),
        gpus=gpus(),
    )


def memory_limit() -> int:
    """Returns the bytes of memory that this process and its children may use: the machine's, or its control group's."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        return min(machine, int(CGROUP_LIMIT.read_text()))
    except (OSError, ValueError):  # no control group, or "max"
        return machine


def disk_free(path: Path) -> int:
    """Returns the free bytes of the disk on which `path` is or would be."""
    return shutil.disk_usage(nearest_folder(path)).free


def cpu_warnings(dtype: str) -> list[str]:
    """Sentences about computing in `dtype` on this CPU."""
    return [slow] if dtype == "bfloat16" and (slow := slow_bfloat16()) else []


def slow_bfloat16() -> str:
    """Says that this CPU emulates products of bfloat16; empty where it has them, or nobody knows."""
    try:
        lines = CPU_INFO.read_text().splitlines()
    except OSError:
        return ""
    flags = {word for line in lines if line.lower().startswith(("flags", "features")) for word in line.split()}
    if not flags or flags & BFLOAT16_FLAGS:
        return ""
    return "this CPU has no bfloat16 products: compute.dtype: float32 is about ten times as fast"


def nearest_folder(path: Path) -> Path:
    """Returns the path itself if it is there, or else the nearest of the folders that it would be in."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())


def gpus() -> tuple[Gpu, ...]:
    """Lists the GPUs that the driver knows; none where there is no driver."""
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
