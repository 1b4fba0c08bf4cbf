"""Estimates a pass before it runs: files to read, what would be written, disk and time. Writes nothing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydantic

from ncvc.corpus.config import PreprocessConfig
from ncvc.corpus.plan import Plan, Target, make_plan
from ncvc.corpus.preprocess import reads
from ncvc.corpus.records import Record
from ncvc.documents.skipped import by_kind
from ncvc.documents.sources import SourceFile
from ncvc.executors import Executor
from ncvc.files import RUN
from ncvc.machine import disk_free
from ncvc.manifest import PREPROCESS, own_manifest
from ncvc.outputs import real_path, require_apart, require_replaceable
from ncvc.units import duration, number, size

COMPRESSION = {".gz": 3.5, ".zst": 3.5, ".bz2": 4.5, ".xz": 4.5, ".parquet": 2.5}
"""Bytes of text for a byte of a file, about; measured for zst (docs/scaling.md), supposed for the others."""
SPEEDS = {"cleaning": 25e6, "near-duplicates": 95e6, "tokens": 11.5e6, "text": 25e6}
"""Bytes of raw text that a stage takes in a CPU second (docs/scaling.md; for `text` supposed)."""
WORK = 1.15
"""Bytes on disk at the most while the pass runs, for a byte of raw text, the output included.

Parts that are being joined are there twice."""
STAYS = {"tokens": 0.47, "text": 0.4}
"""Bytes of the output for a byte of raw text."""
USED = 0.8
"""Share of the threads' time that is well spent."""
FILES = ("dropped/", "quarantine.jsonl", "summary.json", "report.json", "report.html", "manifest.json")


@dataclass(frozen=True)
class SourceFiles:
    """The files of one source."""

    name: str
    files: int
    bytes: int
    formats: dict[str, int]
    """Files by format."""
    text_bytes: int
    """Bytes of text, estimated."""
    skipped: dict[str, int]
    """Files in its folders that would not be read, by kind."""


@dataclass(frozen=True)
class DryRun:
    """Files, disk and time that a pass would take; sizes in bytes, times in seconds."""

    sources: tuple[SourceFiles, ...]
    output: Path
    state: str
    writes: tuple[str, ...]
    disk_peak: int
    disk_stays: int
    disk_free: int
    cpu_seconds: float
    seconds: float
    threads: int

    def lines(self) -> Iterator[str]:
        """Yields it for people."""
        for source in self.sources:
            formats = ", ".join(f"{number(count)} {name}" for name, count in source.formats.items())
            yield (
                f"source       {source.name}: {_count(source.files, 'file')}, {size(source.bytes)} ({formats});"
                f" about {size(source.text_bytes)} of text"
            )
            if source.skipped:
                kinds = ", ".join(f"{number(count)} {kind}" for kind, count in source.skipped.items())
                yield f"not read     {source.name}: {kinds}"
        yield f"output       {self.output}: {self.state}"
        yield f"writes       {', '.join(self.writes)}"
        room = "" if self.disk_peak <= self.disk_free else ": NOT ENOUGH"
        yield (
            f"disk         about {size(self.disk_peak)} at the most, {size(self.disk_stays)} stay;"
            f" {size(self.disk_free)} are free{room}"
        )
        yield (
            f"time         about {duration(max(self.seconds, 1))} on {_count(self.threads, 'thread')},"
            f" {duration(max(self.cpu_seconds, 1))} of CPU"
        )
        yield "dry run: nothing was started or written"


def dry_run(
    config: PreprocessConfig, folder: Path, executor: Executor, *, to: Target, replace: bool, restart: bool
) -> DryRun:
    """Estimates the pass that `preprocess` would run with the same arguments.

    Raises the errors that it would raise before reading any text.
    """
    plan = make_plan(config, folder, to)
    output = folder / config.output
    require_apart(output, reads(plan), [folder])
    state = _state(plan, output, replace=replace, restart=restart)
    sources = tuple(_files(plan, number) for number in range(len(config.sources)))
    text = sum(source.text_bytes for source in sources)
    stages = ["cleaning", to, *(["near-duplicates"] if config.duplicates.near is not None else [])]
    cpu = sum(text / SPEEDS[stage] for stage in stages)
    suffixes = (".bin", ".idx") if to == "tokens" else (".jsonl.zst",)
    twice = sum(min(source.text_bytes, config.part_bytes) for source in sources)
    return DryRun(
        sources=sources,
        output=output,
        state=state,
        writes=tuple(source.name + suffix for source in config.sources for suffix in suffixes) + FILES,
        disk_peak=round(WORK * text + STAYS[to] * twice),
        disk_stays=round(STAYS[to] * text),
        disk_free=disk_free(output),
        cpu_seconds=cpu,
        seconds=cpu / (executor.threads * USED),
        threads=executor.threads,
    )


def _count(value: int, noun: str) -> str:
    return f"{number(value)} {noun}{'s' if value != 1 else ''}"


def _files(plan: Plan, source: int) -> SourceFiles:
    files = plan.files_of(source)
    sizes = [file.path.stat().st_size for file in files]
    return SourceFiles(
        name=plan.config.sources[source].name,
        files=len(files),
        bytes=sum(sizes),
        formats=dict(Counter(file.format for file in files).most_common()),
        text_bytes=_text_bytes(files, sizes),
        skipped={kind: len(paths) for kind, paths in by_kind(plan.skipped[source]).items()},
    )


def _text_bytes(files: Sequence[SourceFile], sizes: Sequence[int]) -> int:
    return round(
        sum(size * COMPRESSION.get(file.path.suffix.lower(), 1.0) for file, size in zip(files, sizes, strict=True))
    )


class _Run(Record):
    """Member of the manifest by which a pass recognises its own output."""

    model_config = pydantic.ConfigDict(extra="ignore")
    run: dict[str, pydantic.JsonValue]


def _state(plan: Plan, output: Path, *, replace: bool, restart: bool) -> str:
    """Describes what would become of what is there; raises `NcvcError` if it may not be replaced."""
    real = real_path(output)
    unfinished = (real.with_name(f".{real.name}.partial") / RUN).is_file()
    identity = plan.identity()
    manifest = own_manifest(real)
    if manifest is not None and not restart and _Run.model_validate(manifest).run == identity:
        return "is there, of the same config; it stays if the files are the same too"
    require_replaceable(output, PREPROCESS, replace=replace)
    state = "would be replaced" if manifest is not None else "is new"
    if unfinished:
        state += "; an unfinished run would be " + ("discarded" if restart else "resumed")
    return state
