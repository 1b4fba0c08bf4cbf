"""Runs the corpus pass: raw text → cleaned documents → datasets."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pydantic

from ncvc.corpus.config import PreprocessConfig
from ncvc.corpus.part_records import PreparedPart
from ncvc.corpus.patient_records import undecided
from ncvc.corpus.plan import Plan, Target, as_begun, make_plan
from ncvc.corpus.publish import build_output, join_datasets
from ncvc.corpus.quarantine import require_nothing_quarantined
from ncvc.corpus.records import FileDigests, Record, read_record
from ncvc.corpus.report import ReportData
from ncvc.corpus.report.collect import Timing, report_data
from ncvc.corpus.run_dir import RunDir
from ncvc.corpus.stages import TEXT, Stages, load_tokenizer
from ncvc.corpus.summary import PassResult, Summary, summarize
from ncvc.documents.sources import named_path
from ncvc.errors import InputError, NcvcError
from ncvc.executors import Executor, LocalExecutor
from ncvc.files import sha256_if_readable
from ncvc.manifest import MANIFEST, PREPROCESS, own_manifest
from ncvc.outputs import real_path, require_apart, require_replaceable, require_untouched
from ncvc.progress import Reporter

WHOLE = {
    "no_lines": "its documents are not lines",
    "encoding": "it is in an encoding whose lines cannot be read apart, or in none that is recognised",
    "compression": "only Zstandard can be decompressed from the middle",
}
"""Reason why a large file is not split → what is said of it; of the others reading it says why."""


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
    """Runs or resumes a pass and returns its counts.

    The config's paths are relative to `folder`. The output folder gets `NAME.bin` and `NAME.idx` (or `NAME.jsonl.zst`)
    for each source, `dropped/`, `quarantine.jsonl`, `summary.json`, `report.json`, `report.html` and `manifest.json`.
    Documents read are those written, dropped and quarantined.

    An unfinished run is in `.OUTPUT.partial` beside the output and is resumed. An output of the same config and inputs
    is left as it is, and the result says so. `replace` writes it again, and allows another output of ncvc to be
    replaced, `restart` discards an unfinished run,
    `sample` limits the documents that are read of each source. By default the executor has the config's threads on this
    machine and nothing is reported.

    Raises `ConfigError` and `NcvcError` for an unusable config or output, `InputError` for unreadable input.
    """
    plan = make_plan(config, folder, to, sample)
    require_apart(folder / config.output, reads(plan), [folder])
    output = real_path(folder / config.output)
    run_dir = RunDir(output, require_untouched)
    made, now = (None, {}) if restart or replace else _inputs_of(plan, output)
    if made is not None and made == now and not run_dir.is_there:
        return _nothing_done(config, output)  # on a disk that cannot be written too
    with run_dir:
        if made is None and not restart and not replace:
            made, now = _inputs_of(plan, output)  # once more: a crash may have left it under another name
        if made is not None and made == now:
            run_dir.remove()
            return _nothing_done(config, output)
        # An output that lacks only unreadable files is completed without `replace`.
        incomplete = made is not None and all(made[path] in (None, digest) for path, digest in now.items())
        if not replace and not incomplete and (difference := _difference(plan, output, made, now)):
            raise NcvcError(
                f"{folder / config.output}: exists already, and {difference}; choose another output, or replace it"
                " with --force"
            )
        require_replaceable(folder / config.output, PREPROCESS, replace=replace or incomplete)
        run_dir.begin_or_resume(plan, restart=restart)
        timing = Timing()
        reporter = reporter or Reporter()
        for question in undecided(plan):
            reporter.say(question)
        executor = executor or LocalExecutor(config.threads)
        stages = _run(plan, run_dir, executor, reporter, timing)
        summary = summarize(stages)
        if summary.documents.read == 0 and config.on_error == "stop":
            raise InputError(f"{plan.tasks[0].paths[0]}: no documents in the input; check the inputs of the config")
        report = report_data(stages, summary, timing, sample)
        join_datasets(stages, summary, executor, reporter)
        build_output(stages, summary, report)
        run_dir.publish()
    return _result(summary, report)


def _nothing_done(config: PreprocessConfig, output: Path) -> PassResult:
    """Returns the counts of a finished output; raises `InputError` if the config would have stopped at something."""
    if config.on_error == "stop":
        require_nothing_quarantined([output])
    advice = f"move {output} away to write it again"
    summary = read_record(output / "summary.json", Summary, advice)
    return _result(summary, read_record(output / "report.json", ReportData, advice), nothing_done=True)


def _run(plan: Plan, run_dir: RunDir, executor: Executor, reporter: Reporter, timing: Timing) -> Stages:
    """Runs all stages."""
    threads = executor.threads_per_call
    unopenable = frozenset(path for path in plan.paths if not os.access(path, os.R_OK))
    stages = Stages(plan, run_dir, threads, unopenable, on_cluster=executor.IS_CLUSTER)
    if plan.to == "tokens":
        load_tokenizer(plan.tokenizer, plan.config.analyzer)
    stages.build_dictionary()
    with timing.measure("cleaning", _text_bytes(stages.parts)):
        if tasks := stages.to_extract:
            executor.run_python(stages.extract, tasks, reporter.progress("extracting"))
        _split(stages, executor, reporter)
        size = sum(path.stat().st_size for path in plan.paths)
        executor.run(stages.prepare, plan.tasks, reporter.progress("cleaning", size), threads_per_call=threads)
    parts = stages.parts
    if plan.config.duplicates.any and parts:
        with timing.measure("deduplication"):
            stages.list_parts()
            for step, count in stages.deduplication.steps():
                steps = [(step, number) for number in range(count)]
                executor.run(stages.deduplicate, steps, reporter.progress(f"duplicates: {step}"))
    label = "encoding" if plan.to == "tokens" else "writing"
    with timing.measure(label, _text_bytes(part for part in parts if (run_dir.finished / part.name).exists())):
        size = sum((part / TEXT).stat().st_size for part in parts)
        executor.run(stages.finish, range(len(parts)), reporter.progress(label, size), threads_per_call=threads)
    return stages


def _split(stages: Stages, executor: Executor, reporter: Reporter) -> None:
    """Splits large files, and says which of them one reader reads all the same."""
    tasks = stages.to_split
    if not tasks:
        return
    size = sum(path.stat().st_size for task in tasks for path in task.paths)
    executor.run(stages.split, tasks, reporter.progress("splitting", size))
    for task in tasks:
        whole = stages.file_split(task).whole
        if whole in WHOLE:
            reporter.say(f"{task.paths[0]}: read by one reader, as {WHOLE[whole]}")


def _text_bytes(parts: Iterable[Path]) -> int:
    """UTF-8 bytes of raw text of prepared parts."""
    return sum(PreparedPart.read(part).text_bytes for part in parts)


def reads(plan: Plan) -> Iterator[Path]:
    """Yields the files and folders that the pass reads."""
    for source in plan.config.sources:
        yield from (path for path in (named_path(name, plan.folder) for name in source.inputs) if path.is_dir())
        if source.filters.quality is not None:
            yield named_path(source.filters.quality.model, plan.folder)
    yield from plan.paths
    if plan.config.tokenizer is not None:
        yield plan.tokenizer


def _result(summary: Summary, report: ReportData, *, nothing_done: bool = False) -> PassResult:
    seconds = sum(stage.seconds for stage in report.stages)
    # Of a pass that was resumed, each stage's own rate counts.
    worked = [stage for stage in report.stages if stage.bytes and stage.seconds]
    rate = 1 / sum(stage.seconds / (stage.bytes / 1e6) for stage in worked) if worked else 0.0
    speed = {"seconds": round(seconds, 3), "mb_per_second": round(rate, 3)}
    resumed = any(stage.bytes < (summary.text_bytes or 0) for stage in report.stages)
    return PassResult.model_validate({**summary.to_json(), **speed, "resumed": resumed, "nothing_done": nothing_done})


class _OutputManifest(Record):
    """Facts of the manifest by which a pass recognises its own output."""

    model_config = pydantic.ConfigDict(extra="ignore")
    run: dict[str, pydantic.JsonValue]
    inputs: FileDigests


def _read_manifest(output: Path) -> _OutputManifest | None:
    try:
        return _OutputManifest.model_validate_json((output / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError, pydantic.ValidationError):
        return None


def _inputs_of(plan: Plan, output: Path) -> tuple[FileDigests | None, FileDigests]:
    """Returns the digests of the files that the output was made of, then and now; None if another run made it."""
    manifest = _read_manifest(output)
    if manifest is None:
        return None, {}
    paths = [str(path) for path in plan.paths]
    own = own_manifest(output)
    whole = own is not None and all((output / name).is_file() for name in own["files"])
    same = whole and as_begun(manifest.run) == plan.identity() and list(manifest.inputs) == paths
    if not same:
        return None, {}
    return manifest.inputs, {path: sha256_if_readable(Path(path)) for path in manifest.inputs}


def _difference(plan: Plan, output: Path, made: FileDigests | None, now: FileDigests) -> str | None:
    """Says in a clause what an output of ours was made of that is not so now; None if it is not ours."""
    if made is not None:
        return next((f"{path} has changed since" for path, digest in now.items() if made[path] != digest), None)
    manifest = _read_manifest(output)
    if manifest is None or own_manifest(output) is None:
        return None
    return plan.changed_since(manifest.run)
