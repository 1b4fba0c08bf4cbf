"""Collects the content of the report from the parts of a run."""

import contextlib
import time
from collections.abc import Iterator

import pydantic

import ncvc
import ncvc._native as native
from ncvc.corpus.plan import Plan
from ncvc.corpus.report.data import Cluster, Duplicates, Piece, ReportData, Source, Stage
from ncvc.corpus.stages import Stages, load_tokenizer
from ncvc.corpus.statistics import Statistics
from ncvc.corpus.summary import SourceSummary, Summary

CLUSTERS = 10
"""Number of clusters in the report."""
PIECES = 50
"""Number of pieces in the report."""


class Timing:
    """Wall-clock time of the stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        """Stage → seconds."""
        self.before: dict[str, int] = {}
        """Stage → bytes of raw text that an earlier start had done."""

    @contextlib.contextmanager
    def measure(self, stage: str, before: int = 0) -> Iterator[None]:
        """Measures the time that a stage takes, without what an earlier start did: `before` bytes of raw text."""
        started = time.monotonic()
        yield
        self.seconds[stage] = time.monotonic() - started
        self.before[stage] = before


def report_data(stages: Stages, summary: Summary, timing: Timing, sample: int | None) -> ReportData:
    """Collects the statistics of all parts."""
    plan = stages.plan
    sources = [_source(stages, number, counts) for number, counts in enumerate(summary.sources)]
    return ReportData(
        version=ncvc.__version__,
        sample=sample,
        sources=sources,
        duplicates=_duplicates(stages, summary) if plan.config.duplicates.any and stages.parts else None,
        pieces=_pieces(plan, sources) if plan.to == "tokens" else [],
        unknown_tokens=summary.unknown_tokens or 0,
        stages=[
            Stage(name=name, seconds=round(seconds, 3), bytes=(summary.text_bytes or 0) - timing.before[name])
            for name, seconds in timing.seconds.items()
        ],
        config=plan.config.model_dump(mode="json"),
    )


def _source(stages: Stages, number: int, counts: SourceSummary) -> Source:
    prepared = stages.parts_of(number)
    statistics = native.source_statistics(prepared, [stages.run_dir.finished / part.name for part in prepared])
    return Source(
        name=counts.name,
        statistics=Statistics.model_validate_json(statistics),
        removed_bytes=counts.removed_bytes,
        quarantined=counts.documents.quarantined,
        skipped=counts.skipped,
        passed_over=counts.passed_over,
    )


def _duplicates(stages: Stages, summary: Summary) -> Duplicates:
    decisions = [stages.deduplication.decisions(number) for number in range(len(stages.parts))]
    clusters = native.clusters(stages.run_dir.origins, decisions, CLUSTERS)
    return Duplicates(
        documents=summary.reasons.get("duplicate_document", 0),
        near_documents=summary.reasons.get("near_duplicate_document", 0),
        sentence_bytes=summary.removed_bytes.sentences,
        sentences=summary.removed_sentences,
        clusters=pydantic.TypeAdapter(list[Cluster]).validate_json(clusters),
    )


def _pieces(plan: Plan, sources: list[Source]) -> list[Piece]:
    """Ranks the pieces of all sources together by frequency."""
    counts: list[int] = []
    for source in sources:
        frequency = source.statistics.tokens.frequency if source.statistics.tokens else []
        counts += [0] * (len(frequency) - len(counts))
        for piece, count in enumerate(frequency):
            counts[piece] += count
    ranked = sorted(range(len(counts)), key=lambda piece: (-counts[piece], piece))[:PIECES]
    tokenizer = load_tokenizer(plan.tokenizer, plan.config.analyzer)
    pieces = [(tokenizer.id_to_piece(id_), counts[id_]) for id_ in ranked if counts[id_]]
    return [Piece(piece=piece, count=count) for piece, count in pieces if piece is not None]
