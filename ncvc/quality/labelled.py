"""Reads labelled documents, and the embeddings of those that have one."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ncvc.documents.lines import read_lines
from ncvc.documents.sources import LONGEST_LINE
from ncvc.errors import NcvcError
from ncvc.files import read_json
from ncvc.manifest import QUALITY_LABELS
from ncvc.quality.embed import read_embeddings
from ncvc.quality.folders import require_folder
from ncvc.quality.label import LABELS, SUMMARY

FEWEST = 20
"""Documents of each label that are needed, so that each is in every part of the split."""


@dataclass(frozen=True)
class Labelled:
    """Documents with their labels, and embeddings where there are."""

    ids: list[str]
    texts: list[str]
    is_high: np.ndarray
    """True for 高 [n]."""
    left_out: dict[str, int]
    """Reason → labelled documents that are not used."""
    summary: dict[str, Any]
    """As `summary.json` of the labels has it."""
    embeddings: np.ndarray | None = None
    """[n, size] in 32 bits."""


def read_labelled(labels: Path, embeddings: Path | None) -> Labelled:
    """Reads the documents with a label, and with an embedding if there are; raises `NcvcError`."""
    require_folder(labels, QUALITY_LABELS)
    left_out: Counter[str] = Counter()
    ids, texts, is_high = [], [], []
    for line in read_lines(labels / LABELS, "utf-8", LONGEST_LINE):
        row = json.loads(line.text or "")
        if row["label"] is None:
            left_out["no label"] += 1
            continue
        ids.append(row["id"])
        texts.append(row["text"])
        is_high.append(row["label"] == "高")
    found = Labelled(ids, texts, np.array(is_high, bool), dict(left_out), read_json(labels / SUMMARY))
    if embeddings is not None:
        found = _with_embeddings(found, embeddings)
    counts = {"高": int(found.is_high.sum()), "低": int((~found.is_high).sum())}
    for label, count in counts.items():
        if count < FEWEST:
            raise NcvcError(
                f"{labels}: {count} documents labelled {label}, and at least {FEWEST} are needed to train and to"
                " measure; label a larger sample, or one of other text"
            )
    return found


def _with_embeddings(data: Labelled, folder: Path) -> Labelled:
    """Adds the embeddings of labelled documents; those without one are left out."""
    places = {bytes.fromhex(id_): place for place, id_ in enumerate(data.ids)}
    found: dict[int, np.ndarray] = {}
    for ids, embeddings in read_embeddings(folder):
        for id_, embedding in zip(ids, embeddings, strict=True):
            place = places.get(id_.tobytes())
            if place is not None:
                found[place] = embedding
    kept = sorted(found)
    left_out = data.left_out | {"no embedding": len(data.ids) - len(kept)}
    return Labelled(
        ids=[data.ids[place] for place in kept],
        texts=[data.texts[place] for place in kept],
        is_high=data.is_high[kept],
        left_out=left_out,
        summary=data.summary,
        embeddings=np.stack([found[place] for place in kept]) if kept else np.zeros((0, 1), np.float32),
    )
