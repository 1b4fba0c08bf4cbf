"""Runs a synthesis: asks for what the log lacks, checks all answers, and writes the output.

The output folder holds `documents/TASK.jsonl`, `aside/REASON.jsonl`, `failed.jsonl`, `summary.json`,
`report.html` and `manifest.json`. The log of answers lies in a folder of its own and stays.
"""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ncvc import __version__
from ncvc.files import sha256, write_json
from ncvc.manifest import SYNTHESIS, write_manifest
from ncvc.outputs import require_apart, require_output
from ncvc.progress import Reporter
from ncvc.synthesize.ask import ask_all
from ncvc.synthesize.config import SynthesizeConfig
from ncvc.synthesize.errors import UnfinishedError
from ncvc.synthesize.log import AnswerLog
from ncvc.synthesize.plan import Plan, make_plan
from ncvc.synthesize.report.page import write_report
from ncvc.synthesize.summary import summary_of
from ncvc.synthesize.write import SynthesisFolder, without_answer, write_texts
from ncvc.units import percent


@dataclass(frozen=True)
class Result:
    """Counts of a run."""

    summary: dict[str, Any]
    """As `summary.json` has it."""
    spent: float
    """Cost of all attempts in the log."""


def synthesize(
    config: SynthesizeConfig,
    folder: Path,
    *,
    ask: bool = True,
    replace: bool = False,
    reporter: Reporter | None = None,
) -> Result:
    """Writes the output folder and returns its counts; the config's paths are relative to `folder`.

    Without `ask` no writer is asked, and requests without an answer are `missing`. `replace` allows an output of ncvc
    to be replaced. Raises an `NcvcError`; of these `UnfinishedError` where it is enough to start again.
    """
    reporter = reporter or Reporter()
    plan = make_plan(config, folder)
    final = _check_outputs(plan, replace=replace)
    with AnswerLog(plan.log) as log:
        log.say_dropped(reporter)
        if ask:
            _require_answers(plan, log, ask_all(plan, log, reporter))
        with SynthesisFolder(final) as work:
            work.mark(output=final.name)
            work.output.mkdir()
            try:
                summary = _write(plan, log, work)
                work.publish()
            except BaseException as error:
                work.remove()
                if isinstance(error, OSError) and error.strerror and not error.filename:  # of a full disk, it has none
                    error.filename = str(plan.output)
                raise
        return Result(summary, log.spent)


def _check_outputs(plan: Plan, *, replace: bool) -> Path:
    """Refuses an output or a log that may not be written; returns the path of the output that links lead to."""
    require_apart(plan.log, [*plan.reads, plan.output], [plan.folder])
    return require_output(
        plan.output,
        SYNTHESIS,
        reads=[*plan.reads, plan.log],
        beside=[plan.folder],
        replace=replace,
        work=SynthesisFolder,
    )


def _require_answers(plan: Plan, log: AnswerLog, stopped: list[str]) -> None:
    """Raises `UnfinishedError` if requests were not asked, or more failed than the config allows."""
    missing, failed = without_answer(plan, log)
    kept = f"{len(plan.requests) - len(missing) - len(failed):,} of {len(plan.requests):,} requests are answered"
    again = f"{kept} and kept in {log.path}: start again to go on, or write what is there with --no-ask"
    if stopped and (missing or failed):
        raise UnfinishedError(f"{stopped[0]}; {again}")
    assert not missing
    if len(failed) > plan.config.most_failed * len(plan.requests):
        (reason, count), *_ = Counter(record.reason for _, record in failed).most_common(1)
        raise UnfinishedError(
            f"{len(failed):,} requests ({percent(len(failed), len(plan.requests))}) failed, {count:,} of them with"
            f" {reason}, more than most_failed allows; {again}"
        )


def _write(plan: Plan, log: AnswerLog, work: SynthesisFolder) -> dict[str, Any]:
    outcome = write_texts(plan, log, work)
    summary = summary_of(plan, outcome)
    write_json(work.output / "summary.json", summary)
    write_report(plan, outcome, summary, work.output)
    write_manifest(
        work.output,
        stage=SYNTHESIS,
        ncvc=__version__,
        config=plan.config.model_dump(mode="json"),
        prompts={version: {"name": each.name, "text": each.source} for version, each in plan.prompts.items()},
        inputs={os.path.relpath(path, plan.folder): sha256(path) for path in plan.inputs},
    )
    return summary
