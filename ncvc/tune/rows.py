"""Rows of JSON lines to tune on; those that cannot be used are named by file and line."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ncvc.errors import InputError
from ncvc.hf.chat import ROLES, Message

OnError = Literal["stop", "quarantine"]
SHOWN = 5
"""Bad rows that a sentence names."""


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


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be used; `place` is FILE:LINE."""

    place: str
    reason: str

    def __str__(self) -> str:
        """The place and the reason."""
        return f"{self.place}: {self.reason}"


@dataclass
class Rows:
    """Rows that can be used, and those that cannot."""

    good: list[Row] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)


class _BadRowError(ValueError):
    """The reason why a row cannot be used."""


def read_rows(files: Iterable[Path], method: str) -> Rows:
    """Reads the rows of a method from JSON lines; empty lines are passed over.

    Raises `InputError` for a file that cannot be read.
    """
    rows = Rows()
    for file in files:
        for place, line in _lines(file):
            try:
                rows.good.append(_row(place, file.stem, line, method))
            except _BadRowError as error:
                rows.bad.append(BadRow(place, str(error)))
    return rows


def require_usable(files: Sequence[Path], rows: Rows, on_error: OnError) -> None:
    """Raises `InputError` for bad rows unless they are set aside, and where no row is left."""
    if rows.bad and on_error == "stop":
        named = "; ".join(map(str, rows.bad[:SHOWN]))
        more = f"; and {len(rows.bad) - SHOWN:,} more" if len(rows.bad) > SHOWN else ""
        raise InputError(f"{named}{more}. Mend them, or set them aside with --set data.on_error=quarantine")
    if not rows.good:
        raise InputError(f"{', '.join(map(str, files))}: no row can be used; {_first(rows.bad)}")


def _first(bad: Sequence[BadRow]) -> str:
    return f"the first one, {bad[0]}" if bad else "write one JSON object a line"


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    try:
        with file.open("rb") as opened:
            for number, line in enumerate(opened, start=1):
                if line.strip():
                    yield f"{file}:{number}", line.decode("utf-8", errors="surrogateescape")
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}; correct the files of data") from None


def _row(place: str, task: str, line: str, method: str) -> Row:
    """Makes a row of a line; raises `_BadRowError`."""
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        raise _BadRowError("not valid UTF-8") from None
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise _BadRowError("not JSON") from None
    if not isinstance(row, dict):
        raise _BadRowError("not a JSON object")
    task = _text(row, "task") if row.get("task") is not None else task
    match method:
        case "continued":
            return Row(place, task, text=_text(row, "text"))
        case "dpo":
            chosen, rejected = _answer(row, "chosen"), _answer(row, "rejected")
            if chosen == rejected:
                raise _BadRowError("chosen and rejected are the same answer")
            return Row(place, task, messages=_prompt(row), chosen=chosen, rejected=rejected)
        case "grpo":
            return Row(place, task, messages=_prompt(row), answer=_known_answer(row))
        case _:
            return Row(place, task, messages=_conversation(row))


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _BadRowError(f"{key} is {'missing' if key not in row else 'no text, or an empty one'}")
    return value


def _optional(row: dict[str, Any], key: str) -> str:
    return _text(row, key) if row.get(key) not in (None, "") else ""


def _conversation(row: dict[str, Any]) -> tuple[Message, ...]:
    """The turns of `messages`, of `instruction`, `input`, `output`, or of `question`, `answer`."""
    if "messages" in row:
        return _messages(row["messages"])
    if "instruction" in row:
        given = _optional(row, "input")
        instruction, output = _text(row, "instruction"), _text(row, "output")
        return Message("user", f"{instruction}\n\n{given}" if given else instruction), Message("assistant", output)
    if "question" in row:
        return Message("user", _text(row, "question")), Message("assistant", _text(row, "answer"))
    raise _BadRowError("has neither messages, nor instruction and output, nor question and answer")


def _messages(turns: object, *, answered: bool = True) -> tuple[Message, ...]:
    """Requires a system turn or none, then user and assistant in turn; the assistant is last if `answered`."""
    if not isinstance(turns, list) or not turns:
        raise _BadRowError("messages is no list of turns")
    found = []
    for number, turn in enumerate(turns, start=1):
        if not isinstance(turn, dict) or turn.get("role") not in ROLES:
            raise _BadRowError(f"turn {number} of messages has no role of {', '.join(ROLES)}")
        content = turn.get("content")
        if not isinstance(content, str) or not content.strip():
            raise _BadRowError(f"turn {number} of messages has no content")
        found.append(Message(turn["role"], content))
    roles = [message.role for message in found]
    order = roles[1:] if roles[0] == "system" else roles
    if order != (["user", "assistant"] * len(order))[: len(order)]:
        raise _BadRowError(f"the roles of messages are {', '.join(roles)}; user and assistant take turns")
    if (len(order) % 2 == 0) != answered or not order:
        raise _BadRowError(f"messages ends with {roles[-1]}, not with {'assistant' if answered else 'user'}")
    return tuple(found)


def _prompt(row: dict[str, Any]) -> tuple[Message, ...]:
    """The turns before an answer: `prompt` as text or turns, `messages` without their last turn, or `question`."""
    if isinstance(row.get("prompt"), list):
        return _messages(row["prompt"], answered=False)
    if "prompt" in row:
        return (Message("user", _text(row, "prompt")),)
    if "messages" in row:
        turns = row["messages"]
        ends = isinstance(turns, list) and turns and isinstance(turns[-1], dict) and turns[-1].get("role")
        return _messages(turns)[:-1] if ends == "assistant" else _messages(turns, answered=False)
    if "question" in row:
        return (Message("user", _text(row, "question")),)
    raise _BadRowError("has neither prompt, nor messages, nor question")


def _answer(row: dict[str, Any], key: str) -> str:
    """An answer of a preference: text, or one turn of the assistant as TRL writes it."""
    value = row.get(key)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return _text(value[0], "content")
    return _text(row, key)


def _known_answer(row: dict[str, Any]) -> str:
    """The right answer: `answer`, or the last turn of `messages`."""
    if isinstance(row.get("answer"), list):
        raise _BadRowError("answer is a list; give the text that is to be answered")
    if "answer" in row or "messages" not in row:
        return _text(row, "answer")
    return _messages(row["messages"])[-1].content
