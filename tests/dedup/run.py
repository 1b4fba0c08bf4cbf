"""Runs deduplication on texts in memory."""

import json
from pathlib import Path
from typing import Any

import ncvc._native as native
from ncvc.corpus.duplicates import DuplicatesConfig

Parts = list[list[str]]


def plan(folder: Path, parts: Parts, config: DuplicatesConfig) -> native.Deduplication:
    """The parts on disk with their fingerprints, and a plan for them."""
    options = config.model_dump_json()
    rows = []
    for number, texts in enumerate(parts):
        text, fingerprints = folder / f"{number}.jsonl", folder / f"fingerprints/{number}"
        if not text.exists():
            lines = (json.dumps({"id": 1, "本文": text}, ensure_ascii=False) + "\n" for text in texts)
            text.write_text("".join(lines), encoding="utf-8")
        native.fingerprint_part(text, "本文", options, fingerprints)
        rows.append((fingerprints, text, "本文"))
    return native.Deduplication(rows, options, folder / "work")


def run(folder: Path, parts: Parts, *, threads: int = 1, **config: Any) -> list[native.Decisions]:
    """The decisions on each part."""
    folder.mkdir(exist_ok=True)
    made = plan(folder, parts, DuplicatesConfig(**config))
    made.run(threads)
    return [native.Decisions.read(made.decisions(part)) for part in range(len(parts))]


def decision_bytes(folder: Path) -> dict[str, bytes]:
    """The files of all decisions."""
    found = next((folder / "work").glob("decisions-of-*"))
    return {str(path.relative_to(found)): path.read_bytes() for path in sorted(found.rglob("*")) if path.is_file()}
