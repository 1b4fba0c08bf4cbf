"""Builds the output folder from the finished parts."""

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from ncvc.corpus.join import THREADS, join_files
from ncvc.corpus.part_records import FinishedPart, PartFile, PreparedPart
from ncvc.corpus.quarantine import QUARANTINE, repeated_rows
from ncvc.corpus.records import FileDigests, JoinedFiles, read_record
from ncvc.corpus.report import ReportData, write_report
from ncvc.corpus.stages import Stages
from ncvc.corpus.summary import SKIPPED, Summary
from ncvc.executors import Executor
from ncvc.files import write_json
from ncvc.manifest import PREPROCESS, write_manifest
from ncvc.progress import Reporter

DROPPED = "dropped."
"""Beginning of the names of a part's files with dropped documents; the reason follows."""


def join_datasets(stages: Stages, summary: Summary, executor: Executor, reporter: Reporter) -> None:
    """Joins the parts of every source into its files of the output, several sources at a time."""
    progress = reporter.progress("joining", summary.kept_bytes or 0)
    threads = min(THREADS, executor.threads_per_call)
    executor.run(stages.join, range(len(stages.plan.config.sources)), progress, threads_per_call=threads)


def build_output(stages: Stages, summary: Summary, report: ReportData) -> None:
    """Writes dropped documents, quarantine, reports and manifest beside the joined files in `RunDir.output`."""
    plan, run_dir = stages.plan, stages.run_dir
    output = run_dir.output
    digests: dict[str, str] = {}
    for source in plan.config.sources:
        joined = read_record(run_dir.joined / f"{source.name}.json", JoinedFiles)
        digests |= {name: file.sha256 for name, file in joined.items()}
    for path in output.iterdir():
        if path.name not in digests:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    inputs: FileDigests = {}
    for task in plan.tasks:
        for name, digest in read_record(run_dir.digests_file(task), FileDigests).items():
            # Of a file that is read in ranges, one may have been unreadable.
            inputs[name] = digest if inputs.get(name, digest) is not None else None
    digests |= _join_dropped(stages, output)
    _append_skipped(output / QUARANTINE, chain.from_iterable(plan.skipped))
    write_json(output / "summary.json", summary.to_json())
    write_report(output, report)
    write_manifest(output, digests, stage=PREPROCESS, run=plan.identity(), inputs=inputs)


def _join_dropped(stages: Stages, output: Path) -> dict[str, str]:
    """Writes `dropped/REASON.jsonl.zst` and `quarantine.jsonl`, in input order.

    Returns the SHA-256 of each file of dropped documents, by its name in the output. Raises `DamagedError` if one of a
    part is not as it was written.
    """
    dropped: dict[str, list[tuple[Path, PartFile, int]]] = defaultdict(list)
    quarantined: list[tuple[Path, PartFile, int]] = []
    repeated = repeated_rows(stages.parts, stages.task_of)
    for part in stages.parts:
        finished = stages.run_dir.finished / part.name
        for folder, record in ((part, PreparedPart.read(part)), (finished, FinishedPart.read(finished))):
            for file in record.files:
                if file.name == QUARANTINE:
                    quarantined.append((folder / file.name, file, file.bytes - repeated.get(part, 0)))
                elif file.name.startswith(DROPPED):
                    dropped[file.name.removeprefix(DROPPED)].append((folder / file.name, file, file.bytes))
    (output / "dropped").mkdir()
    digests = {f"dropped/{name}": join_files(output / "dropped" / name, of) for name, of in sorted(dropped.items())}
    join_files(output / QUARANTINE, quarantined)
    return digests


def _append_skipped(quarantine: Path, skipped: Iterable[Path]) -> None:
    """Appends files that no reader takes to `quarantine.jsonl`."""
    with quarantine.open("a", encoding="utf-8") as file:
        for path in skipped:
            name = os.fsencode(path).decode(errors="backslashreplace")
            row = {"file": name, "line": 0, "reason": SKIPPED, "bytes": path.lstat().st_size}
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
