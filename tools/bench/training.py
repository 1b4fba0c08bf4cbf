"""The whole step of demo.yaml by `ncvc train`, by plain transformers and by plain PyTorch: tokens a CPU-second.

    python tools/bench/training.py [--turns 5] [--steps 6]

Three processes of one rank and one thread take turns, each with the same weights, samples, learning rates, clipping and
AdamW; their losses must agree. CPU seconds are those of a process while it makes its steps. ncvc's step is all that a
training does in one: samples from the dataset, the guard, the log with TensorBoard. The others' samples lie in memory.
The last lines are `train/transformers` and `train/plain`: how many times as fast ncvc is.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
NAMES = ("ncvc", "transformers", "plain")
TOLERANCE = 2e-4
"""Nats by which losses may differ: rounding, after as many steps as a measurement has."""


class Program:
    """A process that makes steps when it is told to."""

    def __init__(self, name: str, folder: Path, steps: int) -> None:
        command = [sys.executable, str(Path(__file__).with_name("training_programs.py")), name, str(folder), str(steps)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.losses: list[float] = []
        self.seconds: list[float] = []
        assert self._answer() == {"ready": name}

    def turn(self, steps: int) -> None:
        """Makes steps, and keeps their losses and the CPU seconds of one."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        told = self._answer()
        self.losses += told["losses"]
        self.seconds.append(told["cpu"] / steps)

    def close(self) -> None:
        """Ends the process."""
        self.process.communicate()

    def _answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args}: ended with status {self.process.wait()}")
        return json.loads(line)


def measure(turns: int, steps: int) -> dict[str, Program]:
    """Runs all programs by turns; the first turn warms them up and does not count."""
    with tempfile.TemporaryDirectory(prefix="ncvc-bench-") as folder:
        programs = {name: Program(name, Path(folder), (turns + 1) * steps) for name in NAMES}
        for _ in range(turns + 1):
            for program in programs.values():
                program.turn(steps)
        for program in programs.values():
            program.close()
    return programs


def main() -> None:
    """Prints the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--steps", type=int, default=6)
    options = parser.parse_args()
    programs = measure(options.turns, options.steps)
    ours = programs["ncvc"]
    for name, program in programs.items():
        apart = max(abs(own - other) for own, other in zip(ours.losses, program.losses, strict=True))
        if apart > TOLERANCE:
            raise SystemExit(f"{name}: a loss differs by {apart:.2g} nats, so the programs do not train the same")
        middle = statistics.median(program.seconds[1:])
        print(f"{name:13s} {middle:.4f} CPU seconds a step, losses within {apart:.1g}")
    for name in NAMES[1:]:
        ratio = statistics.median(
            other / own for own, other in zip(ours.seconds[1:], programs[name].seconds[1:], strict=True)
        )
        print(f"train/{name} {ratio:.2f}")


if __name__ == "__main__":
    main()
