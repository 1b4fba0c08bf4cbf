"""The stages of the corpus pass: files in, files out.

Each can be called again, anywhere that sees the same disk: what is there already is not done twice.
"""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import ipadic

import ncvc._native as native
from ncvc.corpus.part_records import PreparedPart
from ncvc.corpus.plan import Plan, Task
from ncvc.corpus.records import FileDigests, PartOrigin, read_record
from ncvc.corpus.run_dir import PARTS, RunDir
from ncvc.documents.extract import extract
from ncvc.documents.sources import NO_LIMIT, Reading
from ncvc.errors import NcvcError
from ncvc.files import listed, sha256_if_readable, whole_file, write_whole
from ncvc.progress import ProgressCallback

TEXT = "text.jsonl.zst"
FINGERPRINTS = "fingerprints"


@dataclass(frozen=True)
class Stages:
    """The stages of one run."""

    plan: Plan
    work: RunDir
    threads: int
    """Threads of one call."""

    def prepare(self, task: Task, progress: ProgressCallback | None = None) -> None:
        """Writes the task's parts that are not there, then the record that says that it is finished."""
        done = self.work.done(task)
        if done.exists():
            _check(done)
            return
        self.work.begin_task(task)
        source = self.plan.source(task)
        reading = self._reading(task)
        extracted = None
        if task.files[0].holds_pages:
            extracted, page_hashes = extract(task.files, self.work.extracted, reading)
        hashes = native.prepare(
            reading.native(progress),
            task.number,
            [file.native() for file in task.files],
            extracted,
            self.plan.rules(source),
            self.analyzer if source.filters.adult_words else None,
            self.work.prepared,
            [PreparedPart.read(part).raw for part in self.work.parts(task)],
            self.plan.to == "text",
        )
        rows = zip(task.paths, hashes if extracted is None else page_hashes, strict=True)
        write_whole(done, {str(path): digest for path, digest in rows})

    @property
    def analyzer(self) -> native.Analyzer:
        """What finds the words among which adult ones are looked for: the tokenizer's, or ipadic without one."""
        if self.plan.config.tokenizer is not None:
            return self.tokenizer.analyzer
        return load_analyzer(self.work.dictionary)

    @property
    def tokenizer(self) -> native.Tokenizer:
        """The tokenizer."""
        return load_tokenizer(self.plan.tokenizer, self.plan.config.analyzer)

    def build_dictionary(self) -> None:
        """Makes the dictionary that is needed without a tokenizer, if it is and is not there."""
        config = self.plan.config
        needed = config.tokenizer is None and any(source.filters.adult_words for source in config.sources)
        if not needed or self.work.dictionary.exists():
            return
        with whole_file(self.work.dictionary) as partial:
            native.build_dictionary(partial, base=ipadic.DICDIR, base_name="ipadic")

    @property
    def to_extract(self) -> list[Task]:
        """Unprepared tasks whose files are web pages."""
        return [task for task in self.plan.tasks if task.files[0].holds_pages and not self.work.done(task).exists()]

    def extract(self, task: Task, _: ProgressCallback | None = None) -> None:
        """Extracts the text of a task's pages."""
        extract(task.files, self.work.extracted, self._reading(task))

    def _reading(self, task: Task) -> Reading:
        config, source = self.plan.config, self.plan.source(task)
        pages = task.files[0].holds_pages
        return Reading(
            text_field="text" if pages else source.text_field,
            format="html" if pages else source.format,
            encoding=source.encoding,
            quality_warnings=source.quality_warnings,
            threads=self.threads,
            on_error=config.on_error,
            longest_line=config.longest_line,
            part_bytes=config.part_bytes,
            most_lines=self.plan.most_lines,
        )

    @property
    def parts(self) -> list[Path]:
        """The prepared parts of all tasks, in input order."""
        # One listing, as every task of the later stages asks: one a task would be tasks × parts × parts.
        return listed(self.work.prepared, PARTS)

    def parts_of(self, source: int) -> list[Path]:
        """The prepared parts of a source, in input order."""
        return [part for part in self.parts if self.task_of(part).source == source]

    def task_of(self, part: Path) -> Task:
        """The task that a part is of."""
        return self.plan.tasks[int(part.name.partition("-")[0])]

    def list_parts(self) -> None:
        """Writes down which parts there are, and which files they are of."""
        origins = [PartOrigin(folder=str(part), files=self.task_of(part).identity().files) for part in self.parts]
        write_whole(self.work.origins, [origin.model_dump() for origin in origins])

    @property
    def deduplication(self) -> native.Deduplication:
        """The steps of finding duplicates."""
        return _deduplication(self.work.deduplicated, tuple(self.parts), self.plan.config.duplicates.model_dump_json())

    def deduplicate(self, step: tuple[str, int], progress: ProgressCallback | None = None) -> None:
        """Does one task of a step."""
        self.deduplication.run_task(*step, progress)

    def finish(self, number: int, progress: ProgressCallback | None = None) -> None:
        """Writes a prepared part, less its duplicates, as tokens or text."""
        part = self.parts[number]
        if (self.work.finished / part.name).exists():
            return
        source = self.plan.source(self.task_of(part))
        decisions = None
        if self.plan.config.duplicates.any:
            decisions = (self.work.origins, number, self.deduplication.decisions(number))
        prepared = {
            "text": part / TEXT,
            "cleaning": source.cleaning.model_dump_json(),
            "folder": self.work.finished,
            "name": part.name,
            "decisions": decisions,
        }
        reading = Reading(threads=self.threads, longest_line=NO_LIMIT, format="jsonl").native(progress)
        if self.plan.to == "text":
            native.write_part(reading, prepared)
        else:
            native.encode_part(reading, prepared, self.tokenizer)


@functools.lru_cache(maxsize=1)
def _deduplication(folder: Path, parts: tuple[Path, ...], options: str) -> native.Deduplication:
    """Kept, as it reads how many fingerprints every part has."""
    return native.Deduplication([(part / FINGERPRINTS, part / TEXT, "text") for part in parts], options, folder)


def _check(done: Path) -> None:
    """Refuses to go on with files that are not those that were prepared."""
    for path, digest in read_record(done, FileDigests).items():
        if sha256_if_readable(Path(path)) != digest:
            raise NcvcError(
                f"{path}: changed since this run was begun; put the file back, or begin anew with --restart"
            )


@functools.cache
def load_tokenizer(folder: Path, analyzer: Literal["lattice", "vibrato"]) -> native.Tokenizer:
    """The tokenizer, loaded once a process."""
    return native.Tokenizer.load(folder, analyzer)


@functools.cache
def load_analyzer(dictionary: Path) -> native.Analyzer:
    """The analyser, loaded once a process."""
    return native.Analyzer.load(dictionary)
