"""Prints how much of the private data in generated text cleaning removes: `python tools/privacy_table.py`.

The sentences are made by tests/clean/privacy. With --misses, what went wrong is printed too: it is generated
text, nobody's data.
"""

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/clean/privacy"))

from clinical_measure import measure_clinical
from measure import Measurement, measure


def show(title: str, result: Measurement) -> None:
    """Prints the tables of a measurement."""
    print(f"### {title}\n\n| category | sentences | recall | precision |\n| --- | --- | --- | --- |")
    for row in result.rows:
        print(f"| {row.category} | {row.total:,} | {row.recall:.2%} | {row.precision:.2%} |")
    print("\n| hard negatives | lines | changed |\n| --- | --- | --- |")
    changed = Counter(category for category, _ in result.changed)
    for category, total in result.negatives.items():
        print(f"| {category} | {total:,} | {changed[category]} |")
    print()
    if "--misses" in sys.argv:
        for kind, texts in [("missed", result.missed), ("changed", result.changed)]:
            print(*(f"{kind}\t{category}\t{text!r}" for category, text in texts), sep="\n")


def main() -> None:
    """Measures and prints."""
    show("The papers' rules", measure())
    show("The clinical set", measure_clinical())


if __name__ == "__main__":
    main()
