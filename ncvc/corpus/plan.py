"""Plans a run of the corpus pass: its tasks, and the identity that its bytes depend on.

A task is a group of files of one source that are prepared together, in parts, or a range of a large file. Tasks and
parts depend on the input alone, not on the number of threads or machines.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pydantic

import ncvc
import ncvc._native as native
from ncvc.corpus.config import PreprocessConfig, SourceConfig
from ncvc.corpus.records import TaskRecord
from ncvc.documents.needed import require_packages
from ncvc.documents.sources import NO_LIMIT, Found, SourceFile, find_sources, named_path
from ncvc.errors import ConfigError
from ncvc.files import sha256
from ncvc.identity import first_difference
from ncvc.manifest import MANIFEST

Target = Literal["tokens", "text"]

TABLES = ("csv", "tsv", "excel")
"""Formats with numbered columns, of which several can make the text."""
SPLITTABLE = ("jsonl", "paragraphs")
"""Formats of whose files several readers can read a range each."""
SMALLEST_RANGE = 2**20
"""Bytes on disk below which a file is not split, however small its parts are."""
SLOW = 16
"""Bytes that a byte of a file counts for whose text takes long to extract."""
FREE_TO_CHANGE: dict[str, bool | set[str]] = {
    "output": True,
    "threads": True,
    "on_error": True,
    "duplicates": {"memory"},
}
"""Keys of the config that may differ when a run is resumed: the bytes written do not depend on them."""


BEFORE_THE_KEY: dict[str, pydantic.JsonValue] = {"begin_of_text": False}
"""Meaning of a key's absence in the configs of versions that did not have it, where that is not its default."""


def as_begun(identity: dict[str, pydantic.JsonValue]) -> dict[str, pydantic.JsonValue]:
    """Returns the identity of a run, with the keys of the config that came later as they were before they came."""
    config = identity.get("config")
    return identity | {"config": BEFORE_THE_KEY | config} if isinstance(config, dict) else identity


@dataclass(frozen=True)
class Task:
    """A group of files of one source, or a range of a large file."""

    number: int
    """Index among all tasks."""
    source: int
    """Index of the source in the config."""
    files: tuple[SourceFile, ...]
    """Files in input order."""
    range: int = 0
    """Range of its only file that it reads."""
    ranges: int = 1
    """Ranges of its only file; 1 where whole files are read."""

    @property
    def paths(self) -> list[Path]:
        """Paths of the files."""
        return [file.path for file in self.files]

    @property
    def name(self) -> str:
        """Prefix of the names of its parts."""
        return f"{self.number:06}"

    def identity(self) -> TaskRecord:
        """Returns what must be the same for its finished parts to be used."""
        files = [str(path) for path in self.paths]
        return TaskRecord(source=self.source, files=files, range=self.range, ranges=self.ranges)


