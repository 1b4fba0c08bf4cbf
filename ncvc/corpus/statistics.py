"""Statistics of documents, in the JSON form of the engine's (rust/core/src/statistics).

Counts are of documents, sizes in bytes of UTF-8. Examples hold nothing that was removed as personal data.
"""

import pydantic

from ncvc.corpus.records import Record

SCRIPTS = ("other", "hiragana", "katakana", "kanji", "latin", "digits", "symbols", "space")
"""Order of the counts in `TextStatistics.scripts`."""


class TextStatistics(Record):
    """Number, lengths and scripts of texts."""

    documents: int = 0
    bytes: int = 0
    lengths: list[int] = pydantic.Field(default_factory=list)
    """Documents by length in characters, in the bins of `lower_bound`."""
    scripts: list[int] = pydantic.Field(default_factory=lambda: [0] * len(SCRIPTS))
    """Characters by script, in the order of `SCRIPTS`."""


class Place(Record):
    """Place of a document in the input."""

    hash: int
    file: str
    document: int
    """Its number in the file."""


class Change(Record):
    """A change, with the text around it."""

    left: str
    before: str
    after: str
    right: str


class Excerpt(Record):
    """The beginning of a text."""

    text: str
    more: int = 0
    """Characters that follow."""


class RuleStatistics(Record):
    """Effect of one cleaning rule."""

    documents: int
    edits: int
    examples: list[tuple[Place, Change | None]] = pydantic.Field(default_factory=list)


class DropStatistics(Record):
    """Documents left out for one reason."""

    documents: int
    bytes: int
    examples: list[tuple[Place, Excerpt | None]] = pydantic.Field(default_factory=list)


class TokenStatistics(Record):
    """Tokens of encoded documents."""

    documents: int
    bytes: int
    tokens: int
    morphemes: int
    lengths: list[int] = pydantic.Field(default_factory=list)
    """Documents by length in tokens, in the bins of `lower_bound`."""
    frequency: list[int] = pydantic.Field(default_factory=list)
    """Occurrences of each id, from 0."""


class Statistics(Record):
    """Statistics of a source, or of a part of one."""

    read: TextStatistics
    kept: TextStatistics
    rules: dict[str, RuleStatistics] = pydantic.Field(default_factory=dict)
    dropped: dict[str, DropStatistics] = pydantic.Field(default_factory=dict)
    """By reason, duplicates included."""
    tokens: TokenStatistics | None = None
    """None where nothing was encoded."""


def lower_bound(index: int) -> int:
    """Returns the smallest value in a bin of a histogram: 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20 and so on."""
    octave, step = divmod(index, 4)
    return step if octave == 0 else (4 + step) << (octave - 1)
