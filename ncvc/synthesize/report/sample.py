"""Documents that the page shows and measures, chosen by their ids, which are as good as random."""

import heapq
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from ncvc.synthesize.plan import Plan
from ncvc.synthesize.write import DOCUMENTS

SHOWN = 20
"""Samples a task."""
MEASURED = 200
"""Documents a task and writer whose n-grams are counted."""
MEASURED_CHARACTERS = 500
"""Characters of each of them, so that long texts are no less diverse."""
NGRAM = 4
EDGES = (0, 100, 200, 300, 400, 600, 800, 1000, 1300, 1600, 2000, 2500, 3000, 4000, 6000, 10**7)
"""Bins of lengths in characters; the last one holds all that is longer."""

Document = dict[str, Any]


@dataclass
class TaskSample:
    """Findings of the page on a task's documents."""

    lengths: list[int] = field(default_factory=lambda: [0] * (len(EDGES) - 1))
    """Documents by length, in the bins of `EDGES`."""
    measured: dict[str, list[str]] = field(default_factory=dict)
    """Writer → beginnings of some documents."""
    samples: list[tuple[Document, ...]] = field(default_factory=list)
    """Documents on one topic by two writers, or single ones where no topic has two."""


def read_documents(path: Path) -> Iterator[Document]:
    """Reads the documents of a task."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield json.loads(line)


def topic_of(document: Document) -> str:
    """Returns the name of a document's topic or article."""
    return str(document.get("topic", document.get("article")))


def sample_tasks(plan: Plan, output: Path) -> dict[str, TaskSample]:
    """Reads the documents of all tasks once."""
    return {task.name: _sample(output / DOCUMENTS / f"{task.name}.jsonl") for task in plan.config.tasks}


def _sample(path: Path) -> TaskSample:
    found = TaskSample()
    measured: dict[str, list[tuple[str, str]]] = {}
    single: list[tuple[str, Document]] = []
    pairs: list[tuple[str, tuple[Document, ...]]] = []
    together: list[Document] = []
    for document in [*read_documents(path), {}]:
        if together and (not document or topic_of(document) != topic_of(together[0])):
            if pair := _pair(together):
                _keep(pairs, (pair[0]["id"], pair), SHOWN)
            together = []
        if not document:
            break
        together.append(document)
        size = len(document["text"])
        found.lengths[next(i for i, edge in enumerate(EDGES[1:]) if size < edge or edge == EDGES[-1])] += 1
        beginning = (document["id"], document["text"][:MEASURED_CHARACTERS])
        _keep(measured.setdefault(document["writer"], []), beginning, MEASURED)
        _keep(single, (document["id"], document), SHOWN)
    found.measured = {writer: [text for _, text in texts] for writer, texts in sorted(measured.items())}
    found.samples = [pair for _, pair in pairs] or [(document,) for _, document in single]
    return found


def _pair(documents: list[Document]) -> tuple[Document, ...]:
    """Returns the first two documents of different writers."""
    return next((pair for pair in combinations(documents, 2) if pair[0]["writer"] != pair[1]["writer"]), ())


def _keep(found: list[Any], entry: tuple[str, Any], most: int) -> None:
    """Keeps the entries with the smallest ids, in their order."""
    if len(found) >= most and entry[0] > found[-1][0]:
        return
    found[:] = heapq.nsmallest(most, [*found, entry], key=lambda each: each[0])


def distinct_share(texts: list[str]) -> float:
    """Returns the different n-grams of characters as a share of all of them (distinct-n, Li et al. 2016)."""
    grams: Counter[str] = Counter()
    for text in texts:
        said = "".join(text.split())
        grams.update(said[at : at + NGRAM] for at in range(len(said) - NGRAM + 1))
    return len(grams) / grams.total() if grams else 0.0
