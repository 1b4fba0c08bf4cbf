"""`summary.json`: counts of a pass, and of each of its sources."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pydantic

from ncvc.corpus.part_records import FinishedPart, PreparedPart, RuleCount
from ncvc.corpus.plan import Task
from ncvc.corpus.quarantine import UNREADABLE, repeated_rows
from ncvc.corpus.records import Record, read_record
from ncvc.corpus.stages import Stages
from ncvc.documents.skipped import by_kind

WRITTEN = ("tokens", "morphemes", "unknown_tokens", "written_bytes")
"""Counts of what was written, tokens or text."""
SKIPPED = "unknown_format"
"""Reason of a file in a folder that no reader takes."""
MOST_KINDS = 20
"""Kinds of records that are named; the rest is counted together."""
TEXT_BYTES = ("text_bytes", "clean_bytes", "kept_bytes")
COUNTS = (*WRITTEN, *TEXT_BYTES, "removed_sentences")
REMOVED = ("cleaning", "filters", "sentences")
"""Steps that remove bytes from documents that stay."""


class DocumentCounts(Record):
    """Documents: `read` = `out` + `dropped` + `quarantined`."""

    read: int = pydantic.Field(alias="in")
    out: int
    dropped: int
    quarantined: int


class RemovedBytes(Record):
    """UTF-8 bytes by the step that removed them: `text_bytes` less all of these is `kept_bytes`."""

    cleaning: int = 0
    """Removed by cleaning; negative where it added more, as white space becomes ▁, of 3 bytes."""
    filters: int = 0
    """Lines and sentences that filters cut from documents that they let pass."""
    documents: dict[str, int] = pydantic.Field(default_factory=dict)
    """Cleaned text of dropped documents, by reason."""
    sentences: int = 0
    """Repeated sentences of documents that stay."""


class FileCount(Record):
    """A file of the input."""

    path: str
    documents: int


class Totals(Record):
    """Counts over all parts; None where no part has them."""

    documents: DocumentCounts
    reasons: dict[str, int]
    """Documents left out, by reason, and damaged files."""
    removed_bytes: RemovedBytes
    removed_sentences: int
    """Repeated sentences removed from documents that stay."""
    tokens: int | None = None
    morphemes: int | None = None
    unknown_tokens: int | None = None
    written_bytes: int | None = None
    text_bytes: int | None = None
    """UTF-8 bytes of text as it was read."""
    clean_bytes: int | None = None
    """UTF-8 bytes of cleaned and filtered text."""
    kept_bytes: int | None = None
    """UTF-8 bytes of text without duplicates."""


class _Named(Record):
    name: str


class SourceSummary(Totals, _Named):
    """Counts of one source; its name comes first in the JSON."""

    rules: list[RuleCount]
    files: list[FileCount]
    skipped: dict[str, int] = pydantic.Field(default_factory=dict)
    """Kind → files in its folders that no reader takes; `quarantine.jsonl` names them."""
    passed_over: dict[str, int] = pydantic.Field(default_factory=dict)
    """Media type or HTTP status → records of its WARC files that are no pages."""


class Summary(Totals):
    """Counts of all sources together, and of each."""

    sources: list[SourceSummary]

    def to_json(self) -> dict[str, pydantic.JsonValue]:
        """Returns the content of `summary.json`."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class PassResult(Summary):
    """Summary of a pass, with its speed."""

    seconds: float
    """Wall clock of all stages, since the pass was resumed if it was."""
    mb_per_second: float
    """Raw text through all stages, 10⁶ bytes of UTF-8 a second."""
    resumed: bool = False
    """True if an earlier start had done a part of it."""
    nothing_done: bool = False
    """True if the output was there already, and is of this config and these inputs."""


@dataclass
class _Tally:
    """Sums of counts by name."""

    documents: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    """Bytes, by step."""
    dropped_bytes: Counter[str] = field(default_factory=Counter)
    """Bytes of dropped documents, by reason."""

    def totals(self) -> dict[str, object]:
        """Returns the members of `Totals`."""
        documents = {name: self.documents[name] for name in ("in", "out", "dropped", "quarantined")}
        removed = {step: self.removed[step] for step in REMOVED}
        return {
            "documents": documents,
            "reasons": dict(sorted(self.reasons.items())),
            "removed_bytes": {**removed, "documents": dict(sorted(self.dropped_bytes.items()))},
            "removed_sentences": 0,
            **self.counts,
        }


