"""Content of `report.json`, from which `report.html` is drawn.

Counts are of documents, sizes in bytes of UTF-8.
"""

import pydantic

from ncvc.corpus.records import Record
from ncvc.corpus.statistics import Excerpt, Statistics
from ncvc.corpus.summary import RemovedBytes


class Source(Record):
    """A source of the config."""

    name: str
    statistics: Statistics
    removed_bytes: RemovedBytes = RemovedBytes()
    quarantined: int = 0
    """Unreadable documents."""
    skipped: dict[str, int] = pydantic.Field(default_factory=dict)
    """Kind → files in its folders that no reader takes."""
    passed_over: dict[str, int] = pydantic.Field(default_factory=dict)
    """Media type or HTTP status → records of its WARC files that are no pages."""


class Member(Record):
    """A document that resembles the first of its cluster."""

    file: str
    document: int
    similarity: float
    """Jaccard similarity, 0 to 1."""


class Cluster(Record):
    """Equal or similar documents."""

    first: Excerpt
    """Beginning of the document that stays."""
    size: int
    """Documents, the first included."""
    members: list[Member] = pydantic.Field(default_factory=list)
    """Some of the other documents."""


class Duplicates(Record):
    """Duplicates over all sources."""

    documents: int = 0
    """Documents equal to an earlier one."""
    near_documents: int = 0
    """Documents similar to an earlier one."""
    sentences: int = 0
    """Sentences removed because an earlier document has them."""
    sentence_bytes: int = 0
    clusters: list[Cluster] = pydantic.Field(default_factory=list)
    """Largest clusters, in descending order."""


class Stage(Record):
    """A stage of the pass."""

    name: str
    seconds: float
    """Wall clock."""
    bytes: int
    """Raw text that the stage went through in these seconds: all of the pass, unless that was resumed."""


class Piece(Record):
    """A piece of the vocabulary."""

    piece: str
    count: int


class ReportData(Record):
    """Content of `report.json`."""

    version: str
    """Version of ncvc."""
    sample: int | None = None
    """Documents of each source that a dry run reads; None for a whole pass."""
    sources: list[Source]
    duplicates: Duplicates | None = None
    """None without deduplication."""
    pieces: list[Piece] = pydantic.Field(default_factory=list)
    """Most frequent pieces, in descending order."""
    unknown_tokens: int = 0
    stages: list[Stage] = pydantic.Field(default_factory=list)
    config: dict[str, pydantic.JsonValue] = pydantic.Field(default_factory=dict)
    """Config of the pass, defaults included."""