@dataclass(frozen=True)
class Plan:
    """Everything that the bytes of the output depend on, except the content of the files."""

    config: PreprocessConfig
    to: Target
    folder: Path
    """Folder that the config's paths are relative to."""
    tasks: tuple[Task, ...]
    skipped: tuple[tuple[Path, ...], ...] = ()
    """Files in the folders of each source that no reader takes."""
    most_lines: int = NO_LIMIT
    """Lines to read of each task at most."""

    @property
    def tokenizer(self) -> Path:
        """Tokenizer folder; raises `ConfigError` if the config names none."""
        if self.config.tokenizer is None:
            raise ConfigError("'tokenizer' is missing: name the folder that `ncvc tokenizer train` wrote")
        folder = named_path(self.config.tokenizer, self.folder)
        if not (folder / MANIFEST).is_file():
            raise ConfigError(f"'tokenizer': {folder} is no folder that `ncvc tokenizer train` wrote; name that one")
        return folder

    @property
    def range_bytes(self) -> int:
        """Bytes on disk of a range of a file."""
        return _range_bytes(self.config)

    def files_of(self, source: int) -> list[SourceFile]:
        """Lists the files of a source, in input order."""
        return [file for task in self.tasks if task.source == source and task.range == 0 for file in task.files]

    @property
    def paths(self) -> list[Path]:
        """Paths of all files, in input order."""
        return [path for task in self.tasks if task.range == 0 for path in task.paths]

    def source(self, task: Task) -> SourceConfig:
        """Returns the source of a task."""
        return self.config.sources[task.source]

    def identity(self) -> dict[str, pydantic.JsonValue]:
        """Returns what must be the same for a run to be resumed, as JSON."""
        return {
            "ncvc": ncvc.__version__,
            "config": self.config.model_dump(mode="json", exclude=FREE_TO_CHANGE),
            "cleaning": native.cleaning_version(),
            "to": self.to,
            "tokenizer": sha256(self.tokenizer / MANIFEST) if self.to == "tokens" else None,
            "filters": native.filters_version(),
            "deduplication": native.deduplication_version(),
            "rules": [hashlib.sha256(self.rules(source).encode()).hexdigest() for source in self.config.sources],
        }

    def changed_since(self, before: dict[str, pydantic.JsonValue]) -> str | None:
        """Says the first difference to the identity of another run in a clause; None if there is none.

        Keys of the config go first: hashes of rules differ with them.
        """
        now = self.identity()
        before = as_begun({key: before.get(key) for key in now} | before)
        changed = first_difference(before, now)
        if changed is None or not changed.startswith("rules."):
            return changed
        number = int(changed.removeprefix("rules.").partition(" ")[0])
        return f"the list of adult words or the quality model of sources.{number} has another content"

    def rules(self, source: SourceConfig) -> str:
        """Returns the options of a source's cleaning, filters and deduplication, in the engine's JSON."""
        duplicates = self.config.duplicates.of_source(source.repeated_sentences)
        return json.dumps(
            {
                "cleaning": json.loads(source.cleaning.to_engine()),
                "filters": json.loads(source.filters.options(self.folder)),
                "duplicates": duplicates.model_dump() if self.config.duplicates.any else None,
            },
            ensure_ascii=False,
        )


def make_plan(config: PreprocessConfig, folder: Path, to: Target, sample: int | None = None) -> Plan:
    """Finds the input files and groups them into tasks; with `sample`, one task a source, of so many documents.

    Raises `NcvcError` for an input that is not there, for a missing package, and with `on_error: stop` for a file that
    no reader takes.
    """
    found: list[Found] = []
    for source in config.sources:
        found.append(find_sources(source.inputs, folder, source.format))
        if config.on_error == "stop":
            found[-1].require_all()
    for source, each in zip(config.sources, found, strict=True):
        _require_readable(source, each.files)
    skipped = tuple(tuple(each.skipped) for each in found)
    if sample is not None:
        # Every file holds at least one document.
        sampled = tuple(Task(n, n, tuple(each.files[:sample])) for n, each in enumerate(found))
        return Plan(config, to, folder, sampled, skipped, sample)
    tasks: list[Task] = []
    for number, each in enumerate(found):
        for files in _groups(each.files, config.part_bytes):
            ranges = _ranges(files[0], _range_bytes(config))
            tasks += [Task(len(tasks) + i, number, files, i, ranges) for i in range(ranges)]
    return Plan(config, to, folder, tuple(tasks), skipped)


def _require_readable(source: SourceConfig, files: list[SourceFile]) -> None:
    """Raises `NcvcError` for a missing package, and for columns of files that are no tables."""
    require_packages(files)
    other = next((file for file in files if file.format not in TABLES), None)
    if other is not None and not isinstance(source.text_field, str):
        raise ConfigError(
            f"{other.path}: `text_field: {source.text_field}` names columns, and only CSV, TSV and Excel have them;"
            " make a source of its own of this file"
        )


def _range_bytes(config: PreprocessConfig) -> int:
    return max(config.part_bytes, SMALLEST_RANGE)


def _ranges(file: SourceFile, size: int) -> int:
    """Returns the number of ranges of at least `size` bytes in which a file is read; one that has several is alone."""
    return max(1, file.path.stat().st_size // size) if file.format in SPLITTABLE else 1


def _groups(files: list[SourceFile], limit: int) -> Iterator[tuple[SourceFile, ...]]:
    """Groups neighbouring files of up to `limit` bytes on disk together.

    Files that are extracted first are in groups of their own, those that take long in smaller ones, for more processes.
    """
    group: list[SourceFile] = []
    size = 0
    for file in files:
        more = file.path.stat().st_size * (SLOW if file.format in ("docx", "excel", "pdf") else 1)
        if group and (size + more > limit or file.needs_extraction != group[0].needs_extraction):
            yield tuple(group)
            group, size = [], 0
        group.append(file)
        size += more
    if group:
        yield tuple(group)
