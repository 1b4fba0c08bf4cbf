"""Measures the corpus pass, and training on a CPU, side by side with what people would use instead; `make bench`.

    python tools/bench [--runs 3] [--megabytes 8] [--path tokenizers=FOLDER] [--path datatrove=FOLDER]

Every measurement is a process of its own: CPU seconds are the operating system's account of it, less what the
same process uses on an empty input, so that neither start-up nor imports count; encoders time themselves. The runs of
all take turns, and the median counts. `--path` says where a peer is installed that is not in this environment (`uv pip
install --target FOLDER tokenizers==1.0.0rc3`); a peer that is nowhere is named and left out. The last lines are ratios,
`name value`: how many times the second the first is as fast.
"""

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import Measured, NotInstalledError, Peers
from prepare import Files, prepare

RATIOS = {
    "pass/python_chain": ("pass", "python_chain"),
    "pass/mecab": ("pass", "mecab"),
    "pass/vibrato": ("pass", "vibrato"),
    "pass/datatrove": ("pass", "datatrove"),
    "pass/with_quality": ("with_quality", "pass"),
    "encode/tokenizers": ("encode", "tokenizers"),
    "encode/sentencepiece": ("encode", "sentencepiece"),
    "neardup/rensa": ("neardup", "rensa"),
}


def run_all(peers: Peers, files: Files, runs: int) -> tuple[dict[str, list[float]], dict[int, list[Measured]]]:
    """CPU seconds of each program that is there, and of the pass with one and two threads all that is measured."""
    idle: dict[str, Measured] = {}
    for name in dict.fromkeys(name for pair in RATIOS.values() for name in pair):
        with contextlib.suppress(NotInstalledError):
            idle[name] = peers.run(name, files.input(name, empty=True))
    cpu: dict[str, list[float]] = {name: [] for name in idle}
    threads: dict[int, list[Measured]] = {1: [], 2: []}
    encoded = set()
    for _ in range(runs):
        for name in cpu:
            measured = peers.run(name, files.input(name))
            if measured.encoded:
                cpu[name].append(measured.encoded["seconds"])
                encoded.add(measured.encoded["ids"])
            else:
                cpu[name].append(measured.cpu - idle[name].cpu)
        for count, found in threads.items():
            nothing, measured = (peers.run("pass", path, count) for path in (files.empty, files.long))
            found.append(Measured(measured.cpu - nothing.cpu, measured.wall - nothing.wall, measured.memory))
    if len(encoded) > 1:
        raise SystemExit("the encoders' ids differ")
    return cpu, threads


def main() -> None:
    """Prepares, measures in turns, prints the table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--megabytes", type=float, default=8)
    parser.add_argument("--path", action="append", default=[], metavar="PEER=FOLDER")
    options = parser.parse_args()
    paths = dict(path.split("=", 1) for path in options.path)
    with tempfile.TemporaryDirectory() as folder:
        files = Files(Path(folder))
        sizes = prepare(files, options.megabytes)
        cpu, threads = run_all(Peers(files, paths), files, options.runs)
    speed = {name: sizes.of(name) / statistics.median(seconds) for name, seconds in cpu.items()}
    print(f"\n{sizes.raw:.1f} MB of raw text, median of {options.runs} runs; Python {sys.version.split()[0]}")
    for name, value in speed.items():
        print(f"{name:16s} {value:8.2f} MB a CPU-second")
    wall = {count: statistics.median(run.wall for run in runs) for count, runs in threads.items()}
    seconds = {count: statistics.median(run.cpu for run in runs) for count, runs in threads.items()}
    print(f"\npass, two threads: {seconds[2] / seconds[1]:.2f} times the CPU seconds of one")
    print(f"pass, two threads: {max(run.memory for run in threads[2]) / 1e9:.2f} GB of memory at the most\n")
    for ratio, (ours, theirs) in RATIOS.items():
        print(f"{ratio} {speed[ours] / speed[theirs]:.2f}" if theirs in speed else f"{ratio} skipped: not installed")
    print(f"threads2/threads1 {wall[1] / wall[2]:.2f}", flush=True)
    for program in ("attention.py", "training.py"):
        subprocess.run([sys.executable, Path(__file__).with_name(program)], check=True)


if __name__ == "__main__":
    main()
