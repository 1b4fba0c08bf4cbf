"""Reads lists of diseases and of drugs in their published forms: CSV, TSV or Excel, with the names of their columns.

J-MeDic (万病辞書) is also read without a header, as three columns, and as the source of a user dictionary of MeCab.
"""

import re
import unicodedata
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from ncvc.data.published_lists import MANBYO, TermList
from ncvc.documents.lists import read_tables
from ncvc.errors import InputError

LONGEST = 60
"""Characters of a name; longer entries are descriptions."""
LETTER = re.compile(r"[ぁ-ゖァ-ヺ一-鿿々A-Za-zα-ωΑ-Ω]")
HEADER_WITHIN = 10
"""Rows of a table among which its header is looked for; titles stand above some."""


@dataclass(frozen=True)
class Entry:
    """A row of a list."""

    name: str
    """Name of the disease or drug, in NFKC."""
    belongs_to: str
    """Standard name of a disease, ingredient of a drug."""
    code: str = ""
    """Code of ICD-10, or of the price list."""
    level: str = ""
    """Level of reliability of a disease."""


_CODE = re.compile(r"[A-Z]\d.*|-1|")
"""ICD-10, and what J-MeDic writes where there is none."""
_FEATURE = re.compile(r"(?P<reading>[^;]*);icd=(?P<code>[^;]*);lv=(?P<level>[^;/]*)(?:/freq=[^;]*)?;(?P<belongs_to>.*)")
"""Feature of J-MeDic's user dictionary for MeCab."""
_BREAK = re.compile(r"\s*[\r\n\v\f\x85\u2028\u2029]\s*")
_NUMBER = re.compile(r"-?\d+")


def read_entries(path: Path, kind: TermList) -> Iterator[Entry]:
    """Yields the rows of a list; raises `InputError` with what is expected for a file that has none of this form."""
    none = True
    try:
        for table in read_tables(path):
            rows = ((number, [_plain(cell) for cell in cells]) for number, cells in table)
            for entry in _entries(rows, kind, path):
                none = False
                yield entry
    except InputError as error:
        raise InputError(f"{error}; {_expected(kind)}") from None
    if none:
        raise InputError(f"{path}: no rows in the form of {kind.title}; {_expected(kind)}")


def reject(name: str, known: Container[str]) -> str | None:
    """Returns the reason why a name is no term or topic: too short or long, without letters, or known already."""
    if not LETTER.search(name):
        return "no_letters"
    if len(name) < 2:
        return "too_short"
    if len(name) > LONGEST:
        return "too_long"
    return "repeated" if name in known else None


def _expected(kind: TermList) -> str:
    return f"expected {kind.form}"


def _plain(cell: str) -> str:
    """Returns a cell in NFKC; one that was broken into lines is one line, without what cannot be seen."""
    text = _BREAK.sub(_joint, unicodedata.normalize("NFKC", cell)).replace("\t", " ")
    return "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cf")).strip()


def _joint(found: re.Match[str]) -> str:
    """Returns what stands for a line break: a space between words of ASCII, nothing in Japanese."""
    before, after = found.string[: found.start()][-1:], found.string[found.end() :][:1]
    return " " if before and after and (before + after).isascii() else ""


def _entries(rows: Iterator[tuple[int, list[str]]], kind: TermList, path: Path) -> Iterator[Entry]:
    """Yields the entries of a table; none of one without a header that is in no known form.

    Raises `InputError` for a header that lacks a needed column, and for a row with more cells than the header.
    """
    filled = ((number, cells) for number, cells in rows if any(cells))
    head = list(islice(filled, HEADER_WITHIN))
    for place, (line, row) in enumerate(head):
        names = ["".join(cell.split()) for cell in row]
        places = {member: _place(names, known) for member, known in kind.columns.items()}
        if places["name"] is not None:
            if places["belongs_to"] is None:
                raise InputError(
                    f"{path}:{line}: has the column {names[places['name']]}, and no {kind.columns['belongs_to'][0]}"
                )
            for number, cells in chain(head[place + 1 :], filled):
                if any(cells[len(row) :]):
                    raise InputError(
                        f"{path}:{number}: has more cells than the header; put a cell with a separator into quotation"
                        " marks"
                    )
                yield Entry(**{member: _cell(cells, place) for member, place in places.items()})
            return
    if kind is MANBYO and head and (reads := _headerless(head[0][1])):
        yield from (reads(cells) for _, cells in chain(head, filled))


def _headerless(first: list[str]) -> Callable[[list[str]], Entry] | None:
    """Tells a form without a header by its first row: three columns, or a source of MeCab."""
    if len(first) == 3 and _CODE.fullmatch(first[1]):
        return lambda cells: Entry(_cell(cells, 0), _cell(cells, 2), _cell(cells, 1))
    if len(first) > 4 and all(_NUMBER.fullmatch(cell) for cell in first[1:4]):
        return _of_mecab
    return None


def _place(names: list[str], known: tuple[str, ...]) -> int | None:
    return next((place for place, name in enumerate(names) if name in known), None)


def _cell(cells: list[str], place: int | None) -> str:
    return cells[place] if place is not None and place < len(cells) else ""


def _of_mecab(cells: list[str]) -> Entry:
    """Reads a row of MeCab's dictionary source: surface, two context ids, cost, features."""
    found = next((match for cell in cells[4:] if (match := _FEATURE.fullmatch(cell))), None)
    return Entry(cells[0], found["belongs_to"], found["code"], found["level"]) if found else Entry(cells[0], "")
