"""`ncvc preprocess`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ncvc.corpus.summary import PassResult


@click.command()
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", type=click.Choice(["tokens", "text"]), default="tokens", show_default=True,
              help="A Megatron dataset, or cleaned JSON lines.")  # fmt: skip
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Overrides a key of the config.")
@click.option("--force", is_flag=True, help="Replaces the output if it exists.")
@click.option("--restart", is_flag=True, help="Forgets what an unfinished run of this output has done.")
@click.option("--dry-run", "sample", type=click.IntRange(1), metavar="N",
              help="Reads N documents of each source only, into OUTPUT.dry-run: a look at report.html.")  # fmt: skip
@click.option("--engine", type=click.Choice(["threads", "ray"]), default="threads", show_default=True,
              help="Where the work is done: this machine, or a Ray cluster whose nodes share the disk.")  # fmt: skip
@click.option("--address", help="The Ray cluster, as in 10.0.0.1:6379; without it, one on this machine.")
def preprocess(
    config: Path,
    to: Any,
    overrides: tuple[str, ...],
    force: bool,
    restart: bool,
    sample: int | None,
    engine: Any,
    address: str | None,
) -> None:
    """Turns raw text into Megatron datasets: cleaning, filters, deduplication, analysis, encoding.

    CONFIG is a YAML file; its paths are relative to it. A run that was stopped, however hard, goes on where it
    was when the same command is given again.

    \b
    Examples:
      ncvc preprocess preprocess.yaml --dry-run 1000
      ncvc preprocess preprocess.yaml
      ncvc preprocess preprocess.yaml --to text --set output=text
      ncvc preprocess preprocess.yaml --set threads=8 --force
      ncvc preprocess preprocess.yaml --engine ray --address 10.0.0.1:6379

    \b
    preprocess.yaml:
      sources:
        - {name: general, inputs: [raw/*.jsonl.zst]}
        - {name: medical, inputs: [notes, more/notes.jsonl], text_field: body}
      tokenizer: tokenizer
      output: tokens
      on_error: quarantine
    """
    from ncvc.corpus.config import PreprocessConfig
    from ncvc.corpus.preprocess import preprocess as run
    from ncvc.executors import open_executor
    from ncvc.progress import StderrReporter

    if address and engine != "ray":
        raise click.UsageError("--address names a Ray cluster; add --engine ray")
    loaded = PreprocessConfig.load(config, overrides)
    if sample is not None:
        loaded = loaded.model_copy(update={"output": f"{loaded.output}.dry-run"})
        force = restart = True
    executor = open_executor(engine, threads=loaded.threads, address=address)
    try:
        result = run(
            loaded,
            config.parent.absolute(),
            to=to,
            replace=force,
            restart=restart,
            sample=sample,
            executor=executor,
            reporter=StderrReporter(),
        )
    except KeyboardInterrupt:
        click.echo("ncvc: what is finished is kept; the same command goes on from there", err=True)
        raise
    _show(result)
    output = config.parent / loaded.output
    click.echo(f"written to {output}; look at {output / 'report.html'}")


def _show(result: "PassResult") -> None:
    documents = result.documents
    click.echo(
        f"documents: {documents.read:,} in = {documents.out:,} out + {documents.dropped:,} dropped"
        f" + {documents.quarantined:,} quarantined"
    )
    for reason, count in result.reasons.items():
        click.echo(f"  {reason}: {count:,}")
    if result.tokens is not None:
        unknown = (result.unknown_tokens or 0) / max(result.tokens, 1)
        click.echo(f"tokens: {result.tokens:,} from {result.morphemes or 0:,} morphemes, {unknown:.4%} unknown")
    size = (result.text_bytes or 0) / 1e6
    click.echo(f"{size:,.1f} MB of text in {result.seconds:.1f} s, {result.mb_per_second:.1f} MB/s")
