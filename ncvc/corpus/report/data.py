"""What the report is made of. `Statistics` and what is in it mirror the engine's statistics, in their JSON form.

Counts are of documents, sizes are UTF-8 bytes, texts in examples hold nothing that was removed as personal data.
"""

from typing import Any

import pydantic

SCRIPTS = ("other", "hiragana", "katakana", "kanji", "latin", "digits", "symbols", "space")
"""What the numbers of `TextStatistics.scripts` count."""


class _Data(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class TextStatistics(_Data):
    """Texts: how many, how long, in which scripts."""

    documents: int = 0
    bytes: int = 0
    lengths: list[int] = []
    """Documents by characters; `lower_bound` says where a bin begins."""
    scripts: list[int] = [0] * len(SCRIPTS)
    """Characters by script, in the order of `SCRIPTS`."""


class Place(_Data):
    """Where a document stands."""

    hash: int
    file: str
    document: int
    """Its number in the file."""


class Change(_Data):
    """A change with the text around it."""

    left: str
    before: str
    after: str
    right: str


class Excerpt(_Data):
    """The beginning of a text."""

    text: str
    more: int = 0
    """How many characters follow."""


class RuleStatistics(_Data):
    """What one cleaning rule did."""

    documents: int
    edits: int
    examples: list[tuple[Place, Change | None]] = []


class DropStatistics(_Data):
    """What was left out for one reason."""

    documents: int
    bytes: int
    examples: list[tuple[Place, Excerpt | None]] = []


class TokenStatistics(_Data):
    """What encoding made of the documents."""

    documents: int
    bytes: int
    tokens: int
    morphemes: int
    lengths: list[int] = []
    """Documents by tokens; `lower_bound` says where a bin begins."""
    frequency: list[int] = []
    """Occurrences of each id, from 0."""


class Statistics(_Data):
    """What a pass saw of a source."""

    read: TextStatistics
    kept: TextStatistics
    rules: dict[str, RuleStatistics] = {}
    dropped: dict[str, DropStatistics] = {}
    """By reason; duplicates too, where they were looked for."""
    tokens: TokenStatistics | None = None
    """Nothing where the pass wrote text."""


class Source(_Data):
    """One source of the config."""

    name: str
    statistics: Statistics
    quarantined: int = 0
    """Documents that could not be read."""


class Member(_Data):
    """A document that resembles the first of its cluster."""

    file: str
    document: int
    similarity: float
    """Jaccard similarity, 0 to 1."""


class Cluster(_Data):
    """Documents that are the same, or nearly."""

    first: Excerpt
    """How the one that stays begins."""
    size: int
    """Documents, the first included."""
    members: list[Member] = []
    """Some of the others."""


class Duplicates(_Data):
    """What was found twice, over all sources."""

    documents: int = 0
    """Documents equal to an earlier one."""
    near_documents: int = 0
    """Documents nearly equal to an earlier one."""
    sentences: int = 0
    """Sentences that an earlier document has."""
    sentence_bytes: int = 0
    clusters: list[Cluster] = []
    """The largest, largest first."""


class Stage(_Data):
    """A stage of the pass."""

    name: str
    seconds: float
    """Wall clock."""
    bytes: int
    """Text that went in."""


class Piece(_Data):
    """A piece of the vocabulary."""

    piece: str
    count: int


class ReportData(_Data):
    """All of the report; `report.json` is this."""

    version: str
    """ncvc's."""
    sample: int | None = None
    """Documents of each source that a dry run looked at; nothing for a whole pass."""
    sources: list[Source]
    duplicates: Duplicates | None = None
    """Nothing where they were not looked for."""
    pieces: list[Piece] = []
    """The most frequent ones, most frequent first."""
    unknown_tokens: int = 0
    stages: list[Stage] = []
    config: dict[str, Any] = {}
    """The whole resolved config."""


def lower_bound(index: int) -> int:
    """The smallest value in a bin of a histogram: 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20 and so on."""
    octave, step = divmod(index, 4)
    return step if octave == 0 else (4 + step) << (octave - 1)
