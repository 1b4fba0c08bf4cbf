"""Prints the share of documents that the filters drop: `python tools/filter_rates.py FOLDER DICTIONARY [--show]`.

FOLDER has the shared corpora: `corpora/*.jsonl.zst` with a member `text`, `jmed-llm/datasets/**/*.csv` with a column
`question` and columns `option…`, `igakuqa/data/**/*.jsonl` with `problem_text` and `choices`. DICTIONARY is the file
that `ncvc dictionary build` wrote. With --show, beginnings of dropped documents are printed too.
"""

import csv
import io
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import zstandard

import ncvc
from ncvc._native import Filters
from ncvc.corpus.filters import FiltersConfig

SHOWN = 200
"""Characters printed of a dropped document."""


def corpora(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Yields corpora: a name and the documents."""
    for path in sorted((folder / "corpora").glob("*.jsonl.zst")):
        with zstandard.open(path, "rb") as file:
            lines = io.TextIOWrapper(file, encoding="utf-8")
            yield path.name.removesuffix(".jsonl.zst"), [json.loads(line)["text"] for line in lines]
    yield (
        "jmed-llm",
        [text for path in sorted((folder / "jmed-llm/datasets").rglob("*.csv")) for text in questions(path)],
    )
    yield "igakuqa", [text for path in sorted((folder / "igakuqa/data").rglob("*.jsonl")) for text in problems(path)]


def questions(path: Path) -> Iterator[str]:
    """Yields each question of a table, its options a line each."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            options = [value for name, value in row.items() if name.startswith("option") and value]
            yield "\n".join([row["question"], *options])


def problems(path: Path) -> Iterator[str]:
    """Yields each problem of an examination, its choices a line each; nothing for translations and metadata."""
    if path.stem.endswith(("_translate", "_metadata")):
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        problem = json.loads(line)
        yield "\n".join([problem["problem_text"], *problem["choices"]])


def main() -> None:
    """Measures and prints."""
    folder, dictionary, *options = sys.argv[1:]
    filters = Filters(FiltersConfig().options(Path()), ncvc.Analyzer.load(dictionary))
    print("| corpus | documents | dropped | share | reasons |\n| --- | --- | --- | --- | --- |")
    dropped: list[tuple[str, str, str]] = []
    for name, texts in corpora(Path(folder)):
        cleaned = ncvc.clean_batch(texts)
        verdicts = zip(cleaned, filters.apply_batch(cleaned), strict=True)
        found = [(name, reason, text) for text, (_, reason) in verdicts if reason is not None]
        reasons = ", ".join(f"{reason} {n}" for reason, n in Counter(reason for _, reason, _ in found).most_common())
        share = len(found) / max(len(texts), 1)
        print(f"| {name} | {len(texts):,} | {len(found):,} | {share:.2%} | {reasons} |", flush=True)
        dropped += found
    if "--show" in options:
        for name, reason, text in dropped:
            print(f"{name}\t{reason}\t{text[:SHOWN]!r}\t{text[-SHOWN // 4 :]!r}")


if __name__ == "__main__":
    main()
