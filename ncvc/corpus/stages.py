"""Stages of the corpus pass. Each reads and writes files only, and does nothing where its output is there already."""

import functools
import json
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

import ipadic

import ncvc._native as native
from ncvc.corpus.join import index_parts, join_parts
from ncvc.corpus.part_records import PreparedPart
from ncvc.corpus.plan import Plan, Task
from ncvc.corpus.records import FileDigests, FileSplit, JoinedFile, JoinedFiles, PartOrigin, read_record
from ncvc.corpus.run_dir import PARTS, RunDir
from ncvc.documents.extract import extract
from ncvc.documents.sources import NO_LIMIT, Reading
from ncvc.errors import NcvcError
from ncvc.files import RUN, listed, sha256_if_readable, whole_file, write_whole
from ncvc.manifest import file_difference
from ncvc.progress import ProgressCallback

TEXT = "text.jsonl.zst"
TOKENS = "tokens.bin"
FINGERPRINTS = "fingerprints"


class PartToFinish(TypedDict):
    """A prepared part, as the engine takes it to write it."""

    text: Path
    cleaning: str
    """`CleaningConfig` as JSON."""
    folder: Path
    """Folder that gets the finished part."""
    name: str
    decisions: tuple[Path, int, Path] | None
    """`parts.json`, the number of the part in it, and the folder of the decisions on it; None without duplicates."""


