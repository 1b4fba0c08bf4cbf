"""Finished parts → the output folder."""

import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import ncvc._native as native
from ncvc.corpus.report import write_report
from ncvc.corpus.stages import TEXT, Stages
from ncvc.files import listed, read_json, write_json
from ncvc.manifest import PREPROCESS, write_manifest


def build(stages: Stages, summary: dict[str, Any], report: dict[str, Any]) -> None:
    """Writes the output into the work folder: datasets, what was left out, reports, manifest."""
    plan, work = stages.plan, stages.work
    output = work.output
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir()
    inputs: dict[str, str | None] = {}
    for task in plan.tasks:
        inputs |= read_json(work.done(task))
    for number, source in enumerate(plan.config.sources):
        finished = [work.finished / part.name for part in stages.parts_of(number)]
        if plan.to == "text":
            native.join_files(output / f"{source.name}.jsonl.zst", [part / TEXT for part in finished])
        else:
            native.join_tokens(output / source.name, finished, stages.tokenizer.vocab_size)
    _join_left_out(output, stages.parts, work.finished)
    write_json(output / "summary.json", summary)
    write_report(output, report)
    write_manifest(output, stage=PREPROCESS, run=plan.identity(), inputs=inputs)


def _join_left_out(output: Path, prepared: list[Path], finished: Path) -> None:
    """`dropped/REASON.jsonl.zst` and `quarantine.jsonl`, in input order."""
    dropped: dict[str, list[Path]] = defaultdict(list)
    for part in prepared:
        for file in [*listed(part, "dropped.*"), *listed(finished / part.name, "dropped.*")]:
            dropped[file.name.removeprefix("dropped.")].append(file)
    (output / "dropped").mkdir()
    for name, files in sorted(dropped.items()):
        native.join_files(output / "dropped" / name, files)
    native.join_files(output / "quarantine.jsonl", [part / "quarantine.jsonl" for part in prepared])
