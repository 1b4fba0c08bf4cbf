"""One question of a benchmark, and its form as a line of JSON."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import pydantic

from ncvc.errors import InputError, first_fault

TRAIN, TEST = "train.jsonl", "test.jsonl"
DEMONSTRATIONS, LEAKAGE = "demonstrations.json", "leakage.json"
"""Files of a prepared folder: rows by split, solved examples, test documents that the training split has."""


class _Record(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)


class Message(_Record):
    """A turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Source(_Record):
    """Place of a row in the benchmark's own files."""

    file: str
    """Path in the benchmark's folder."""
    row: int
    """Number of the row, from 0, without the header."""


class Exam(_Record):
    """Facts of a problem of the licensing examination."""

    problem: str
    """Such as 112A1: examination, section, number."""
    year: int
    section: str
    points: int
    required: bool
    """True in the sections B and E, 80 % of whose points are needed to pass."""
    forbidden: tuple[str, ...]
    """Letters that fail the examination if they are chosen too often (禁忌肢)."""
    text_only: bool
    """False where the problem shows pictures."""


class Row(_Record):
    """A question with its answer; one line of a prepared file."""

    id: str
    suite: str
    task: str
    split: Literal["train", "test"]
    kind: Literal["choice", "entities", "exam"]
    messages: tuple[Message, ...]
    """The prompt, as the benchmark words it; the answer is not in it."""
    choices: dict[str, str]
    """Label → text; empty for entities and numbers."""
    answer: str
    """Text that the assistant is to write."""
    gold: tuple[str, ...]
    """Parts of the answer: a letter, entities, letters, a number."""
    subject: str
    licence: str
    source: Source
    document_in_train: bool | None = None
    """True if the text that a test question asks about is in the training split too; None where there is no split."""
    exam: Exam | None = None

    @property
    def question(self) -> str:
        """The last turn of the prompt."""
        return self.messages[-1].content


_TURNS = pydantic.TypeAdapter(tuple[Message, ...])


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Writes one JSON object a line, Japanese as it is."""
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row.model_dump(mode="json"), ensure_ascii=False) + "\n")


def read_rows(path: Path) -> Iterator[Row]:
    """Reads what `write_rows` wrote; raises `InputError` with the line that is something else."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield Row.model_validate_json(line)
            except pydantic.ValidationError as error:
                raise InputError(
                    f"{path}:{number}: no row of `ncvc data` ({first_fault(error)}); prepare the benchmark again"
                ) from None


def read_demonstrations(folder: Path) -> tuple[Message, ...]:
    """Reads the solved examples of a prepared folder, as turns; none where it has none.

    Raises `InputError` for a file that holds something else.
    """
    path = folder / DEMONSTRATIONS
    try:
        return _TURNS.validate_json(path.read_bytes()) if path.exists() else ()
    except pydantic.ValidationError as error:
        raise InputError(
            f"{path}: no solved examples of `ncvc data` ({first_fault(error)}); prepare the benchmark again"
        ) from None


def dump_messages(messages: Iterable[Message]) -> list[dict[str, str]]:
    """Returns turns as JSON values."""
    return [{"role": message.role, "content": message.content} for message in messages]
