"""Reads Excel workbooks (.xlsx, .xlsm, .xlsb, .xls) with python-calamine."""

import datetime
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ncvc.documents.unreadable import UnreadableError

UNPACKED = 8
"""Multiple of `longest_line` that a workbook may hold in bytes: it is read into memory as a whole."""
ENCRYPTED = b"E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0"
"""Name of the stream of an encrypted workbook, in UTF-16."""


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook."""

    name: str
    height: int
    """Rows, the empty ones included."""
    rows: Iterator[tuple[int, list[str]]]
    """Number of each row in the sheet, counted from 1, and its cells from column A on."""


def read_sheets(path: Path, longest: int) -> Iterator[Sheet]:
    """Yields the sheets of a workbook, hidden ones too. `longest` is the limit of a row in bytes.

    Raises `UnreadableError` for a workbook that cannot be read or is too large.
    """
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(2**20)
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                size = max(size, sum(entry.file_size for entry in archive.infolist()))
    except OSError:
        raise UnreadableError("unreadable_file", is_document=False) from None
    except (zipfile.BadZipFile, ValueError):
        raise UnreadableError("damaged_file", is_document=False) from None
    if ENCRYPTED in head:
        raise UnreadableError("encrypted", size=size, is_document=False)
    if size > UNPACKED * longest:
        raise UnreadableError("line_too_long", size=size, is_document=False)
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            for sheet in workbook.sheets_metadata:
                if sheet.typ == SheetTypeEnum.WorkSheet:
                    found = workbook.get_sheet_by_name(sheet.name)
                    height = found.end[0] + 1 if found.end else 0
                    left = found.start[1] if found.start else 0
                    yield Sheet(sheet.name, height, _rows(found.iter_rows(), left))
    except PasswordError:
        raise UnreadableError("encrypted", size=size, is_document=False) from None
    except (CalamineError, OSError, ValueError):
        raise UnreadableError("damaged_file", size=size, is_document=False) from None


def _rows(rows: Iterator[list[Any]], left: int) -> Iterator[tuple[int, list[str]]]:
    """Numbers the rows; calamine yields empty rows above the first cell, but not the `left` empty columns."""
    return ((number, [*[""] * left, *map(_text, row)]) for number, row in enumerate(rows, 1))


def _text(value: Any) -> str:
    """Writes a cell's value: whole numbers without a point, dates and times as in ISO 8601."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    return str(value)
