"""Reads what is to be written about: topics of `ncvc data topics`, and articles."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ncvc.documents.lines import read_chunks, read_lines
from ncvc.documents.sources import LONGEST_LINE, find_sources
from ncvc.documents.unreadable import UnreadableError
from ncvc.errors import InputError
from ncvc.synthesize.config import TaskConfig
from ncvc.utf8 import is_utf8

ARTICLE = "article"


@dataclass(frozen=True, slots=True)
class Topic:
    """Something to write about."""

    kind: str
    """`disease`, `drug` or another word of the user's; `article` for an article."""
    name: str
    """Name of the topic; FILE:LINE of an article."""
    synonyms: tuple[str, ...] = field(default=())
    """Names by which a text on the topic may call it, too."""
    text: str = ""
    """Text of an article."""

    @property
    def digest(self) -> str:
        """SHA-256 of what prompts can hold of the topic; an article's does not depend on its place."""
        shown = [self.kind, self.text] if self.kind == ARTICLE else [self.kind, self.name, list(self.synonyms)]
        return hashlib.sha256(json.dumps(shown, ensure_ascii=False).encode()).hexdigest()


def read_topics(task: TaskConfig, folder: Path) -> tuple[list[Topic], list[Path]]:
    """Reads a task's topics, each once, in the order of its files; returns the files too.

    Paths are relative to `folder`. Raises `InputError` with file and line for a line that is none, and `NcvcError` for
    files that are not there.
    """
    read = _articles if task.kind == "qa" else _topics
    files = find_sources(task.topics, folder, "auto").files
    found: dict[str, Topic] = {}
    for source in files:
        # An article is named by its place as the config sees it, wherever the command was called.
        name = os.path.relpath(source.path, folder)
        for topic in read(source.path, name, source.format, task):
            found.setdefault(topic.digest, topic)
    topics = list(found.values())
    if not topics:
        raise InputError(f"{task.topics[0]}: holds no topic; write them with `ncvc data topics`")
    if task.most_topics is not None and task.most_topics < len(topics):
        step = len(topics) / task.most_topics
        topics = [topics[int(number * step)] for number in range(task.most_topics)]
    return topics, [source.path for source in files]


def _topics(path: Path, _name: str, form: str, _task: TaskConfig) -> Iterator[Topic]:
    if form != "jsonl":
        raise InputError(f"{path}: topics are JSON lines; write them with `ncvc data topics`")
    for place, value in _objects(path):
        name: Any = value.get("name")
        kind: Any = value.get("kind")
        synonyms: Any = value.get("synonyms", [])
        if not isinstance(name, str) or not name.strip() or not isinstance(kind, str) or kind in ("", ARTICLE):
            raise InputError(f"{place}: no topic: `kind` and `name` are texts; write topics with `ncvc data topics`")
        if not isinstance(synonyms, list) or not all(isinstance(each, str) for each in synonyms):
            raise InputError(f"{place}: `synonyms` is no list of texts")
        _require_utf8(place, [name, kind, *synonyms])
        yield Topic(kind, name.strip(), tuple(synonyms))


def _articles(path: Path, name: str, form: str, task: TaskConfig) -> Iterator[Topic]:
    if form == "text":
        if whole := "".join(_text_lines(path)).strip():
            yield Topic(ARTICLE, name, text=whole)
        return
    if form != "jsonl":
        raise InputError(f"{path}: articles are JSON lines or text; `ncvc preprocess --to text` makes them of others")
    for place, value in _objects(path):
        text = value.get(task.text_field)
        if not isinstance(text, str):
            raise InputError(f"{place}: no text in `{task.text_field}`; name the member with `text_field`")
        _require_utf8(place, [text])
        if text.strip():
            yield Topic(ARTICLE, f"{name}:{place.rpartition(':')[2]}", text=text.strip())


def _text_lines(path: Path) -> Iterator[str]:
    try:
        for line in read_lines(path, None, LONGEST_LINE):
            if line.text is None or not line.is_decoded:
                raise InputError(f"{path}:{line.number}: not text in the file's encoding; convert it to UTF-8")
            yield line.text
    except UnreadableError:
        raise InputError(f"{path}: no text; give JSON lines or text") from None


def _objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields FILE:LINE and the object of each line that is not blank."""
    rest, number = b"", 0
    for chunk in (*read_chunks(path), b"\n"):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            number += 1
            if not line.strip():
                continue
            place = f"{path}:{number}"
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                raise InputError(f"{place}: not JSON in UTF-8; write an object a line") from None
            if not isinstance(value, dict):
                raise InputError(f"{place}: not a JSON object; write an object a line")
            yield place, value


def _require_utf8(place: str, texts: Sequence[str]) -> None:
    if not all(map(is_utf8, texts)):
        raise InputError(f"{place}: holds half of a surrogate pair; remove it")