def summarize(stages: Stages) -> Summary:
    """Adds up the counts of all parts."""
    sources = [_summarize_source(stages, number) for number in range(len(stages.plan.config.sources))]
    tally = _Tally()
    for source in sources:
        tally.documents.update(source.documents.model_dump(by_alias=True))
        tally.reasons.update(source.reasons)
        tally.counts.update(source.model_dump(include={*COUNTS}, exclude_none=True))
        tally.removed.update(source.removed_bytes.model_dump(include=set(REMOVED)))
        tally.dropped_bytes.update(source.removed_bytes.documents)
    return Summary.model_validate({**tally.totals(), "sources": sources})


def _summarize_source(stages: Stages, number: int) -> SourceSummary:
    tally = _Tally()
    rules: dict[str, Counter[str]] = {}
    tasks = [task for task in stages.plan.tasks if task.source == number]
    files = Counter({str(path): 0 for task in tasks for path in task.paths})
    parts = stages.parts_of(number)
    for part in parts:
        prepared = PreparedPart.read(part)
        finished = FinishedPart.read(stages.run_dir.finished / part.name)
        tally.documents["in"] += prepared.documents
        tally.documents["out"] += finished.kept
        tally.documents["dropped"] += prepared.dropped + finished.dropped
        tally.documents["quarantined"] += prepared.quarantined
        tally.counts["text_bytes"] += prepared.text_bytes
        tally.counts["clean_bytes"] += prepared.clean_bytes
        tally.counts["kept_bytes"] += finished.statistics.kept.bytes
        tally.counts.update(finished.model_dump(include=set(WRITTEN), exclude_none=True))
        dropped = prepared.dropped_bytes
        cleaned = prepared.clean_bytes + prepared.shortened_bytes + sum(dropped.values())
        tally.removed["cleaning"] += prepared.text_bytes - cleaned
        tally.removed["filters"] += prepared.shortened_bytes
        tally.removed["sentences"] += finished.removed_sentence_bytes
        tally.counts["removed_sentences"] += finished.removed_sentences
        tally.dropped_bytes.update(dropped)
        tally.dropped_bytes.update(finished.dropped_bytes)
        tally.reasons.update(prepared.reasons)
        tally.reasons.update(finished.reasons)
        files.update(dict(zip(map(str, stages.task_of(part).paths), prepared.source_documents, strict=True)))
        for row in prepared.counts:
            rules.setdefault(row.rule, Counter()).update(documents=row.documents, edits=row.edits)
    if repeated := repeated_rows(parts, stages.task_of):
        tally.reasons[UNREADABLE] -= len(repeated)
    skipped = stages.plan.skipped[number]
    if skipped:
        tally.reasons[SKIPPED] += len(skipped)
    return SourceSummary.model_validate(
        {
            "name": stages.plan.config.sources[number].name,
            **tally.totals(),
            "rules": [{"rule": rule, **counts} for rule, counts in rules.items()],
            "files": [{"path": path, "documents": documents} for path, documents in files.items()],
            "skipped": {kind: len(paths) for kind, paths in by_kind(skipped).items()},
            "passed_over": _passed_over(stages, tasks),
        }
    )


def _passed_over(stages: Stages, tasks: Iterable[Task]) -> dict[str, int]:
    """Adds up the records that are no pages, the most frequent kind first; servers send hundreds of kinds."""
    counts: Counter[str] = Counter()
    for task in tasks:
        if task.files[0].needs_extraction:
            counts.update(read_record(stages.run_dir.passed_over_file(task), dict[str, int]))
    kinds = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    others = sum(records for _, records in kinds[MOST_KINDS:])
    return dict(kinds[:MOST_KINDS]) | ({"other kinds": others} if others else {})
