"""What the parts counted, added up."""

from collections import Counter
from typing import Any

from ncvc.corpus.run_dir import read_record
from ncvc.corpus.stages import Stages

ADDED = ("tokens", "morphemes", "unknown_tokens", "written_bytes")
BYTES = ("text_bytes", "clean_bytes", "kept_bytes")
"""Of text as it was read, once it was cleaned and filtered, and without duplicates; UTF-8."""


def totals(stages: Stages) -> dict[str, Any]:
    """The counts of the whole run and of each source.

    Documents in = out + dropped + quarantined, of each and of all.
    """
    plan = stages.plan
    sources = []
    for number, source in enumerate(plan.config.sources):
        found: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        rules: dict[str, Counter[str]] = {}
        files: Counter[str] = Counter()
        for task in plan.tasks:
            if task.source == number:
                files.update(dict.fromkeys(map(str, task.paths), 0))
        for part in stages.parts_of(number):
            prepared, finished = read_record(part), read_record(stages.work.finished / part.name)
            found["in"] += prepared["documents"]
            found["out"] += finished["kept"]
            found["dropped"] += prepared["dropped"] + finished["dropped"]
            found["quarantined"] += prepared["quarantined"]
            found["text_bytes"] += prepared["text_bytes"]
            found["clean_bytes"] += prepared["clean_bytes"]
            found["kept_bytes"] += finished["statistics"]["kept"]["bytes"]
            found.update({name: finished[name] for name in ADDED if name in finished})
            reasons.update(prepared["reasons"])
            reasons.update(finished["reasons"])
            files.update(dict(zip(map(str, stages.task_of(part).paths), prepared["source_documents"], strict=True)))
            for row in prepared["counts"]:
                rules.setdefault(row["rule"], Counter()).update(documents=row["documents"], edits=row["edits"])
        sources.append(
            {
                "name": source.name,
                "documents": {name: found[name] for name in ("in", "out", "dropped", "quarantined")},
                "reasons": dict(sorted(reasons.items())),
                **{name: found[name] for name in (*ADDED, *BYTES) if name in found},
                "rules": [{"rule": rule, **counts} for rule, counts in rules.items()],
                "files": [{"path": path, "documents": documents} for path, documents in files.items()],
            }
        )
    return {**_sum(sources), "sources": sources}


def _sum(sources: list[dict[str, Any]]) -> dict[str, Any]:
    documents: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for source in sources:
        documents.update(source["documents"])
        reasons.update(source["reasons"])
        others.update({name: source[name] for name in (*ADDED, *BYTES) if name in source})
    return {"documents": dict(documents), "reasons": dict(sorted(reasons.items())), **others}
