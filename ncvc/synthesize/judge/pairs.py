"""Pairs of documents on one topic, of which a page does not tell who wrote which."""

import hashlib
import heapq
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import combinations, groupby
from pathlib import Path
from typing import Any, Literal, Self

from ncvc.errors import InputError, NcvcError
from ncvc.manifest import SYNTHESIS, own_manifest, verify
from ncvc.synthesize.report.sample import Document, read_documents, topic_of
from ncvc.synthesize.write import DOCUMENTS

Between = Literal["writers", "prompts"]


@dataclass(frozen=True)
class Choice:
    """Rule by which the pairs of a page are drawn."""

    task: str
    between: Between
    pairs: int
    """Pairs at the most, each on a topic of its own."""
    seed: int

    @classmethod
    def load(cls, value: Any) -> Self:
        """Reads what a page wrote; raises `ValueError`."""
        if not isinstance(value, dict) or set(value) != {"task", "between", "pairs", "seed"}:
            raise ValueError("no choice of pairs")
        numbers = [value["pairs"], value["seed"]]
        if value["between"] not in ("writers", "prompts") or not all(type(number) is int for number in numbers):
            raise ValueError("no choice of pairs")
        return cls(str(value["task"]), value["between"], *numbers)

    def dump(self) -> dict[str, Any]:
        """Returns it as JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Pair:
    """Two documents on one topic; which is left depends on their ids and the seed."""

    id: str
    topic: str
    left: Document
    right: Document


def choose_pairs(output: Path, choice: Choice) -> list[Pair]:
    """Chooses pairs from an output of `ncvc synthesize`; the same output and choice give the same ones.

    Raises `NcvcError` for a folder that is none, or was changed, and `InputError` where there are no such pairs.
    """
    manifest = own_manifest(output)
    if manifest is None or manifest.get("stage") != SYNTHESIS:
        raise NcvcError(f"{output}: no output of `ncvc synthesize`; name its folder")
    tasks = [task["name"] for task in manifest["config"]["tasks"]]
    if choice.task not in tasks:
        raise NcvcError(f"{output}: has no task {choice.task!r}; its tasks are {', '.join(tasks)}")
    path = output / DOCUMENTS / f"{choice.task}.jsonl"
    if damage := next((each for each in verify(output) if each.path == path), None):
        raise NcvcError(f"{damage}; write the output again with `ncvc synthesize`")
    chosen = heapq.nsmallest(choice.pairs, _pairs(path, choice), key=lambda pair: pair.id)
    if not chosen:
        raise InputError(f"{path}: no topic has kept texts of two {choice.between}; there is nothing to compare")
    return chosen


def group_of(document: Document, between: Between) -> str:
    """Returns the writer, or the prompt with its version."""
    if between == "writers":
        return str(document["writer"])
    return f"{document['prompt']} {document['prompt_version']}"


def digest_of(pairs: list[Pair]) -> str:
    """Returns a digest of what a page shows, by which its answers are known to be of these pairs."""
    shown = [[pair.id, pair.left["text"], pair.right["text"]] for pair in pairs]
    return hashlib.sha256(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()[:32]


def _pairs(path: Path, choice: Choice) -> Iterator[Pair]:
    """Yields at most one pair a topic, drawn by the digests of all that it has."""
    for topic, group in groupby(read_documents(path), key=topic_of):
        found = [
            (_drawn(choice.seed, one, other), one, other)
            for one, other in combinations(group, 2)
            if group_of(one, choice.between) != group_of(other, choice.between)
        ]
        if choice.between == "prompts":  # of one writer, if there are such
            found = [each for each in found if each[1]["writer"] == each[2]["writer"]] or found
        if found:
            digest, one, other = min(found, key=lambda each: each[0])
            left, right = (one, other) if int(digest[-1], 16) % 2 else (other, one)
            yield Pair(digest[:16], topic, left, right)


def _drawn(seed: int, one: Document, other: Document) -> str:
    return hashlib.sha256(f"{seed}/{one['id']}/{other['id']}".encode()).hexdigest()
