"""Reads lists that people keep in tables: CSV, TSV or Excel, in any Japanese encoding."""

from collections.abc import Iterator
from pathlib import Path

from ncvc.documents.csv_rows import read_rows
from ncvc.documents.lines import read_lines
from ncvc.documents.needed import require_packages
from ncvc.documents.sources import LONGEST_LINE, SourceFile
from ncvc.documents.unreadable import UnreadableError
from ncvc.documents.workbook import read_sheets
from ncvc.errors import InputError

EXCEL = (".xlsx", ".xlsm", ".xlsb", ".xls")


def read_tables(path: Path) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """Yields the rows of each sheet of a workbook, or of a file, with their numbers from 1.

    A file whose name is not one of Excel is TSV if its first line holds a tab, otherwise CSV. Raises `InputError` with
    the line for what cannot be read.
    """
    try:
        if path.suffix.lower() in EXCEL:
            require_packages([SourceFile(path, "excel")])
            for sheet in read_sheets(path, LONGEST_LINE):
                yield sheet.rows
        else:
            first = next(read_lines(path, None, LONGEST_LINE), None)
            separator = "\t" if first is not None and "\t" in (first.text or "") else ","
            yield _rows(path, separator)
    except UnreadableError as error:
        raise InputError(f"{path}: {_advice(error)}") from None


def _rows(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    for line, cells in read_rows(path, separator, None, LONGEST_LINE):
        if isinstance(cells, UnreadableError):
            raise InputError(f"{path}:{line}: {_advice(cells)}")
        yield line, cells


def _advice(error: UnreadableError) -> str:
    return {
        "malformed_row": "a quotation mark is not closed; close it or double it",
        "undecodable": "not text in the file's encoding; convert it to UTF-8",
        "not_text": "not text; give a list of terms as CSV, TSV or Excel",
        "encrypted": "encrypted; save it without a password",
    }.get(error.reason, "cannot be read; it is damaged or too large")
