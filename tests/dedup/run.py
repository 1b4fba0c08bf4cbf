"""Runs deduplication on texts in memory."""

import json
from pathlib import Path
from typing import Any

import ncvc._native as native
from ncvc.corpus.duplicates import DuplicatesConfig

Parts = list[list[str]]


def plan(
    folder: Path, parts: Parts, config: DuplicatesConfig, least_characters: int = 0, whole: frozenset[int] = frozenset()
) -> native.Deduplication:
    """The parts on disk with their fingerprints, and a plan for them; the sentences of parts in `whole` take no part."""
    options = config.model_dump_json()
    rows = []
    for number, texts in enumerate(parts):
        text, fingerprints = folder / f"{number}.jsonl", folder / f"fingerprints/{number}"
        if not text.exists():
            lines = (json.dumps({"id": 1, "本文": text}, ensure_ascii=False) + "\n" for text in texts)
            text.write_text("".join(lines), encoding="utf-8")
        own = config.model_copy(update={"sentences": False}).model_dump_json() if number in whole else options
        native.fingerprint_part(text, "本文", own, fingerprints, least_characters)
        rows.append((fingerprints, text, "本文"))
    return native.Deduplication(rows, options, folder / "work")


def run(
    folder: Path,
    parts: Parts,
    *,
    threads: int = 1,
    least_characters: int = 0,
    whole: frozenset[int] = frozenset(),
    **config: Any,
) -> list[native.Decisions]:
    """The decisions on each part."""
    folder.mkdir(exist_ok=True)
    made = plan(folder, parts, DuplicatesConfig(**config), least_characters, whole)
    made.run(threads)
    return [native.Decisions.read(made.decisions(part)) for part in range(len(parts))]


def decision_bytes(folder: Path) -> dict[str, bytes]:
    """The files of all decisions."""
    found = next((folder / "work").glob("decisions-of-*"))
    return {str(path.relative_to(found)): path.read_bytes() for path in sorted(found.rglob("*")) if path.is_file()}
