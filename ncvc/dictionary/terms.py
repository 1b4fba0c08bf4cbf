"""Reads lists of terms: CSV, TSV or Excel, with or without a header, in any Japanese encoding."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ncvc.documents.lists import read_tables
from ncvc.errors import InputError

Column = str | int
"""Name of a column, or its number, counted from 1."""

SURFACES = re.compile(
    r"surface|terms?|names?|words?|disease|diagnosis|drug"
    r"|(.*[^a-z0-9])?(出現形|表層形|見出し語?|用語|単語|語句|名称|病名|傷病名|診断名|品名|薬品名|薬剤名|医薬品名|商品名|一般名|成分名|術式名|検査名)",
    re.IGNORECASE,
)
"""Names of columns of terms."""
OTHERS = re.compile(
    r"no\.?|#|id|code|icd.*|reading|kana|category|.*([ _]code|[ _]id)"
    r"|.*(コード|番号|読み|よみ|ヨミ|カナ|かな|ふりがな|フリガナ|区分|分類|品詞|規格|単位|薬価|備考)",
    re.IGNORECASE,
)
"""Names of columns of something else."""
JSON = (".json", ".jsonl", ".ndjson")
CODE = re.compile(r"(?=.*[0-9])[A-Za-z]{0,4}[0-9][A-Za-z0-9.\-_/]*")
"""Codes, as of ICD-10, YJ or a hospital's own list."""
JAPANESE = re.compile(r"[ぁ-ヿ一-鿿々]")
MOST_CODES = 0.5
"""Share of codes from which a column is one of codes."""


@dataclass(frozen=True)
class TermList:
    """Terms of a file, and what was noticed in it."""

    terms: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Sentences for people."""


def read_terms(path: Path, column: Column | None = None) -> TermList:
    """Reads the terms in a column of a file; without `column` the one whose header names terms, or the first.

    A file whose name is not one of Excel is TSV if its first line holds a tab, otherwise CSV. Raises `InputError` with
    the line for what cannot be read, for a column that is not there, for a column of codes that was not asked for, and
    for JSON.
    """
    if path.suffix.lower() in JSON:
        raise InputError(f"{path}: JSON, which has no columns; save the terms as CSV, TSV or Excel")
    found = TermList()
    for rows in read_tables(path):
        first = next(((line, cells) for line, cells in rows if any(cell.strip() for cell in cells)), None)
        if first is not None:
            _read_table(path, [first, *rows], column, found)
    return found


def _read_table(path: Path, rows: Sequence[tuple[int, list[str]]], column: Column | None, found: TermList) -> None:
    """Adds the terms of a table to those found."""
    head = [cell.strip() for cell in rows[0][1]]
    surfaces = [i for i, cell in enumerate(head) if SURFACES.fullmatch(cell)]
    has_header = bool(surfaces) or any(OTHERS.fullmatch(cell) for cell in head)
    if isinstance(column, str):
        if column.strip() not in head:
            raise InputError(f"{path}:{rows[0][0]}: no column {column!r}; its first row has {_listed(head)}")
        chosen, has_header = head.index(column.strip()), True
    elif column is not None:
        chosen = column - 1
        if chosen >= len(head):
            raise InputError(f"{path}:{rows[0][0]}: no column {column}; its first row has {_listed(head)}")
    else:
        chosen = surfaces[0] if surfaces else 0
    body = rows[1:] if has_header else rows
    terms = [cells[chosen] if chosen < len(cells) else "" for _, cells in body]
    if column is None:
        _refuse_codes(path, body, chosen, terms)
    found.terms.extend(terms)
    if has_header:
        found.notes.append(f"{path.name}: the first row, {_listed(head)}, names the columns and is no term")
    if chosen and column is None:
        found.notes.append(f"{path.name}: the terms are those of column {chosen + 1}, {head[chosen]}")


def _refuse_codes(path: Path, rows: Sequence[tuple[int, list[str]]], chosen: int, terms: Sequence[str]) -> None:
    """Raises `InputError` for a column of codes beside one with words."""
    filled = [term.strip() for term in terms if term.strip()]
    codes = [term for term in filled if CODE.fullmatch(term)]
    if len(codes) <= MOST_CODES * len(filled):
        return
    words = [sum(i != chosen and bool(JAPANESE.search(cell)) for i, cell in enumerate(cells)) > 0 for _, cells in rows]
    if 2 * sum(words) > len(rows):
        raise InputError(
            f"{path}: column {chosen + 1} holds codes, such as {codes[0]}, not terms; name the column of the terms"
            " with --column, by its name or number"
        )


def _listed(cells: Sequence[str]) -> str:
    return ", ".join(cell or "–" for cell in cells)
