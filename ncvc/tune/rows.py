"""Rows of JSON lines to tune on; those that cannot be used are named by file and line."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ncvc.data.chat import BadRow, chat_of, parse_chat, parse_object, read_lines, require_characters
from ncvc.data.rows import Message
from ncvc.errors import InputError

OnError = Literal["stop", "quarantine"]
SHOWN = 5
"""Bad rows that a sentence names."""
QUESTION = "answer it"
"""Stands for an answer while the turns before it are checked."""


@dataclass(frozen=True)
class Row:
    """One sample; `place` is FILE:LINE."""

    place: str
    task: str
    messages: tuple[Message, ...] = ()
    """A conversation; of preferences and questions the turns before the answer."""
    text: str = ""
    """A document."""
    chosen: str = ""
    rejected: str = ""
    """Answers of a preference."""
    answer: str = ""
    """Right answer of a question."""


@dataclass
class Rows:
    """Rows that can be used, and those that cannot."""

    good: list[Row] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


def read_rows(files: Iterable[Path], method: str) -> Rows:
    """Reads the rows of a method from JSON lines; raises `InputError` for a file that cannot be read."""
    rows = Rows()
    for file in files:
        for place, line in _lines(file):
            try:
                rows.good.append(_row(place, file.stem, line, method))
            except ValueError as error:
                rows.bad.append(BadRow(place, str(error)))
    return rows


def require_usable(files: Sequence[Path], rows: Rows, on_error: OnError) -> None:
    """Raises `InputError` for bad rows unless they are set aside, and where no row is left."""
    if rows.bad and on_error == "stop":
        named = "; ".join(map(str, rows.bad[:SHOWN]))
        more = f"; and {len(rows.bad) - SHOWN:,} more" if len(rows.bad) > SHOWN else ""
        raise InputError(f"{named}{more}. Mend them, or set them aside with --set data.on_error=quarantine")
    if not rows.good:
        first = f"the first one, {rows.bad[0]}" if rows.bad else "write one JSON object a line"
        raise InputError(f"{', '.join(map(str, files))}: no row can be used; {first}")


def _lines(file: Path) -> Iterator[tuple[str, bytes]]:
    try:
        yield from read_lines(file)
    except OSError as error:
        raise InputError(f"{error.strerror or error}; correct the files of data") from None


def _row(place: str, task: str, line: bytes, method: str) -> Row:
    """Makes a row of a line; raises `ValueError` with the reason."""
    if method not in ("continued", "dpo", "grpo"):
        value = parse_object(line)
        chat = chat_of(value)
        return Row(place, _task(value, task), messages=chat.messages)
    row = _object(line)
    task = _task(row, task)
    match method:
        case "continued":
            return Row(place, task, text=_text(row, "text"))
        case "dpo":
            chosen, rejected = _answer(row, "chosen"), _answer(row, "rejected")
            if chosen.split() == rejected.split():
                raise ValueError("`chosen` and `rejected` are the same answer")
            return Row(place, task, messages=_prompt(row), chosen=chosen, rejected=rejected)
        case _:
            if isinstance(row.get("answer"), list):
                raise ValueError("`answer` is a list; give the text that is to be answered")
            turns = row.get("messages")
            if "answer" not in row and isinstance(turns, list):
                known = parse_chat(line).messages[-1].content
            else:
                known = _text(row, "answer")
            return Row(place, task, messages=_prompt(row), answer=known)


def _object(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start + 1}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    return row


def _task(row: dict[str, Any], default: str) -> str:
    return default if row.get("task") is None else _text(row, "task")


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str):
        raise ValueError(f"`{key}` is {'no text' if key in row else 'missing'}")
    if not value.strip():
        raise ValueError(f"`{key}` is empty")
    require_characters(value, f"`{key}`")
    return value


def _prompt(row: dict[str, Any]) -> tuple[Message, ...]:
    """The turns before an answer: `prompt` as text or turns, `messages` without an answer, or `question`."""
    turns = row.get("prompt", row.get("messages"))
    if not isinstance(turns, list):
        key = "prompt" if "prompt" in row else "question"
        if key not in row:
            raise ValueError("has none of `prompt`, `messages` and `question`")
        turns = [{"role": "user", "content": _text(row, key)}]
    if turns and isinstance(turns[-1], dict) and turns[-1].get("role") == "assistant":
        turns = turns[:-1]
    whole = [*turns, {"role": "assistant", "content": QUESTION}]
    return chat_of({"messages": whole}).messages[:-1]


def _answer(row: dict[str, Any], key: str) -> str:
    """An answer of a preference: text, or one turn of the assistant as TRL writes it."""
    value = row.get(key)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return _text(value[0], "content")
    return _text(row, key)
