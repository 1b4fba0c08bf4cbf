"""What the parts of a run counted → the data of its report."""

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import ncvc
import ncvc._native as native
from ncvc.corpus.plan import Plan
from ncvc.corpus.stages import Stages, load_tokenizer

CLUSTERS = 10
"""Groups of duplicates that are shown."""
KINDS = ("duplicate_document", "near_duplicate_document", "duplicate_sentences")
"""Why a duplicate is dropped whole."""
PIECES = 50
"""The most frequent pieces that are shown."""


class Timing:
    """How long the stages of this start took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        """By stage."""

    @contextlib.contextmanager
    def of(self, stage: str) -> Iterator[None]:
        """Measures a stage."""
        started = time.monotonic()
        yield
        self.seconds[stage] = time.monotonic() - started


def report_data(stages: Stages, totals: dict[str, Any], timing: Timing, sample: int | None) -> dict[str, Any]:
    """The data of `ncvc.corpus.report`."""
    plan, work = stages.plan, stages.work
    sources = []
    for number, (source, counted) in enumerate(zip(plan.config.sources, totals["sources"], strict=True)):
        prepared = stages.parts_of(number)
        finished = [work.finished / part.name for part in prepared]
        statistics = json.loads(native.source_statistics(prepared, finished))
        quarantined = counted["documents"]["quarantined"]
        sources.append({"name": source.name, "statistics": statistics, "quarantined": quarantined})
    return {
        "version": ncvc.__version__,
        "sample": sample,
        "sources": sources,
        "duplicates": _duplicates(stages, totals, sources) if plan.config.duplicates.any and stages.parts else None,
        "pieces": _pieces(plan, sources) if plan.to == "tokens" else [],
        "unknown_tokens": totals.get("unknown_tokens", 0),
        "stages": [
            {"name": name, "seconds": round(seconds, 3), "bytes": totals.get("text_bytes", 0)}
            for name, seconds in timing.seconds.items()
        ],
        "config": plan.config.model_dump(mode="json"),
    }


def _duplicates(stages: Stages, totals: dict[str, Any], sources: list[dict[str, Any]]) -> dict[str, Any]:
    deduplication = stages.deduplication
    decisions = [deduplication.decisions(number) for number in range(len(stages.parts))]
    reasons = totals["reasons"]
    dropped = [source["statistics"]["dropped"].get(kind, {"bytes": 0}) for source in sources for kind in KINDS]
    whole = sum(row["bytes"] for row in dropped)
    return {
        "documents": reasons.get(KINDS[0], 0),
        "near_documents": reasons.get(KINDS[1], 0),
        "sentence_bytes": totals["clean_bytes"] - totals["kept_bytes"] - whole,
        "sentences": sum(native.Decisions.read(folder).removed_sentences for folder in decisions),
        "clusters": json.loads(native.clusters(stages.work.origins, decisions, CLUSTERS)),
    }


def _pieces(plan: Plan, sources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The most frequent pieces of all sources together."""
    counts: list[int] = []
    for source in sources:
        frequency = (source["statistics"]["tokens"] or {"frequency": []})["frequency"]
        counts += [0] * (len(frequency) - len(counts))
        for piece, count in enumerate(frequency):
            counts[piece] += count
    ranked = sorted(range(len(counts)), key=lambda piece: (-counts[piece], piece))[:PIECES]
    loaded = load_tokenizer(plan.tokenizer, plan.config.analyzer)
    return [{"piece": loaded.id_to_piece(piece), "count": counts[piece]} for piece in ranked if counts[piece]]