@dataclass(frozen=True)
class Stages:
    """Stages of one run."""

    plan: Plan
    run_dir: RunDir
    threads: int
    """Threads of one call."""
    unopenable: frozenset[Path] = frozenset()
    """Input files that could not be opened where the pass was started."""
    on_cluster: bool = False
    """True if stages run on other machines than the one where the pass was started."""

    def prepare(self, task: Task, progress: ProgressCallback | None = None) -> None:
        """Cleans and filters a task: writes its missing parts, then `TASK.done`. That of a range comes after `split`.

        Raises `NcvcError` if a file of a finished task has changed, `InputError` for unreadable input.
        """
        done = self.run_dir.digests_file(task)
        if done.exists():
            if task.ranges == 1:
                _require_unchanged(read_record(done, FileDigests))
            return
        self._require_same_disks(task.paths)
        file_range = None
        if task.ranges > 1:
            split = self.file_split(task)
            if split.ranges is None and task.range > 0:
                write_whole(done, {})  # the first task reads the whole file
                return
            file_range = split.ranges[task.range] if split.ranges else None
        self.run_dir.begin_task(task)
        source = self.plan.source(task)
        reading = self._reading(task)
        extraction = None
        if task.files[0].needs_extraction:
            extraction = extract(task.files, self.run_dir.extracted, reading)
            write_whole(self.run_dir.passed_over_file(task), extraction.passed_over)
        hashes = native.prepare(
            reading.to_engine(progress),
            task.number,
            [file.to_engine() for file in task.files],
            file_range.model_dump_json() if file_range else None,
            extraction.path if extraction else None,
            self.plan.rules(source),
            self.analyzer if source.filters.adult_words else None,
            self.run_dir.prepared,
            [PreparedPart.read(part).raw for part in self.run_dir.parts(task)],
            self.plan.to == "text",
            source.kept_fields,
        )
        rows = zip(task.paths, hashes if extraction is None else extraction.digests, strict=True)
        write_whole(done, {str(path): digest for path, digest in rows})

    @property
    def to_split(self) -> list[Task]:
        """First tasks of the files that are read in ranges."""
        return [task for task in self.plan.tasks if task.ranges > 1 and task.range == 0]

    def split(self, task: Task, progress: ProgressCallback | None = None) -> None:
        """Finds the ranges of a file, given its first task.

        Raises `NcvcError` if they were found before, or a range was read, and the file has changed since.
        """
        record = self.run_dir.split_file(task)
        if not record.exists():
            read: FileDigests = {}
            for each in self.plan.tasks[task.number :][: task.ranges]:
                if (done := self.run_dir.digests_file(each)).exists():
                    read |= read_record(done, FileDigests)
            _require_unchanged(read)
            self._require_same_disks(task.paths)
            [file] = task.files
            reading = self._reading(task).to_engine(progress)
            found = native.split_file(reading, file.to_engine(), self.plan.range_bytes, task.ranges)
            write_whole(record, json.loads(found))
            return
        done = self.run_dir.digests_file(task)
        if ranges := self.file_split(task).ranges:
            _require_unchanged({str(task.paths[0]): ranges[0].sha256})
        elif done.exists():
            _require_unchanged(read_record(done, FileDigests))

    def file_split(self, task: Task) -> FileSplit:
        """Returns the ranges of the file that a task reads one of."""
        return read_record(self.run_dir.split_file(task), FileSplit)

    @property
    def analyzer(self) -> native.Analyzer:
        """Analyser for the adult-word filter: the tokenizer's, or ipadic without one."""
        if self.plan.config.tokenizer is not None:
            return self.tokenizer.analyzer
        return load_analyzer(self.run_dir.dictionary)

    @property
    def tokenizer(self) -> native.Tokenizer:
        """Tokenizer of the config."""
        return load_tokenizer(self.plan.tokenizer, self.plan.config.analyzer)

    def build_dictionary(self) -> None:
        """Builds the dictionary of a run without a tokenizer, if a filter needs it."""
        config = self.plan.config
        needed = config.tokenizer is None and any(source.filters.adult_words for source in config.sources)
        if not needed or self.run_dir.dictionary.exists():
            return
        with whole_file(self.run_dir.dictionary) as partial:
            native.build_dictionary(partial, base=ipadic.DICDIR, base_name="ipadic")

    @property
    def to_extract(self) -> list[Task]:
        """Unprepared tasks whose text is extracted first."""
        return [
            task
            for task in self.plan.tasks
            if task.files[0].needs_extraction and not self.run_dir.digests_file(task).exists()
        ]

    def extract(self, task: Task, _: ProgressCallback | None = None) -> None:
        """Extracts the text of a task's files."""
        self._require_same_disks(task.paths)
        extract(task.files, self.run_dir.extracted, self._reading(task))

    def _require_same_disks(self, inputs: Iterable[Path] = ()) -> None:
        """Raises `NcvcError` where the run's folder, or a file that the pass was started with, cannot be opened.

        On a node that lacks a disk each of its files would be set aside as unreadable, and be missing in the output.
        """
        node = f"on the node {socket.gethostname()}"
        if not (self.run_dir.folder / RUN).exists():
            raise NcvcError(
                f"{self.run_dir.folder}: not there {node}: the disks are not shared; give every node the same folders"
                " under the same names"
                if self.on_cluster
                else f"{self.run_dir.folder}: was removed while the pass worked in it; start again"
            )
        for path in inputs:
            if path not in self.unopenable and not os.access(path, os.R_OK):
                raise NcvcError(
                    f"{path}: cannot be opened {node}, and could be where the pass was started; mount it there too, or"
                    " take the node out of the cluster"
                    if self.on_cluster
                    else f"{path}: cannot be opened any more, and could be when the pass was started; put it back, and"
                    " start again"
                )

    def _reading(self, task: Task) -> Reading:
        config, source = self.plan.config, self.plan.source(task)
        extracted = task.files[0].needs_extraction
        return Reading(
            text_field="text" if extracted else str(source.text_field),
            columns=source.columns,
            header=source.header,
            format=task.files[0].format if extracted else source.format,
            encoding=source.encoding,
            quality_warnings=source.quality_warnings,
            categories=source.categories,
            least_harmful_pp=source.least_harmful_pp,
            threads=self.threads,
            on_error=config.on_error,
            longest_line=config.longest_line,
            part_bytes=config.part_bytes,
            most_lines=self.plan.most_lines,
        )

    @property
    def parts(self) -> list[Path]:
        """Prepared parts of all tasks, in input order."""
        # One listing of the folder: later stages ask for every part, and a listing a task would be quadratic.
        return listed(self.run_dir.prepared, PARTS)

    def parts_of(self, source: int) -> list[Path]:
        """Lists the prepared parts of a source, in input order."""
        return [part for part in self.parts if self.task_of(part).source == source]

    def task_of(self, part: Path) -> Task:
        """Returns the task of a part."""
        return self.plan.tasks[int(part.name.partition("-")[0])]

    def list_parts(self) -> None:
        """Writes `parts.json`."""
        _deduplication.cache_clear()  # parts may have been made again in this process
        origins = [PartOrigin(folder=str(part), files=self.task_of(part).identity().files) for part in self.parts]
        write_whole(self.run_dir.origins, [origin.model_dump() for origin in origins])

    @property
    def deduplication(self) -> native.Deduplication:
        """Deduplication of all parts."""
        return _deduplication(
            self.run_dir.deduplicated, tuple(self.parts), self.plan.config.duplicates.model_dump_json()
        )

    def deduplicate(self, step: tuple[str, int], progress: ProgressCallback | None = None) -> None:
        """Runs one task of a step of the deduplication: its name and the task's number."""
        self._require_same_disks()
        self.deduplication.run_task(*step, progress)

    def finish(self, number: int, progress: ProgressCallback | None = None) -> None:
        """Writes the prepared part of this number without its duplicates, as tokens or text."""
        self._require_same_disks()
        part = self.parts[number]
        if (self.run_dir.finished / part.name).exists():
            return
        source = self.plan.source(self.task_of(part))
        decisions = None
        if self.plan.config.duplicates.any:
            decisions = (self.run_dir.origins, number, self.deduplication.decisions(number))
        prepared: PartToFinish = {
            "text": part / TEXT,
            "cleaning": source.cleaning.to_engine(),
            "folder": self.run_dir.finished,
            "name": part.name,
            "decisions": decisions,
        }
        reading = Reading(threads=self.threads, longest_line=NO_LIMIT, format="jsonl").to_engine(progress)
        if self.plan.to == "text":
            native.write_part(reading, prepared)
        else:
            native.encode_part(reading, prepared, self.tokenizer, self.plan.config.begin_of_text)

    def join(self, number: int, progress: ProgressCallback | None = None) -> None:
        """Joins the finished parts of a source into the output, part by part; what is joined of a part is removed.

        Raises `NcvcError` if the bytes of parts are lost: the next start writes these parts again.
        """
        self._require_same_disks()
        source = self.plan.config.sources[number].name
        record = self.run_dir.joined / f"{source}.json"
        if record.exists() and self._holds(read_record(record, JoinedFiles)):
            return
        parts = [self.run_dir.finished / part.name for part in self.parts_of(number)]
        tokens = self.plan.to == "tokens"
        target = self.run_dir.output / (f"{source}.bin" if tokens else f"{source}.jsonl.zst")
        joined = join_parts(target, parts, TOKENS if tokens else TEXT, progress)
        for part in joined.lost:
            self.run_dir.discard_finished(part)
        if joined.lost:
            raise NcvcError(
                f"{target}: {len(joined.lost)} of {len(parts)} parts, first {joined.lost[0].name}, are not as they were"
                " written; start again, and they are written again"
            )
        digests = {target: joined.sha256}
        if tokens:
            index = target.with_suffix(".idx")
            digests[index] = index_parts(index, parts, self.tokenizer.vocab_size, target.stat().st_size)
        files = {path.name: JoinedFile(bytes=path.stat().st_size, sha256=sha) for path, sha in digests.items()}
        write_whole(record, {name: file.model_dump() for name, file in files.items()})

    def _holds(self, files: JoinedFiles) -> bool:
        """Returns whether the output has these files as an earlier start wrote them."""
        paths = [(self.run_dir.output / name, file) for name, file in files.items()]
        return all(not path.is_symlink() and not file_difference(path, file.bytes, file.sha256) for path, file in paths)


@functools.lru_cache(maxsize=1)
def _deduplication(folder: Path, parts: tuple[Path, ...], options: str) -> native.Deduplication:
    """Caches the plan, which opens the fingerprints of every part."""
    return native.Deduplication([(part / FINGERPRINTS, part / TEXT, "text") for part in parts], options, folder)


def _require_unchanged(digests: FileDigests) -> None:
    """Raises `NcvcError` if a file has changed since it was prepared."""
    for path, digest in digests.items():
        if sha256_if_readable(Path(path)) != digest:
            raise NcvcError(
                f"{path}: changed since this run was begun; put the file back, or begin anew with --restart"
            )


@functools.cache
def load_tokenizer(folder: Path, analyzer: Literal["lattice", "vibrato"]) -> native.Tokenizer:
    """Loads a tokenizer, once a process."""
    return native.Tokenizer.load(folder, analyzer)


@functools.cache
def load_analyzer(dictionary: Path) -> native.Analyzer:
    """Loads an analyser, once a process."""
    return native.Analyzer.load(dictionary)
