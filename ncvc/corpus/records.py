"""Typed records of the JSON files that a pass writes and reads again."""

from pathlib import Path
from typing import Literal

import pydantic

from ncvc.errors import DamagedError


class Record(pydantic.BaseModel):
    """Base of the records: unknown members are errors, nothing changes afterwards."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class TaskRecord(Record):
    """`TASK.begun`: the files of a task."""

    source: int
    """Index of its source in the config."""
    files: list[str]
    range: int = 0
    """Range of its only file, of so many."""
    ranges: int = 1


class FileRange(Record):
    """Whole lines of a file that are read apart from the others (rust/core/src/source/range.rs)."""

    offset: int
    skip: int
    bytes: int
    """Bytes of content; 0 for a range in which no document begins."""
    lines: int
    hash: int
    zstd: bool
    encoding: str
    ending: int
    sha256: str
    """SHA-256 of the whole file."""


class FileSplit(Record):
    """`TASK.split`, beside the first task of a file: its ranges, or the reason why one reader reads the whole file."""

    ranges: list[FileRange] | None = None
    whole: Literal["no_lines", "encoding", "compression", "damaged", "unreadable"] | None = None


class PartOrigin(Record):
    """A row of `parts.json`: a prepared part and the files of its task."""

    folder: str
    files: list[str]


class JoinedFile(Record):
    """A file of the output that the parts of a source were joined into."""

    bytes: int
    sha256: str


JoinedFiles = dict[str, JoinedFile]
"""`joined/NAME.json`: name in the output → file."""


FileDigests = dict[str, str | None]
"""`TASK.done`, and `inputs` of the manifest: path → SHA-256, `None` for a file that could not be read to its end."""


def read_record[T](path: Path, kind: type[T], advice: str = "begin anew with --restart") -> T:
    """Reads a JSON file as a record, or as another type that pydantic knows.

    Raises `DamagedError` with the file's name and `advice` if it is missing or damaged, `OSError` if it cannot be read.
    """
    try:
        return pydantic.TypeAdapter(kind).validate_json(path.read_bytes())
    except FileNotFoundError:
        raise DamagedError(f"{path}: missing; {advice}", path) from None
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False)[0]
        member = "".join(f"{part}: " for part in first["loc"][-1:])
        raise DamagedError(f"{path}: damaged: {member}{first['msg']}; {advice}", path) from None
