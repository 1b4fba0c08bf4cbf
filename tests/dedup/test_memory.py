"""Memory is bounded by the limit, not by the corpus."""

import subprocess
import sys
from pathlib import Path

import ncvc._native as native
from ncvc.corpus.duplicates import DuplicatesConfig

PEAK = """
import sys
import ncvc._native as native

def kilobytes(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name + ":"))

options, folder, *parts = sys.argv[1:]
plan = native.Deduplication([(f"{part}.fingerprints", part, "text") for part in parts], options, folder)
before = kilobytes("VmRSS")
plan.run(1)
print(kilobytes("VmHWM") - before, dict(plan.steps())["sentences"])
"""


def grown(folder: Path, parts: list[str], memory: int) -> tuple[int, int]:
    """The growth of the resident set in bytes, and the number of buckets of sentences."""
    options = DuplicatesConfig(near=0.8, memory=memory).model_dump_json()
    command = [sys.executable, "-c", PEAK, options, str(folder / f"work-{memory}"), *parts]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    kilobytes, buckets = done.stdout.split()
    return 1024 * int(kilobytes), int(buckets)


def test_memory_is_bounded(tmp_path: Path) -> None:
    # 240,000 sentences, each twice.
    options = DuplicatesConfig(near=0.8).model_dump_json()
    parts = []
    for number in range(4):
        path = tmp_path / f"{number}.jsonl"
        rows = range(2000 * (number % 2), 2000 * (number % 2) + 2000)
        texts = ("".join(f"第{row}章の{i}番目に書かれた文。" for i in range(60)) for row in rows)
        path.write_text("".join(f'{{"text": "{number}{text}"}}\n' for text in texts), encoding="utf-8")
        native.fingerprint_part(path, "text", options, f"{path}.fingerprints")
        parts.append(str(path))
    little, buckets = grown(tmp_path, parts, 2**20)
    much, one = grown(tmp_path, parts, 2**30)
    print(f"{little} bytes with a limit of 1 MiB in {buckets} buckets, {much} with 1 GiB")
    assert (buckets > 20, one) == (True, 1)
    assert little < 6 * 2**20 < 8 * 2**20 < much
