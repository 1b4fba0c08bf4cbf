"""Writes the list of terms of `ncvc dictionary build` from published lists of diseases or of drugs."""

import csv
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ncvc.data.drug_names import drug_stem, without_maker, without_salt
from ncvc.data.published_lists import MANBYO, TermList
from ncvc.data.term_lists import Entry, read_entries, reject
from ncvc.errors import InputError
from ncvc.files import whole_file


@dataclass(frozen=True)
class Prepared:
    """Counts of the terms that were written."""

    rows: int
    terms: int
    dropped: dict[str, int]
    """Reason → names of rows that became no term."""
    levels: dict[str, int]
    """Level of reliability → rows; none where the list has no levels."""


def prepare_terms(kind: TermList, lists: Sequence[Path], output: Path, levels: Sequence[str] = ()) -> Prepared:
    """Writes terms into the CSV file `output`, which must not be there, and returns the counts.

    A disease gives one term, a drug its name, its brand and its ingredient, with and without salt. `levels`: of
    J-MeDic only rows of these levels of reliability. Raises `InputError` for a list that is not of its form or lacks
    these levels, and for an output that is there.
    """
    if os.path.lexists(output):
        raise InputError(f"{output}: exists already; name another file")
    if not output.absolute().parent.is_dir():
        raise InputError(f"{output}: its folder is not there; make it first")
    seen: set[str] = set()
    dropped: Counter[str] = Counter()
    found: Counter[str] = Counter()
    rows = 0
    with whole_file(output) as partial:
        with partial.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(kind.header)
            for path in lists:
                for entry in read_entries(path, kind):
                    rows += 1
                    found[entry.level] += 1
                    if levels and entry.level not in levels:
                        dropped["level"] += 1
                        continue
                    for name, *others in _terms(entry, kind):
                        if reason := reject(name, seen):
                            dropped[reason] += 1
                        else:
                            seen.add(name)
                            table.writerow([name, *others])
        if missing := [level for level in levels if level not in found]:
            there = ", ".join(sorted(level for level in found if level)) or "none"
            raise InputError(f"{lists[0]}: no row of level {missing[0]}; its levels are {there}")
        if not seen:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in sorted(dropped.items()))
            raise InputError(f"{lists[0]}: holds no term ({reasons} of {rows:,} rows); is it {kind.title}?")
        if os.path.lexists(output):
            raise InputError(f"{output}: was put there while it was written; name another file")
    known = {level: count for level, count in sorted(found.items()) if level}
    return Prepared(rows, len(seen), dict(sorted(dropped.items())), known)


def _terms(entry: Entry, kind: TermList) -> Iterator[tuple[str, ...]]:
    """Yields the terms of an entry, with the other columns of the list that is written."""
    if kind is MANBYO:
        # J-MeDic writes -1 where there is no standard name and no code.
        yield entry.name, *("" if cell == "-1" else cell for cell in (entry.belongs_to, entry.code)), entry.level
        return
    name = without_maker(entry.name)
    words = {name: "品名", drug_stem(name): "商標"} | dict.fromkeys(
        [entry.belongs_to, without_salt(entry.belongs_to)], "成分名"
    )
    for word, sort in words.items():
        if word:
            yield word, entry.belongs_to, sort
