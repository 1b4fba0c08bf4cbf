"""Reads the tables of `tests/clean/meaning`: tab-separated cells, `\\n`, `\\t`, `\\uXXXX` and the like as escapes."""

import re
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "meaning"
ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|U([0-9a-f]{8})|([nt]))")
PAIR_TABLES = ("equal", "distinct")


class Case(NamedTuple):
    """A text, the cleaned texts that are right, and why."""

    text: str
    right: tuple[str, ...]
    why: str


def unescape(cell: str) -> str:
    """Replaces the escapes of a cell."""

    def replace(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else {"n": "\n", "t": "\t"}[match[3]]

    return ESCAPE.sub(replace, cell)


def rows(name: str) -> list[list[str]]:
    """Cells of a table behind its two lines of heading."""
    lines = (FOLDER / f"{name}.tsv").read_text(encoding="utf-8").split("\n")
    table = [line.split("\t") for line in lines[2:-1]]
    assert all(len(cells) == 3 for cells in table), name
    return table


def cases(name: str) -> list[Case]:
    """Cases of a table: `=` is the text itself, ` ‖ ` parts right values, and a space stands for ▁."""
    table = []
    for text, right, why in rows(name):
        values = [text] if right == "=" else right.split(" ‖ ")
        table.append(Case(unescape(text), tuple(unescape(value).replace(" ", "▁") for value in values), why))
    return table


def pairs(name: str) -> list[tuple[str, str, str]]:
    """Pairs of texts, and why."""
    return [(unescape(one), unescape(other), why) for one, other, why in rows(name)]


TABLES = sorted(path.stem for path in FOLDER.glob("*.tsv") if path.stem not in PAIR_TABLES)
