"""One stage in a process of its own: rows as JSON lines on standard output; `run.py` starts it."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from typing import Any

import ncvc.model.lazy_dynamo  # noqa: F401  # isort: skip

import torch

from ncvc.model.kernels.select import triton_problem


def rows(name: str, *, small: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """The tables that a stage adds to, and their rows."""
    match name:
        case "gemm":
            import speed

            yield "machine", machine()
            yield from (("gemm", row) for row in speed.gemm(small))
        case "correct":
            import correct

            yield from (("correct", row) for row in correct.correct(small))
            yield from (("dropout", row) for row in correct.dropout(small))
        case "speed" | "parts":
            import speed

            yield from (("speed", row) for row in getattr(speed, name)(small))
        case "profile":
            import kernels

            yield from (("kinds" if "kind" in row else "kernels", row) for row in kernels.kernels(small))
        case "peer":
            import peer

            yield from (("peer", row) for row in peer.peer(small))
        case "learn" | "save":
            import learn

            yield from ((name, row) for row in getattr(learn, name)(small))
        case _:
            raise SystemExit(f"there is no stage {name}")


def machine() -> dict[str, Any]:
    """What this ran on."""
    names = {d.name.replace("_", "-"): d.version for d in distributions()}
    installed = {
        name: names[name] for name in ("triton", "megatron-core", "liger-kernel", "transformers") if name in names
    }
    facts = {"device": platform.processor() or platform.machine(), "torch": torch.__version__, **installed}
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        driver = subprocess.run(
            ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip()
        facts |= {"device": properties.name, "GiB": properties.total_memory / 2**30}
        facts |= {"CUDA": torch.version.cuda, "driver": driver, "Triton's kernels": triton_problem() or "can be made"}
    return facts


def main(words: list[str]) -> None:
    """Runs the stage; what else it or a library prints goes to standard error."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    if not torch.cuda.is_available():
        torch.set_num_threads(1)
    for table, row in rows(words[0], small="--small" in words):
        out.write(json.dumps([table, row], ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
