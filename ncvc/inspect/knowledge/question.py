"""Question whose choices are weighed: a user's own, or a row of a prepared benchmark; read without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ncvc.data.rows import Message, read_demonstrations, read_rows
from ncvc.errors import InputError


@dataclass(frozen=True)
class Question:
    """A question, its choices, and the right ones as far as they are known."""

    messages: tuple[Message, ...]
    choices: Mapping[str, str]
    """Name for the chart → text that is weighed."""
    gold: tuple[str, ...] = ()
    """Names of the right choices."""
    is_own: bool = True
    """True for a text of the user's, which is taken as it is where it needs no template."""
    exam: bool = False

    @property
    def text(self) -> str:
        """The question itself."""
        return self.messages[-1].content


def own_question(text: str, choices: Sequence[str]) -> Question:
    """A question of the user's; raises `InputError` for fewer than two choices, or two alike."""
    if len(choices) < 2 or len(set(choices)) < len(choices) or not all(choices):
        raise InputError("give at least two choices that differ: --choice TEXT for each")
    return Question((Message(role="user", content=text),), {choice: choice for choice in choices})


def read_question(path: Path, row: str, *, letters: bool) -> Question:
    """Reads the row of a prepared file by its id, or by its line from 1, with the folder's solved examples.

    `letters` weighs the labels of the choices, not their texts. Raises `InputError` where there is no such row, or it
    has no choices.
    """
    for line, found in enumerate(read_rows(path), start=1):
        if row not in (found.id, str(line)):
            continue
        if not found.choices:
            raise InputError(f"{path}:{line}: {found.id} has no choices; give a row that has")
        messages = (*found.messages[:-1], *read_demonstrations(path.parent), found.messages[-1])
        choices = {f"{label}. {text}": label if letters else text for label, text in found.choices.items()}
        gold = tuple(name for name, label in zip(choices, found.choices, strict=True) if label in found.gold)
        return Question(messages, choices, gold, is_own=False, exam=found.kind == "exam")
    raise InputError(f"{path}: has no row {row}; give the id of one, or its line from 1")
