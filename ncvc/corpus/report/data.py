"""Content of `report.json`, from which `report.html` is drawn.

Counts are of documents, sizes in bytes of UTF-8.
"""

import pydantic

from ncvc.corpus.records import Record
from ncvc.corpus.statistics import Excerpt, Statistics


class Source(Record):
    """One source of the config."""

    name: str
    statistics: Statistics
    quarantined: int = 0
    """Documents that could not be read."""


class Member(Record):
    """A document that resembles the first of its cluster."""

    file: str
    document: int
    similarity: float
    """Jaccard similarity, 0 to 1."""


class Cluster(Record):
    """Documents that are the same, or nearly."""

    first: Excerpt
    """How the one that stays begins."""
    size: int
    """Documents, the first included."""
    members: list[Member] = pydantic.Field(default_factory=list)
    """Some of the others."""


class Duplicates(Record):
    """What was found twice, over all sources."""

    documents: int = 0
    """Documents equal to an earlier one."""
    near_documents: int = 0
    """Documents nearly equal to an earlier one."""
    sentences: int = 0
    """Sentences that an earlier document has."""
    sentence_bytes: int = 0
    clusters: list[Cluster] = pydantic.Field(default_factory=list)
    """The largest, largest first."""


class Stage(Record):
    """A stage of the pass."""

    name: str
    seconds: float
    """Wall clock."""
    bytes: int
    """Text that went in."""


class Piece(Record):
    """A piece of the vocabulary."""

    piece: str
    count: int


class ReportData(Record):
    """All of the report; `report.json` is this."""

    version: str
    """ncvc's."""
    sample: int | None = None
    """Documents of each source that a dry run looked at; nothing for a whole pass."""
    sources: list[Source]
    duplicates: Duplicates | None = None
    """Nothing where they were not looked for."""
    pieces: list[Piece] = pydantic.Field(default_factory=list)
    """The most frequent ones, most frequent first."""
    unknown_tokens: int = 0
    stages: list[Stage] = pydantic.Field(default_factory=list)
    config: dict[str, pydantic.JsonValue] = pydantic.Field(default_factory=dict)
    """The whole resolved config."""
