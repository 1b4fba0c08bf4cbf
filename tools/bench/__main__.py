"""Measures the corpus pass side by side with what people would script instead; `make bench`.

    python tools/bench [--runs 3] [--megabytes 8]

Every measurement is a process of its own: CPU seconds are the operating system's account of it, less what the
same process uses on an empty input, so that neither start-up nor imports count. The runs of all take turns, and
the median counts. The last lines are ratios, `name value`: how many times the second the first is as fast.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from near_duplicates import with_copies

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("NCVC_SHARED", HERE.parents[2] / "shared")) / "data/corpora"

RATIOS = {
    "pass/python_chain": ("pass", "python_chain"),
    "pass/mecab": ("pass", "mecab"),
    "pass/vibrato": ("pass", "vibrato"),
    "neardup/rensa": ("neardup", "rensa"),
}


@dataclass(frozen=True)
class Files:
    """What the measured programs read and write."""

    folder: Path

    @property
    def raw(self) -> Path:
        """Raw documents as JSON lines."""
        return self.folder / "raw.jsonl"

    @property
    def copies(self) -> Path:
        """The same documents, and edited copies of some."""
        return self.folder / "copies.jsonl"

    def of(self, program: str) -> Path:
        """What a program reads."""
        return self.copies if program in ("neardup", "rensa") else self.raw

    @property
    def empty(self) -> Path:
        """One short document."""
        return self.folder / "empty.jsonl"

    @property
    def dictionary(self) -> Path:
        """The dictionary file."""
        return self.folder / "dictionary"

    @property
    def tokenizer(self) -> Path:
        """A tokenizer trained on the text itself."""
        return self.folder / "tokenizer"


def texts(megabytes: float) -> list[str]:
    """Real text where it is there, else the demo's."""
    source = SHARED / "general_ja.jsonl.zst"
    if source.exists():
        import zstandard

        with source.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as reader:
            raw = reader.read(int(megabytes * 1.1e6)).decode(errors="ignore")
        found = [json.loads(line)["text"] for line in raw.splitlines()[:-1]]
    else:
        from ncvc.demo.text import documents

        found = [document["text"] for document in documents(seed=1)]
    kept, size = [], 0
    for text in found:
        if size > megabytes * 1e6:
            break
        kept.append(text)
        size += len(text.encode())
    return kept


def write(path: Path, documents: list[str]) -> float:
    """Writes JSON lines; returns the MB of raw text."""
    rows = (json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in documents)
    path.write_text("".join(rows), encoding="utf-8")
    return sum(len(text.encode()) for text in documents) / 1e6


def prepare(files: Files, megabytes: float) -> dict[Path, float]:
    """Writes inputs, dictionary and tokenizer; returns the MB of raw text of each input."""
    documents = texts(megabytes)
    sizes = {files.raw: write(files.raw, documents), files.copies: write(files.copies, with_copies(documents))}
    files.empty.write_text('{"text": "空"}\n', encoding="utf-8")
    ncvc = [sys.executable, "-m", "ncvc"]
    subprocess.run([*ncvc, "dictionary", "build", files.dictionary, "--base", "ipadic"], check=True)
    train = ["tokenizer", "train", files.tokenizer, files.raw, "--dictionary", files.dictionary]
    subprocess.run([*ncvc, *train, "--vocab-size", "16384"], check=True)
    return sizes


def measure(program: str, source: Path, files: Files, threads: int = 1) -> tuple[float, float]:
    """CPU and wall seconds of one program on one input."""
    command = [sys.executable, HERE / "programs.py", program, source, files.folder, str(threads)]
    started = time.monotonic()
    process = subprocess.Popen([str(part) for part in command], cwd=files.folder)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{program} failed")
    return usage.ru_utime + usage.ru_stime, time.monotonic() - started


def main() -> None:
    """Prepares, measures in turns, prints the table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--megabytes", type=float, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = Files(Path(folder))
        sizes = prepare(files, options.megabytes)
        programs = dict.fromkeys(name for pair in RATIOS.values() for name in pair)
        base = {name: measure(name, files.empty, files)[0] for name in programs}
        cpu: dict[str, list[float]] = {name: [] for name in programs}
        wall: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(options.runs):
            for name in programs:
                cpu[name].append(measure(name, files.of(name), files)[0] - base[name])
            for threads in wall:
                idle = measure("pass", files.empty, files, threads)[1]
                wall[threads].append(measure("pass", files.raw, files, threads)[1] - idle)
    speed = {name: sizes[files.of(name)] / statistics.median(seconds) for name, seconds in cpu.items()}
    print(f"\n{sizes[files.raw]:.1f} MB of raw text, median of {options.runs} runs")
    for name, value in speed.items():
        print(f"{name:16s} {value:8.2f} MB a CPU-second")
    print()
    for ratio, (ours, theirs) in RATIOS.items():
        print(f"{ratio} {speed[ours] / speed[theirs]:.2f}")
    print(f"threads2/threads1 {statistics.median(wall[1]) / statistics.median(wall[2]):.2f}")


if __name__ == "__main__":
    main()
