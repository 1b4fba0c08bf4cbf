"""`part.json`, which the engine writes last into the folder of a part (rust/core/src/stage)."""

from pathlib import Path

from ncvc.corpus.records import Record, read_record
from ncvc.corpus.statistics import Statistics

RECORD = "part.json"


class PartFile(Record):
    """A file of the part."""

    name: str
    bytes: int
    sha256: str


class RuleCount(Record):
    """Documents that a cleaning rule changed, and its edits in them."""

    rule: str
    documents: int
    edits: int


class PartCounts(Record):
    """Counts of one stage over a part: `documents` = `kept` + `dropped` + `quarantined`."""

    files: list[PartFile]
    documents: int
    kept: int
    dropped: int
    quarantined: int
    reasons: dict[str, int]
    """Documents left out, by reason, and damaged files."""
    source_documents: list[int]
    """Documents of each file of the task."""
    text_bytes: int
    """UTF-8 bytes of text that was read."""
    read_bytes: int
    """Bytes read from disk."""
    counts: list[RuleCount]
    statistics: Statistics

    @property
    def dropped_bytes(self) -> dict[str, int]:
        """UTF-8 bytes of the cleaned text of dropped documents, by reason."""
        return {reason: dropped.bytes for reason, dropped in self.statistics.dropped.items()}


class PreparedPart(PartCounts):
    """A part that was cleaned and filtered."""

    raw: str
    """Hash of the input lines, by which a resumed run recognises them."""
    clean_bytes: int
    """UTF-8 bytes of the cleaned and filtered text."""
    shortened_bytes: int
    """UTF-8 bytes that filters cut from documents that they let pass."""

    @classmethod
    def read(cls, part: Path) -> "PreparedPart":
        """Reads the record of a prepared part; raises `NcvcError` if it is damaged."""
        return read_record(part / RECORD, cls)


class FinishedPart(PartCounts):
    """A part that was deduplicated and written, as tokens or as text."""

    removed_sentences: int
    """Repeated sentences removed from documents that stay."""
    removed_sentence_bytes: int
    """UTF-8 bytes of these."""
    tokens: int | None = None
    morphemes: int | None = None
    unknown_tokens: int | None = None
    """Counts of encoding; None for text."""
    written_bytes: int | None = None
    """UTF-8 bytes of text; None for tokens."""

    @classmethod
    def read(cls, part: Path) -> "FinishedPart":
        """Reads the record of a finished part; raises `NcvcError` if it is damaged."""
        return read_record(part / RECORD, cls)
