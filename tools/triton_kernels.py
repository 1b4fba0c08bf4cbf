"""Compiles every Triton kernel of a training step for GPUs that are not here; prints registers, spills, shared memory.

    python -m tools.triton_kernels [megatron_configs/ncvc-slm-1.yaml] [--arch 80 --arch 90 --arch 100]

liger-kernel's are those that a step on fake tensors launches, with the arguments of the launch; those that torch
compiles are Inductor's for the same shapes. Which there are depends on what is installed: without liger-kernel the
step takes torch's forms.
"""

import argparse
import contextlib
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import ncvc.model.lazy_dynamo  # noqa: F401  # isort: skip

import torch
import triton
from triton import knobs
from triton.runtime.jit import MockTensor

from ncvc.train.config import TrainConfig
from tools.compiled_kernels import absent_gpu, compiled_launches
from tools.step_trace import Launch, trace

ARCHES = (80, 90, 100)
"""Compute capabilities, times ten: A100, H100, B200."""


@dataclass(frozen=True)
class Usage:
    """Resources of a kernel on one kind of GPU."""

    registers: int
    """Of a thread."""
    spilled: int
    """Bytes of a thread's registers that lie in memory instead, stores and loads together."""
    shared: int
    """Bytes of a block's shared memory."""
    warps: int
    """Of a block."""


def problem(arch: int) -> str:
    """Explains why Triton cannot compile for a compute capability; empty if it can."""
    tool = knobs.nvidia.ptxas_blackwell if arch >= 100 else knobs.nvidia.ptxas
    try:
        listed = subprocess.run([tool.path, "--help"], capture_output=True, text=True, check=True).stdout
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        return f"no ptxas for sm_{arch}: {error}"
    return "" if f"sm_{arch}" in listed else f"the ptxas of Triton {triton.__version__} does not know sm_{arch}"


def step_launches(config: TrainConfig) -> dict[str, Launch]:
    """Triton kernels that a step launches itself, one launch of each, by name."""
    one, update = trace(config)
    found: dict[str, Launch] = {}
    for kernel in (*one, *update):
        if kernel.launch is not None:
            backwards = ", backwards" if kernel.launch.options.get("BACKWARD_PASS") else ""
            found.setdefault(kernel.name + backwards, kernel.launch)
    return found


def compile_for(launch: Launch, arch: int) -> Usage:
    """Compiles a kernel as its launch would, and lets ptxas say what it takes."""
    arguments = [_by_type(value) for value in launch.arguments]
    options = {name: _by_type(value) for name, value in launch.options.items()}
    with absent_gpu(arch):
        compiled = launch.kernel.warmup(*arguments, grid=(1,), **options)
    registers, spilled = assemble(compiled.asm["ptx"], arch)
    return Usage(registers, spilled, compiled.metadata.shared, compiled.metadata.num_warps)


def _by_type(value: Any) -> Any:
    """Stands in for a tensor, as Triton's compiler needs only its type."""
    return MockTensor(value.dtype) if isinstance(value, torch.Tensor) else value


def assemble(ptx: str, arch: int) -> tuple[int, int]:
    """Registers and bytes of spills that ptxas reports for a kernel's PTX."""
    tool = knobs.nvidia.ptxas_blackwell if arch >= 100 else knobs.nvidia.ptxas
    target = re.search(r"^\.target (\w+)", ptx, re.MULTILINE)
    assert target is not None
    with tempfile.NamedTemporaryFile("w", suffix=".ptx") as source:
        source.write(ptx)
        source.flush()
        command = [tool.path, "-v", f"--gpu-name={target[1]}", source.name, "-o", "/dev/null"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    stores, loads = (int(re.search(rf"(\d+) bytes spill {kind}", said)[1]) for kind in ("stores", "loads"))  # type: ignore[index]
    return int(re.search(r"Used (\d+) registers", said)[1]), stores + loads  # type: ignore[index]


def table(config: TrainConfig, arches: tuple[int, ...]) -> Iterator[str]:
    """Lines of a Markdown table: registers / bytes spilled / bytes of shared memory."""
    yield "| kernel | warps |" + "".join(f" sm_{arch} |" for arch in arches)
    yield "| --- | --- |" + " --- |" * len(arches)
    own = step_launches(config)
    by_arch = {arch: own | dict(compiled_launches(config, arch)) for arch in arches}
    for name in dict.fromkeys(name for found in by_arch.values() for name in found):
        cells, warps = [], ""
        for arch, found in by_arch.items():
            if name not in found:
                cells.append("not tried")
                continue
            usage = compile_for(found[name], arch)
            cells.append(f"{usage.registers} / {usage.spilled} / {usage.shared:,}")
            warps = str(usage.warps)
        yield f"| {name} | {warps} | " + " | ".join(cells) + " |"


def main() -> None:
    """Prints the table of a config."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", nargs="?", default="megatron_configs/ncvc-slm-1.yaml")
    parser.add_argument("--arch", action="append", type=int, default=[], metavar="N")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides")
    options = parser.parse_args()
    config = TrainConfig.load(options.config, (*options.overrides, "model.num_layers=1"))
    arches = tuple(options.arch) or ARCHES
    for arch in arches:
        if why := problem(arch):
            parser.error(why)
    with contextlib.suppress(BrokenPipeError):
        for line in table(config, arches):
            print(line, flush=True)


if __name__ == "__main__":
    main()
