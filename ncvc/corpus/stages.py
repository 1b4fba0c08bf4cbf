"""The stages of the corpus pass: files in, files out.

Each can be called again, anywhere that sees the same disk: what is there already is not done twice.
"""

import functools
from dataclasses import dataclass
from pathlib import Path

import ncvc._native as native
from ncvc._native import NcvcError
from ncvc.corpus.extract import extract, extract_all
from ncvc.corpus.plan import Plan, Task
from ncvc.corpus.sources import NO_LIMIT, Reading, Tell
from ncvc.corpus.work import Work, read_record
from ncvc.files import read_json, sha256, write_whole

TEXT = "text.jsonl.zst"


@dataclass(frozen=True)
class Stages:
    """The stages of one run."""

    plan: Plan
    work: Work
    threads: int
    """The threads of one call."""
    most_lines: int = NO_LIMIT
    """The most lines that are read of each task."""

    def prepare(self, task: Task, tell: Tell | None = None) -> None:
        """Writes the task's parts that are not there, then the record that says that it is finished."""
        done = self.work.done(task)
        if done.exists():
            _check(done)
            return
        self.work.begin_task(task)
        reading = self._reading(task)
        extracted = None
        if task.files[0].holds_pages:
            extracted, page_hashes = extract(task.files, self.work.extracted, reading)
        hashes = native.prepare(
            reading.native(tell),
            task.number,
            [file.native() for file in task.files],
            extracted,
            self.work.prepared,
            [read_record(part)["raw"] for part in self.work.parts(task)],
            self.plan.to == "text",
        )
        rows = zip(task.paths, hashes if extracted is None else page_hashes, strict=True)
        write_whole(done, {str(path): digest for path, digest in rows})

    def extract_all(self, threads: int) -> None:
        """Extracts the pages of all tasks that are not prepared, on so many processes."""
        tasks = [task for task in self.plan.tasks if task.files[0].holds_pages and not self.work.done(task).exists()]
        groups = [(task.files, self._reading(task)) for task in tasks]
        extract_all(groups, self.work.extracted, processes=threads)

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
            most_lines=self.most_lines,
        )

    def finish(self, part: Path, tell: Tell | None = None) -> None:
        """Writes a prepared part as tokens or text."""
        if (self.work.finished / part.name).exists():
            return
        task = self.plan.tasks[int(part.name.partition("-")[0])]
        field = self.plan.source(task).text_field if self.plan.to == "text" else "text"
        reading = Reading(text_field=field, threads=self.threads, longest_line=NO_LIMIT).native(tell)
        if self.plan.to == "text":
            native.write_part(reading, part / TEXT, self.work.finished, part.name)
        else:
            tokenizer = load_tokenizer(self.plan.tokenizer)
            native.encode_part(reading, part / TEXT, tokenizer, self.work.finished, part.name)


def _check(done: Path) -> None:
    """Refuses to go on with files that are not those that were prepared."""
    for path, digest in read_json(done).items():
        if digest is not None and sha256(Path(path)) != digest:
            raise NcvcError(
                f"{path}: changed since this run was begun; put the file back, or begin anew with --restart"
            )


@functools.cache
def load_tokenizer(folder: Path) -> native.Tokenizer:
    """The tokenizer, loaded once a process."""
    return native.Tokenizer.load(folder)
