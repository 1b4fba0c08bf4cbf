"""The way of a text through a tokenizer: what each cleaning rule changes, the morphemes, and their pieces."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from ncvc import Tokenizer
from ncvc._native import cleaning_steps


@dataclass(frozen=True)
class Change:
    """A stretch of a text that a rule replaces; one of both is empty where it removes or inserts."""

    before: str
    after: str


@dataclass(frozen=True)
class RuleStep:
    """The effect of a cleaning rule on a whole text."""

    rule: str
    edits: int
    """Number of edits, as `ncvc preprocess` counts them."""
    segments: tuple[str | Change, ...]
    """The text before the rule: what stays, and what is changed, in turn."""

    @property
    def changes(self) -> list[Change]:
        """The changed stretches."""
        return [segment for segment in self.segments if isinstance(segment, Change)]


@dataclass(frozen=True)
class Morpheme:
    """A morpheme, or one of the signs ▁ and line feed; `pieces` joined are its `surface`."""

    surface: str
    pieces: tuple[str, ...]
    ids: tuple[int, ...]


@dataclass(frozen=True)
class TextView:
    """A text, and what a tokenizer makes of it."""

    text: str
    steps: tuple[RuleStep, ...]
    cleaned: str
    morphemes: tuple[Morpheme, ...]

    @property
    def pieces(self) -> int:
        """Number of its pieces."""
        return sum(len(morpheme.ids) for morpheme in self.morphemes)

    def dump(self) -> dict[str, Any]:
        """Returns it as a JSON value."""
        return {
            "text": self.text,
            "rules": [
                {"rule": step.rule, "edits": step.edits, "changes": [[c.before, c.after] for c in step.changes]}
                for step in self.steps
            ],
            "cleaned": self.cleaned,
            "morphemes": [
                {"surface": each.surface, "pieces": list(each.pieces), "ids": list(each.ids)} for each in self.morphemes
            ],
        }


def view(tokenizer: Tokenizer, text: str) -> TextView:
    """Follows a text through cleaning, analysis and encoding."""
    morphemes = tuple(_morphemes(tokenizer, text))
    return TextView(text, tuple(_steps(text)), "".join(each.surface for each in morphemes), morphemes)


def _steps(text: str) -> Iterator[RuleStep]:
    # Rules see plain spaces; what is typed as ▁ is a space to them from the start.
    before = text.replace("▁", " ")
    for rule, edits, after in cleaning_steps(text):
        yield RuleStep(rule, edits, tuple(_segments(before, after)))
        before = after


def _segments(before: str, after: str) -> Iterator[str | Change]:
    """Finds the stretches in which two texts differ, by the longest common ones (Ratcliff and Obershelp)."""
    for kind, start, end, new_start, new_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        old = before[start:end]
        yield old if kind == "equal" else Change(old, after[new_start:new_end])


def _morphemes(tokenizer: Tokenizer, text: str) -> Iterator[Morpheme]:
    """Puts pieces to their morphemes: no piece reaches over the end of one."""
    pieces: Sequence[str] = tokenizer.pieces(text)
    ids: Sequence[int] = tokenizer.encode(text)
    start = 0
    for surface in tokenizer.split(text):
        end, length = start, 0
        while length < len(surface):
            length += len(pieces[end])
            end += 1
        assert length == len(surface), "a piece crosses a morpheme"
        yield Morpheme(surface, tuple(pieces[start:end]), tuple(map(int, ids[start:end])))
        start = end
