"""Recall and precision of the clinical set on written lines; hospitals and wards, a switch of their own, by themselves.

`python tests/clean/privacy/measure_people.py [--lines]` prints it for every kind.
`SUBJECT_SET.tsv` lists kind, text, substrings that must go and words that must stay, parted by |;
`SUBJECT_kept_SET.tsv` lists kind and text of lines in which nothing may go.
"""

import argparse
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import ncvc

FOLDER = Path(__file__).parent
SUBJECTS = ("people", "identifiers")
SETS = ("visible", "held_out", "unseen", "fresh", "ordinary", "records", "wards", "letters", "homecare")
TABLES = [(subject, name) for subject in SUBJECTS for name in SETS if (FOLDER / f"{subject}_{name}.tsv").exists()]
TAG = re.compile(r"〔\*[^〕]*〕")
type Clean = Callable[[str], str]

plain: Clean = ncvc.clean
clinical = partial(ncvc.clean, clinical=True, replacement="tag")
hospitals = partial(ncvc.clean, hospitals=True, replacement="tag")


class Case(NamedTuple):
    """A line, what must go from it and what must stay."""

    kind: str
    text: str
    gone: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()


class Count(NamedTuple):
    """Faults of a kind among all chances for them."""

    faults: int
    total: int

    @property
    def share(self) -> float:
        return 1 - self.faults / self.total if self.total else 1.0


def read(table: str) -> list[Case]:
    """Cases of a table."""
    cases = []
    for row in (FOLDER / f"{table}.tsv").read_text(encoding="utf-8").split("\n")[1:-1]:
        kind, *cells = (cell.replace("\\n", "\n").replace("\\t", "\t") for cell in row.split("\t"))
        text, gone, stays = (*cells, "", "")[:3]
        cases.append(Case(kind, text, tuple(filter(None, gone.split("|"))), tuple(filter(None, stays.split("|")))))
    return cases


def cases(table: str, *, hospitals: bool = False) -> list[Case]:
    """Cases of hospitals and wards, which are switched on by themselves, or all others."""
    return [case for case in read(table) if case.kind.startswith("hospital") == hospitals]


def fold(text: str) -> str:
    """Letters and digits alone: cleaning writes white space, dashes and separators in its own form."""
    letters = (c for c in unicodedata.normalize("NFKC", TAG.sub("\0", text)) if c.isalnum() or c == "\0")
    return "".join(letters).replace("ー", "")


def missed(case: Case, clean: Clean) -> list[str]:
    """Substrings that should have gone."""
    cleaned = fold(clean(case.text))
    return [part for part in case.gone if fold(part) in cleaned]


def lost(case: Case, clean: Clean) -> list[str]:
    """Words that should have stayed; the line itself where nothing may go."""
    cleaned = clean(case.text)
    if not case.gone:
        return [] if cleaned == plain(case.text) else [case.text]
    return [part for part in case.stays if fold(part) not in fold(cleaned)]


def recall(cases: list[Case], clean: Clean) -> dict[str, Count]:
    """Substrings that stayed, by kind."""
    faults, total = Counter[str](), Counter[str]()
    for case in cases:
        faults[case.kind] += len(missed(case, clean))
        total[case.kind] += len(case.gone)
    return {kind: Count(faults[kind], total[kind]) for kind in total}


def precision(cases: list[Case], clean: Clean) -> dict[str, Count]:
    """Words, or lines in which nothing may go, that went, by kind."""
    faults, total = Counter[str](), Counter[str]()
    for case in cases:
        if case.gone and not case.stays:
            continue
        faults[case.kind] += len(lost(case, clean))
        total[case.kind] += len(case.stays) or 1
    return {kind: Count(faults[kind], total[kind]) for kind in total}


def whole(counts: dict[str, Count]) -> Count:
    """Sum over kinds."""
    return Count(sum(count.faults for count in counts.values()), sum(count.total for count in counts.values()))


def show(title: str, counts: dict[str, Count]) -> None:
    """Prints a row a kind; no text, which for the held-out set nobody is to read."""
    for kind, count in [*counts.items(), ("all", whole(counts))]:
        print(f"{title:<36}{kind:<14}{count.faults:>5} of {count.total:>5}{count.share:>9.2%}")


def measure(title: str, positive: list[Case], kept: list[Case], clean: Clean, *, lines: bool) -> None:
    """Prints the counts of a set, and its faults where they may be read."""
    show(f"{title}: missed", recall(positive, clean))
    show(f"{title}: lost beside", precision(positive, clean))
    show(f"{title}: lost in kept", precision(kept, clean))
    for case in positive + kept if lines else []:
        for word, parts in (("missed", missed(case, clean)), ("lost", lost(case, clean))):
            if parts:
                print(f"{word}\t{case.kind}\t{case.text!r}\t{parts}\t{clean(case.text)!r}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--lines", action="store_true", help="print the faults of the visible set")
    lines = options.parse_args().lines
    for subject, name in TABLES:
        positive, kept = cases(f"{subject}_{name}"), cases(f"{subject}_kept_{name}")
        measure(f"{subject} {name}", positive, kept, clinical, lines=lines and name == "visible")
        if subject == "identifiers":
            positive, kept = (cases(f"{subject}{kind}_{name}", hospitals=True) for kind in ("", "_kept"))
            measure(f"hospitals {name}", positive, kept, hospitals, lines=lines and name == "visible")


if __name__ == "__main__":
    main()
