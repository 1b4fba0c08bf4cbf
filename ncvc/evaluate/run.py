"""Runs an evaluation: asks every model every question, keeps each answer at once, scores, and writes the report.

The folder that is written holds `answers/MODEL/TASK.jsonl` (prompt, answer, how it was read and scored, a line a
question), `scores.json`, `report.html`, `report.md`, `pages/MODEL/TASK.html` for reading answers, and `manifest.json`.
"""

import json
from pathlib import Path

from ncvc import __version__
from ncvc.evaluate.answers import AnswerLog, EvaluationFolder
from ncvc.evaluate.ask import ask_all
from ncvc.evaluate.open import open_engine
from ncvc.evaluate.plan import Plan
from ncvc.evaluate.report.write import write_report
from ncvc.evaluate.result import Result, score_answers
from ncvc.files import write_json
from ncvc.manifest import EVALUATION, write_manifest
from ncvc.outputs import require_output
from ncvc.progress import Reporter


def _check_output(plan: Plan, out: Path, *, replace: bool) -> Path:
    """Refuses an output that may not be written; returns the path that links lead to. Raises `NcvcError`."""
    reads = [model.path for model in plan.models if model.kind != "server"] + [suite.folder for suite in plan.suites]
    return require_output(out, EVALUATION, reads=reads, replace=replace, work=EvaluationFolder)


def evaluate(
    plan: Plan,
    out: Path,
    *,
    device: str = "cpu",
    batch_size: int = 8,
    tokenizer: Path | None = None,
    key_file: Path | None = None,
    replace: bool = False,
    restart: bool = False,
    reporter: Reporter | None = None,
) -> Result:
    """Writes the folder `out` and returns its scores.

    `tokenizer`: the folder for checkpoints that do not name theirs; `key_file`: the key of a server.
    Killed and started again it goes on; what was answered is not asked again. Raises an `NcvcError`.
    """
    reporter = reporter or Reporter()
    with EvaluationFolder(_check_output(plan, out, replace=replace)) as work:
        work.begin_or_resume(plan.identity(), restart=restart)
        answered = []
        for model in plan.models:
            with AnswerLog(work.answers / f"{model.slug}.jsonl") as log:
                log.say_dropped(reporter)
                engine = open_engine(
                    model, plan.settings, work.models, device, batch_size, tokenizer, key_file, reporter
                )
                ask_all(plan, engine, log, batch_size, reporter.progress(model.name))
                answered.append((model, engine.facts, log.records))
        result = score_answers(plan, answered)
        _write_answers(work.output / "answers", result)
        write_json(work.output / "scores.json", result.dump())
        write_report(work.output, result)
        write_manifest(work.output, stage=EVALUATION, ncvc=__version__, **plan.identity())
        work.publish()
    return result


def _write_answers(folder: Path, result: Result) -> None:
    for each in result.models:
        (folder / each.model.slug).mkdir(parents=True, exist_ok=True)
        for task, rows in each.rows.items():
            lines = (json.dumps(row.dump(), ensure_ascii=False) + "\n" for row in rows)
            (folder / each.model.slug / f"{task}.jsonl").write_text("".join(lines), encoding="utf-8")
