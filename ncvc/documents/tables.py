"""Makes documents of the rows of tables: CSV, TSV and Excel.

A document has the member `text`, the chosen columns joined by line feeds, and the other columns under their names. A
row that has nothing is no document.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ncvc.documents.csv_rows import Row, read_rows
from ncvc.documents.unreadable import Members, UnreadableError
from ncvc.documents.workbook import read_sheets

SEPARATORS = {"csv": ",", "tsv": "\t"}

DATA = re.compile(r"[0-9０-９]{3}|.{25}")
"""Cells of records rather than names of columns: numbers, dates, sentences."""

Columns = tuple[str | int, ...]
"""Names of columns, or their numbers, counted from 1."""
Entry = tuple[int, Members | UnreadableError]
"""Place of a document in its file, and its members."""


@dataclass(frozen=True)
class Table:
    """Names and places of columns by a table's first row."""

    chosen: list[int]
    """Columns that make the text."""
    others: list[tuple[int, str]]
    """Other columns, and the members that they become."""
    width: int

    @classmethod
    def of(cls, first: Sequence[str], columns: Columns, *, header: bool) -> "Table":
        """Describes the table with this first row, which names the columns if `header`.

        A name that stands twice stands for both columns. Raises `UnreadableError` if a column is missing.
        """
        names = [cell.strip() for cell in first] if header else [""] * len(first)
        chosen: list[int] = []
        for column in columns:
            if isinstance(column, str):
                found = [i for i, name in enumerate(names) if name == column.strip()]
            else:
                found = [column - 1] if column <= len(names) else []
            if not found:
                raise UnreadableError("missing_column", is_document=False, names=_shown(names, header=header))
            chosen += found
        taken = {"text"}
        others = []
        for i, name in enumerate(names):
            if i not in chosen:
                member = name or f"column_{i + 1}"
                while member in taken:
                    member += "_2"
                taken.add(member)
                others.append((i, member))
        return cls(list(dict.fromkeys(chosen)), others, len(names))

    def document(self, cells: Sequence[str], members: Members) -> Members | UnreadableError | None:
        """Makes the document of a row; None if it has nothing."""
        if not any(cell.strip() for cell in cells):
            return None
        if any(cell.strip() for cell in cells[self.width :]):
            return UnreadableError("malformed_row", size=sum(len(cell.encode()) for cell in cells))
        cells = [*cells, *[""] * (self.width - len(cells))]
        text = "\n".join(cells[i] for i in self.chosen if cells[i].strip())
        return {"text": text, **members, **{name: cells[i] for i, name in self.others}}


def _shown(names: Sequence[str], *, header: bool) -> list[str]:
    """Returns the names of columns for a message; their numbers where the first row may be a record, not names."""
    if header and not any(DATA.search(name) for name in names):
        return [name for name in names if name]
    return [f"{number + 1}" for number in range(len(names))]


def read_csv(
    path: Path, separator: str, columns: Columns, *, header: bool, encoding: str | None, longest: int
) -> Iterator[Entry]:
    """Yields the documents of a CSV or TSV file, each at the line on which its row begins."""
    line = 0
    try:
        for line, found in _documents(read_rows(path, separator, encoding, longest), columns, {}, header=header):
            yield line, found
    except OSError as error:
        yield line, UnreadableError("damaged_file" if error.errno is None else "unreadable_file", is_document=False)
    except UnreadableError as error:
        yield line, error


def read_excel(path: Path, columns: Columns, *, header: bool, longest: int) -> Iterator[Entry]:
    """Yields the documents of all sheets of a workbook, each at its row, counted through all sheets.

    A document has the member `sheet`. An empty sheet is passed over.
    """
    above = 0
    try:
        for sheet in read_sheets(path, longest):
            rows: Iterator[Row] = ((number + above, cells) for number, cells in sheet.rows)
            yield from _documents(rows, columns, {"sheet": sheet.name}, header=header)
            above += sheet.height
    except UnreadableError as error:
        yield above, error


def _documents(rows: Iterator[Row], columns: Columns, members: Members, *, header: bool) -> Iterator[Entry]:
    table = None
    for place, cells in rows:
        if isinstance(cells, UnreadableError):
            yield place, cells
            continue
        if table is None:
            if not any(cell.strip() for cell in cells):
                continue
            try:
                table = Table.of(cells, columns, header=header)
            except UnreadableError as error:
                yield place, error
                return
            if header:
                continue
        document = table.document(cells, members)
        if document is not None:
            yield place, document
