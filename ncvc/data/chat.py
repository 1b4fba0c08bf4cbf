"""Chat-form JSON lines of anybody: conversations, instructions or questions, checked row by row."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import ncvc._native as native
from ncvc.data.rows import Message
from ncvc.errors import InputError
from ncvc.utf8 import is_utf8

SPECIAL = ("<|begin_of_text|>", "<|end_of_text|>", "<|system|>", "<|user|>", "<|assistant|>")
"""Texts that stand for special tokens, and so may not be in a turn."""
LONGEST_LINE = 64 * 2**20
"""Bytes of a line."""

FORMS = (("messages",), ("instruction", "output"), ("question", "answer"))
"""Keys that make a conversation each."""
Form = Literal["messages", "instruction", "question"]


@dataclass(frozen=True)
class Chat:
    """A conversation whose last turn is the assistant's."""

    messages: tuple[Message, ...]
    form: Form


@dataclass(frozen=True)
class BadRow:
    """A row that is no conversation."""

    place: str
    """FILE:LINE."""
    reason: str

    def __str__(self) -> str:
        """The place and the reason."""
        return f"{self.place}: {self.reason}"


def read_chats(path: Path, set_aside: Callable[[BadRow], None] | None = None) -> Iterator[Chat]:
    """Reads a file of JSON lines in any of the three forms; see `parse_chat`.

    Raises `InputError` for the first bad row, unless `set_aside` takes it; and for a file without rows.
    """
    place = ""
    for place, line in read_lines(path):
        try:
            yield parse_chat(line)
        except ValueError as error:
            bad = BadRow(place, str(error))
            if set_aside is None:
                raise InputError(f"{bad}; mend the row, or leave it out") from None
            set_aside(bad)
    if not place:
        raise InputError(f"{path}: empty; write a JSON object a line")


class _Decompressed(io.RawIOBase):
    """Bytes of a file, decompressed if it begins like gzip, bzip2, xz or Zstandard."""

    def __init__(self, path: Path) -> None:
        self._stream = native.SourceStream.open(path)

    def readable(self) -> bool:
        """See io.RawIOBase."""
        return True

    def readinto(self, buffer: Any) -> int:
        """See io.RawIOBase."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def read_lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yields FILE:LINE and the bytes of each line, decompressed, as `ncvc preprocess --to text` writes them.

    Raises `InputError` for a line above `LONGEST_LINE`, or `OSError`.
    """
    number = 0
    with io.BufferedReader(_Decompressed(path), 2**18) as file:
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise InputError(f"{path}:{number}: longer than {LONGEST_LINE} bytes; is this JSON lines?")
            yield f"{path}:{number}", line


def parse_chat(line: bytes) -> Chat:
    """Reads one line; see `chat_of`, whose error it raises, and `parse_object`."""
    return chat_of(parse_object(line))


def parse_object(line: bytes) -> dict[str, Any]:
    """Reads a line as a JSON object without a key that is there twice; raises `ValueError` with the reason."""
    try:
        text = line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start + 1}") from None
    if not text.strip():
        raise ValueError("empty line")
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def chat_of(value: dict[str, Any]) -> Chat:
    """Makes a chat of `messages`, `instruction` with `output` (and `input`), or `question` with `answer`.

    `messages` end with the assistant's turn, or with the user's beside an `answer`. Raises `ValueError` with the
    reason.
    """
    if len(forms := [form for form in FORMS if value.keys() >= set(form)]) > 1:
        raise ValueError(f"has both `{forms[0][0]}` and `{forms[1][0]}`; keep one form")
    if value.get("task") is not None:
        _text(value, "task")
    if "messages" in value:
        return Chat(_conversation(value), "messages")
    if "instruction" in value or "output" in value:
        asked = _text(value, "instruction")
        given = _text(value, "input", optional=True)
        turns = (("user", f"{asked}\n\n{given}" if given else asked), ("assistant", _text(value, "output")))
        return Chat(_turns(turns), "instruction")
    if "question" in value or "answer" in value:
        return Chat(_turns((("user", _text(value, "question")), ("assistant", _text(value, "answer")))), "question")
    raise ValueError("has none of `messages`, `instruction` and `output`, `question` and `answer`")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} is there twice")
    return found


def _text(value: dict[str, Any], name: str, *, optional: bool = False) -> str:
    text = value.get(name)
    if optional and text in (None, ""):
        return ""
    if not isinstance(text, str):
        raise ValueError(f"`{name}` is missing" if text is None else f"`{name}` is no text")
    require_text(text, f"`{name}`")
    return text


def require_text(text: str, what: str) -> None:
    """Raises `ValueError` for an empty text, and for what no turn may hold; `what` names it."""
    if not text.strip():
        raise ValueError(f"{what} is empty")
    if special := next((token for token in SPECIAL if token in text), None):
        raise ValueError(f"{what} holds {special}, which stands for a special token")
    require_characters(text, what)


def require_characters(text: str, what: str) -> None:
    """Raises `ValueError` for what no text of a row may hold."""
    if not is_utf8(text):
        raise ValueError(f"{what} holds half of a surrogate pair")
    if "\0" in text:
        raise ValueError(f"{what} holds the character NUL")


def _conversation(value: dict[str, Any]) -> tuple[Message, ...]:
    given = value["messages"]
    if not isinstance(given, list) or not given:
        raise ValueError("`messages` is no list of turns")
    turns: list[tuple[str, str]] = []
    for number, turn in enumerate(given, start=1):
        what = f"turn {number}"
        if not isinstance(turn, dict) or not isinstance(turn.get("content"), str):
            raise ValueError(f"{what} has no `role` and `content` of text")
        if turn.get("role") not in ("system", "user", "assistant"):
            raise ValueError(f"{what} has the role {turn.get('role')!r}, not system, user or assistant")
        require_text(turn["content"], what)
        turns.append((turn["role"], turn["content"]))
    if turns[-1][0] == "user" and "answer" in value:
        turns.append(("assistant", _text(value, "answer")))
    return _turns(turns)


def _turns(turns: Any) -> tuple[Message, ...]:
    """Checks the order: a system turn at most first, then user and assistant in turn."""
    roles = [role for role, _ in turns]
    spoken = roles[1:] if roles[0] == "system" else roles
    for number, role in enumerate(spoken, start=1 + len(roles) - len(spoken)):
        expected = "user" if (number - len(roles) + len(spoken)) % 2 else "assistant"
        if role != expected:
            raise ValueError(f"turn {number} is the {role}'s, not the {expected}'s")
    if roles[-1] != "assistant":
        raise ValueError("the last turn is not the assistant's")
    return tuple(Message(role=role, content=text) for role, text in turns)
