"""The corpus pass: raw text → clean documents → datasets."""

from collections.abc import Iterator
from pathlib import Path

import pydantic

from ncvc.corpus.config import PreprocessConfig
from ncvc.corpus.plan import Plan, Target, make_plan
from ncvc.corpus.publish import build
from ncvc.corpus.records import FileDigests, Record, read_record
from ncvc.corpus.report import ReportData
from ncvc.corpus.report.collect import Timing, report_data
from ncvc.corpus.run_dir import RunDir
from ncvc.corpus.stages import TEXT, Stages, load_tokenizer
from ncvc.corpus.summary import PassResult, Summary, summarize
from ncvc.errors import InputError
from ncvc.executors import Executor, LocalExecutor
from ncvc.files import sha256_if_readable
from ncvc.manifest import MANIFEST, PREPROCESS
from ncvc.outputs import real_path, require_apart, require_replaceable
from ncvc.progress import Reporter


def preprocess(
    config: PreprocessConfig,
    folder: Path,
    *,
    to: Target = "tokens",
    replace: bool = False,
    restart: bool = False,
    sample: int | None = None,
    executor: Executor | None = None,
    reporter: Reporter | None = None,
) -> PassResult:
    """Runs the pass, or goes on with it, and returns the summary that it also writes.

    `folder` is what the config's paths are relative to. The output folder gets, for each source, `NAME.bin` and
    `NAME.idx` (or `NAME.jsonl.zst`); `dropped/`, `quarantine.jsonl`, `summary.json`, `report.json`, `report.html`
    and `manifest.json`. The number of documents read is that of documents written, dropped and quarantined.

    Until it is whole, everything is in `.OUTPUT.partial` beside it; a run that was stopped goes on from there.
    An output that is there already, of the same config and inputs, is left as it is. `replace` allows another
    one to be replaced, `restart` forgets what an unfinished run has done, `sample` reads so many documents of each
    source only. The default `executor` has the config's threads on this machine; the default `reporter` is silent.
    """
    plan = make_plan(config, folder, to, sample)
    require_apart(folder / config.output, _reads(plan), [folder])
    output = real_path(folder / config.output)
    with RunDir(output) as work:
        made = None if restart else _inputs_of(plan, output)
        now = {path: sha256_if_readable(Path(path)) for path in made or {}}
        if made is not None and made == now:
            work.remove()
            advice = f"move {output} away to write it again"
            summary = read_record(output / "summary.json", Summary, advice)
            return _result(summary, read_record(output / "report.json", ReportData, advice))
        # An output that lacks only what could not be read is one that is not finished.
        lacks = made is not None and all(made[path] in (None, digest) for path, digest in now.items())
        require_replaceable(folder / config.output, PREPROCESS, replace=replace or lacks)
        work.begin(plan, restart=restart)
        timing = Timing()
        stages = _run(plan, work, executor or LocalExecutor(config.threads), reporter or Reporter(), timing)
        summary = summarize(stages)
        if summary.documents.read == 0 and config.on_error == "stop":
            raise InputError(f"{plan.tasks[0].paths[0]}: no documents in the input; check the inputs of the config")
        report = report_data(stages, summary, timing, sample)
        build(stages, summary, report)
        work.publish()
    return _result(summary, report)


def _run(plan: Plan, work: RunDir, executor: Executor, reporter: Reporter, timing: Timing) -> Stages:
    """Runs all stages over all parts."""
    threads = executor.threads_per_call
    stages = Stages(plan, work, threads)
    if plan.to == "tokens":
        load_tokenizer(plan.tokenizer, plan.config.analyzer)
    stages.build_dictionary()
    with timing.of("cleaning"):
        if tasks := stages.to_extract:
            executor.run_python(stages.extract, tasks, reporter.progress("extracting"))
        size = sum(path.stat().st_size for task in plan.tasks for path in task.paths)
        executor.run(stages.prepare, plan.tasks, reporter.progress("cleaning", size), threads_per_call=threads)
    parts = stages.parts
    if plan.config.duplicates.any and parts:
        with timing.of("deduplication"):
            stages.list_parts()
            for step, count in stages.deduplication.steps():
                steps = [(step, number) for number in range(count)]
                executor.run(stages.deduplicate, steps, reporter.progress(f"duplicates: {step}"))
    label = "encoding" if plan.to == "tokens" else "writing"
    with timing.of(label):
        size = sum((part / TEXT).stat().st_size for part in parts)
        executor.run(stages.finish, range(len(parts)), reporter.progress(label, size), threads_per_call=threads)
    return stages


def _reads(plan: Plan) -> Iterator[Path]:
    """The files and folders that the pass reads."""
    for source in plan.config.sources:
        yield from (path for path in (plan.folder / name for name in source.inputs) if path.is_dir())
    for task in plan.tasks:
        yield from task.paths
    if plan.config.tokenizer is not None:
        yield plan.tokenizer


def _result(summary: Summary, report: ReportData) -> PassResult:
    seconds = sum(stage.seconds for stage in report.stages)
    rate = (summary.text_bytes or 0) / 1e6 / seconds if seconds else 0.0
    speed = {"seconds": round(seconds, 3), "mb_per_second": round(rate, 3)}
    return PassResult.model_validate({**summary.to_json(), **speed})


class _OutputManifest(Record):
    """Facts of the manifest by which a pass recognises its own output."""

    model_config = pydantic.ConfigDict(extra="ignore")
    run: dict[str, pydantic.JsonValue]
    inputs: FileDigests


def _inputs_of(plan: Plan, output: Path) -> FileDigests | None:
    """Returns the digests of the files that the output was made of; None if another run made it."""
    try:
        manifest = _OutputManifest.model_validate_json((output / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError, pydantic.ValidationError):
        return None
    paths = [str(path) for task in plan.tasks for path in task.paths]
    return manifest.inputs if manifest.run == plan.identity() and list(manifest.inputs) == paths else None
