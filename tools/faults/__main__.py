"""Injects faults at every system call of a small run; `make faults PART=preprocess`.

    python tools/faults checkpoint [--every 1]

Each trial kills the process at one call, or lets that call fail as on a full or a broken disk; then the same
command is given again and must end with the bytes of an undisturbed run. Needs strace. The last line is
`N trials, M wrong`; the exit status is 1 if any was wrong.

    python tools/faults train [--every 1]

interrupts whole trainings instead, at moments of chance; see train.py. `continued` does so with branches, changed
settings and hooks at checkpoints; see continued.py.
"""

import argparse
import importlib
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Runs the matrix of one part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["checkpoint", "convert", "continued", "preprocess", "train"])
    parser.add_argument("--every", type=int, default=1, help="do every so manieth trial only")
    options = parser.parse_args()
    part = importlib.import_module(options.part)
    count = failed = 0
    shown = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for what, wrong in part.trials(Path(folder), options.every):
            count += 1
            if wrong:
                failed += 1
                print(f"wrong: {what}: {wrong}", flush=True)
            if time.monotonic() - shown > 30:
                shown = time.monotonic()
                print(f"{count} trials so far, the last: {what}", file=sys.stderr, flush=True)
    print(f"{count} trials, {failed} wrong")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
