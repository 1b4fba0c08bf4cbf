"""Builds the output folder from the finished parts."""

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import ncvc._native as native
from ncvc.corpus.records import FileDigests, read_record
from ncvc.corpus.report import ReportData, write_report
from ncvc.corpus.stages import TEXT, Stages
from ncvc.corpus.summary import SKIPPED, Summary
from ncvc.files import listed, write_json
from ncvc.manifest import PREPROCESS, write_manifest


def build_output(stages: Stages, summary: Summary, report: ReportData) -> None:
    """Writes datasets, dropped documents, quarantine, reports and manifest into `RunDir.output`."""
    plan, run_dir = stages.plan, stages.run_dir
    output = run_dir.output
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    inputs: FileDigests = {}
    for task in plan.tasks:
        inputs |= read_record(run_dir.digests_file(task), FileDigests)
    for number, source in enumerate(plan.config.sources):
        finished = [run_dir.finished / part.name for part in stages.parts_of(number)]
        if plan.to == "text":
            native.join_files(output / f"{source.name}.jsonl.zst", [part / TEXT for part in finished])
        else:
            native.join_tokens(output / source.name, finished, stages.tokenizer.vocab_size)
    _join_dropped(output, stages.parts, run_dir.finished)
    _append_skipped(output / "quarantine.jsonl", chain.from_iterable(plan.skipped))
    write_json(output / "summary.json", summary.to_json())
    write_report(output, report)
    write_manifest(output, stage=PREPROCESS, run=plan.identity(), inputs=inputs)


def _join_dropped(output: Path, prepared: list[Path], finished: Path) -> None:
    """Writes `dropped/REASON.jsonl.zst` and `quarantine.jsonl`, in input order."""
    dropped: dict[str, list[Path]] = defaultdict(list)
    for part in prepared:
        for file in [*listed(part, "dropped.*"), *listed(finished / part.name, "dropped.*")]:
            dropped[file.name.removeprefix("dropped.")].append(file)
    (output / "dropped").mkdir()
    for name, files in sorted(dropped.items()):
        native.join_files(output / "dropped" / name, files)
    native.join_files(output / "quarantine.jsonl", [part / "quarantine.jsonl" for part in prepared])


def _append_skipped(quarantine: Path, skipped: Iterable[Path]) -> None:
    """Appends files that no reader takes to `quarantine.jsonl`."""
    with quarantine.open("a", encoding="utf-8") as file:
        for path in skipped:
            name = os.fsencode(path).decode(errors="backslashreplace")
            row = {"file": name, "line": 0, "reason": SKIPPED, "bytes": path.lstat().st_size}
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
