"""`ncvc preprocess`."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ncvc.cli.options import (
    EXISTING_FILE,
    Command,
    Console,
    answers,
    dry_run_option,
    force_option,
    restart_option,
    set_option,
    warn,
)
from ncvc.units import percent, size

if TYPE_CHECKING:
    from ncvc.corpus.summary import PassResult

MANY_SENTENCES = 0.1
"""Share of a source's clean text from which the closing lines say that it went with repeated sentences."""


@click.command(cls=Command)
@click.argument("config", type=EXISTING_FILE)
@click.option(
    "--to",
    type=click.Choice(["tokens", "text"]),
    default="tokens",
    show_default=True,
    help="The output: a Megatron dataset, or cleaned JSON lines.",
)
@set_option
@force_option
@restart_option
@dry_run_option
@click.option(
    "--sample",
    type=click.IntRange(1),
    metavar="N",
    help="Reads N documents of each source only, into OUTPUT.sample: a look at report.html.",
)
@click.option(
    "--engine",
    type=click.Choice(["threads", "ray"]),
    default="threads",
    show_default=True,
    help="The workers: this machine's threads, or a Ray cluster whose nodes share the disk.",
)
@click.option("--address", help="The Ray cluster, as in 10.0.0.1:6379; without it, one on this machine.")
@answers
def preprocess(
    config: Path,
    to: Any,
    overrides: tuple[str, ...],
    force: bool,
    restart: bool,
    dry_run: bool,
    sample: int | None,
    engine: Any,
    address: str | None,
    console: Console,
) -> None:
    """Turns raw text into Megatron datasets: cleaning, filters, deduplication, analysis, encoding.

    CONFIG is a YAML file; `ncvc init preprocess` writes one to start from. Its paths are relative to it. A run that
    was stopped, however hard, goes on where it was when the same command is given again.

    \b
    Examples:
      ncvc preprocess preprocess.yaml --dry-run
      ncvc preprocess preprocess.yaml --sample 1000
      ncvc preprocess preprocess.yaml
      ncvc preprocess preprocess.yaml --to text --set output=text
      ncvc preprocess preprocess.yaml --set threads=8 --force
      ncvc preprocess preprocess.yaml --engine ray --address 10.0.0.1:6379

    \b
    preprocess.yaml:
      sources:
        - {name: general, inputs: [raw/*.jsonl.zst]}
        - {name: medical, inputs: [notes, more/notes.jsonl], text_field: body, cleaning: {clinical: true}}
      tokenizer: tokenizer
      output: tokens
      on_error: quarantine
    """
    if address and engine != "ray":
        raise click.UsageError("--address names a Ray cluster; add --engine ray")
    if dry_run and sample is not None:
        raise click.UsageError("--sample writes and --dry-run does not; choose one")
    from ncvc.corpus.config import PreprocessConfig

    loaded = PreprocessConfig.load(config, overrides)
    folder = config.parent.absolute()
    if dry_run:
        from dataclasses import asdict

        from ncvc.corpus.dry_run import dry_run as estimate
        from ncvc.executors import LocalExecutor

        found = estimate(loaded, folder, LocalExecutor(loaded.threads), to=to, replace=force, restart=restart)
        console.close(asdict(found), found.lines())
        return
    from ncvc.corpus.preprocess import preprocess as run
    from ncvc.executors import open_executor

    if sample is not None:
        loaded = loaded.model_copy(update={"output": f"{loaded.output}.sample"})
        force = restart = True
    executor = open_executor(engine, threads=loaded.threads, address=address, reporter=console.reporter)
    try:
        result = run(
            loaded,
            folder,
            to=to,
            replace=force,
            restart=restart,
            sample=sample,
            executor=executor,
            reporter=console.reporter,
        )
    except KeyboardInterrupt:
        warn("what is finished is kept; the same command goes on from there")
        raise
    output = config.parent / loaded.output
    summary = result.model_dump(mode="json", by_alias=True, exclude_none=True)
    if result.nothing_done:
        said = f"nothing done: {output} is of this config and these inputs already; --force writes it again"
        lines = [said, "what it holds:", *_lines(result)]
    else:
        lines = [*_lines(result), _rate(result), f"written to {output}; look at {output / 'report.html'}"]
    console.close({"output": str(output), **summary}, lines)


def _lines(result: "PassResult") -> Iterator[str]:
    documents = result.documents
    yield (
        f"documents: {documents.read:,} in = {documents.out:,} out + {documents.dropped:,} dropped"
        f" + {documents.quarantined:,} quarantined"
    )
    dropped = result.removed_bytes.documents
    for reason, count in result.reasons.items():
        yield f"  {reason}: {count:,}" + (f", {size(dropped[reason])}" if dropped.get(reason) else "")
    yield f"text: {_removed_text(result)}"
    for source in result.sources:
        share = source.removed_bytes.sentences / max(source.clean_bytes or 0, 1)
        if share >= MANY_SENTENCES:
            yield (
                f"{source.name} lost {percent(share, 1)} of its clean text as repeated sentences; if its documents"
                " fill in a template, set its repeated_sentences: keep"
            )
    if private := _private_data(result):
        yield f"private data removed: {private}"
    for source in result.sources:
        if source.skipped:
            kinds = ", ".join(f"{files:,} {kind}" for kind, files in source.skipped.items())
            yield f"files of {source.name} that were not read: {kinds}; quarantine.jsonl names them"
        if source.passed_over:
            kinds = ", ".join(f"{records:,} {kind}" for kind, records in source.passed_over.items())
            yield f"records of {source.name} that are no pages: {kinds}"
    if result.tokens is not None:
        unknown = (result.unknown_tokens or 0) / max(result.tokens, 1)
        yield f"tokens: {result.tokens:,} from {result.morphemes or 0:,} morphemes, {unknown:.4%} unknown"


def _rate(result: "PassResult") -> str:
    since = " since it was resumed" if result.resumed else ""
    text = f"{(result.text_bytes or 0) / 1e6:,.1f} MB of text"
    return f"{text} in {result.seconds:.1f} s{since}, {result.mb_per_second:.1f} MB/s"


def _removed_text(result: "PassResult") -> str:
    """Says where the text went: what was read, less what each step removed, is what was kept."""
    removed = result.removed_bytes
    steps = {
        "by cleaning": removed.cleaning,
        "cut by filters": removed.filters,
        "of dropped documents": sum(removed.documents.values()),
        f"of {result.removed_sentences:,} repeated sentences": removed.sentences,
    }
    terms = (f" {'-' if count > 0 else '+'} {size(abs(count))} {step}" for step, count in steps.items() if count)
    return f"{size(result.text_bytes or 0)} in{''.join(terms)} = {size(result.kept_bytes or 0)} out"


def _private_data(result: "PassResult") -> str:
    """Says how often each category of private data was removed, of all sources together."""
    from ncvc._native import clinical_categories

    tags = {name: tag.strip("〔*〕") for name, tag, *_ in clinical_categories()}
    tags["personal"] = "telephone, e-mail"
    counts = Counter[str]()
    for source in result.sources:
        for row in source.rules:
            name = row.rule.replace(" ", "_")
            if name in tags:
                counts[tags[name]] += row.edits
    return ", ".join(f"{count:,} {tag}" for tag, count in counts.most_common())
