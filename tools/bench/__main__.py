"""Measures the corpus pass, training and evaluation beside what people would use instead; `make bench`.

    python tools/bench [--runs 5] [--megabytes 8] [--peers all] [--path tokenizers=FOLDER]

Every measurement is a process of its own: CPU seconds are the operating system's account of it, less what the
same process uses on an empty input, so that neither start-up nor imports count; encoders time themselves. The two
programs of a ratio run in turn, pair after pair, and the median of the pairs' ratios counts: noise that comes and goes
meets both. `--peers all` installs the peers that are not in this environment, each in a folder of its own (`peers.py`);
`--path` names a folder where one is. A peer that is nowhere is named and left out. The last lines are ratios,
`name value (least to greatest)`: how many times the second the first is as fast.
"""

import argparse
import contextlib
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from measure import Measured, NotInstalledError, Peers
from peers import installed_peers
from prepare import Files, Sizes, prepare

RATIOS = {
    "pass/python_chain": ("pass", "python_chain"),
    "pass/mecab": ("pass", "mecab"),
    "pass/vibrato": ("pass", "vibrato"),
    "pass/lindera": ("pass", "lindera"),
    "pass/hojichar": ("pass", "hojichar"),
    "pass/datatrove": ("pass", "datatrove"),
    "pass/with_quality": ("with_quality", "pass"),
    "encode/tokenizers": ("encode", "tokenizers"),
    "encode/sentencepiece": ("encode", "sentencepiece"),
    "neardup/rensa": ("neardup", "rensa"),
}


@dataclass
class Pairs:
    """CPU seconds of two programs that ran in turn, the first's before the second's."""

    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)

    def times_as_fast(self, sizes: Sizes, names: tuple[str, str]) -> list[float]:
        """Says for each pair how many times the second's MB a CPU-second the first had."""
        weight = sizes.of(names[0]) / sizes.of(names[1])
        return sorted(weight * theirs / ours for ours, theirs in zip(self.ours, self.theirs, strict=True))


def run_pairs(peers: Peers, files: Files, runs: int) -> dict[str, Pairs]:
    """Runs both programs of each ratio that are there, in turn; raises `SystemExit` where encoders' ids differ."""
    idle: dict[str, float] = {}
    for name in dict.fromkeys(name for pair in RATIOS.values() for name in pair):
        with contextlib.suppress(NotInstalledError):
            idle[name] = peers.run(name, files.input(name, empty=True)).cpu
    encoded = set()

    def seconds(name: str) -> float:
        measured = peers.run(name, files.input(name))
        if measured.encoded is None:
            return measured.cpu - idle[name]
        encoded.add(measured.encoded["ids"])
        return float(measured.encoded["seconds"])

    found = {ratio: Pairs() for ratio, names in RATIOS.items() if set(names) <= set(idle)}
    for _ in range(runs):
        for ratio, pairs in found.items():
            ours, theirs = RATIOS[ratio]
            pairs.ours.append(seconds(ours))
            pairs.theirs.append(seconds(theirs))
    if len(encoded) > 1:
        raise SystemExit("the encoders' ids differ")
    return found


def run_threads(peers: Peers, files: Files, runs: int) -> dict[int, list[Measured]]:
    """Runs the pass with one and with two threads, in turn."""
    threads: dict[int, list[Measured]] = {1: [], 2: []}
    for _ in range(runs):
        for count, found in threads.items():
            nothing, measured = (peers.run("pass", path, count) for path in (files.empty, files.long))
            found.append(Measured(measured.cpu - nothing.cpu, measured.wall - nothing.wall, measured.memory))
    return threads


def main() -> None:
    """Prepares, measures in turns, prints the table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="pairs a ratio")
    parser.add_argument("--megabytes", type=float, default=8)
    parser.add_argument("--peers", choices=["here", "all"], default="here", help="all installs those that are not here")
    parser.add_argument("--path", action="append", default=[], metavar="PEER=FOLDER")
    options = parser.parse_args()
    paths = installed_peers() if options.peers == "all" else {}
    paths |= dict(path.split("=", 1) for path in options.path)
    with tempfile.TemporaryDirectory() as folder:
        files = Files(Path(folder))
        sizes = prepare(files, options.megabytes)
        peers = Peers(files, paths)
        found = run_pairs(peers, files, options.runs)
        threads = run_threads(peers, files, options.runs)
    print(f"\n{sizes.raw:.1f} MB of raw text, {options.runs} pairs a ratio; Python {sys.version.split()[0]}")
    for name in dict.fromkeys(name for ratio in found for name in RATIOS[ratio]):
        spent = [value for ratio, pairs in found.items() for value in _seconds(pairs, RATIOS[ratio], name)]
        print(f"{name:16s} {sizes.of(name) / statistics.median(spent):8.2f} MB a CPU-second")
    spent_of = {count: statistics.median(run.cpu for run in runs) for count, runs in threads.items()}
    print(f"\npass, two threads: {spent_of[2] / spent_of[1]:.2f} times the CPU seconds of one")
    print(f"pass, two threads: {max(run.memory for run in threads[2]) / 1e9:.2f} GB of memory at the most\n")
    for ratio, names in RATIOS.items():
        if ratio in found:
            print_ratio(ratio, found[ratio].times_as_fast(sizes, names))
        else:
            print(f"{ratio} skipped: not installed")
    print_ratio("threads2/threads1", [one.wall / two.wall for one, two in zip(*threads.values(), strict=True)])
    sys.stdout.flush()
    for program in ("attention.py", "training.py", "evaluation.py", "synthesis.py"):
        subprocess.run([sys.executable, Path(__file__).with_name(program)], check=True)


def print_ratio(name: str, values: list[float]) -> None:
    """Prints the median of the pairs, their least and greatest."""
    spread = f"{min(values):.2f} to {max(values):.2f}"
    print(f"{name} {statistics.median(values):.2f}   ({spread} in {len(values)} pairs)")


def _seconds(pairs: Pairs, names: tuple[str, str], name: str) -> list[float]:
    return [
        value
        for each, values in zip(names, (pairs.ours, pairs.theirs), strict=True)
        if each == name
        for value in values
    ]


if __name__ == "__main__":
    main()
