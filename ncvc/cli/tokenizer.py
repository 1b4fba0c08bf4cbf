"""`ncvc tokenizer`."""

from pathlib import Path
from typing import Any

import click


@click.group()
def tokenizer() -> None:
    """Trains the tokenizer."""


@tokenizer.command()
@click.argument("output", type=click.Path(path_type=Path))
@click.argument("inputs", nargs=-1, required=True)
@click.option("--dictionary", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="The file that `ncvc dictionary build` wrote.")  # fmt: skip
@click.option("--vocab-size", default=32768, show_default=True, help="Pieces, the special ones included.")
@click.option("--text-field", default="text", show_default=True, help="The member that holds the text.")
@click.option("--threads", default=0, help="Worker threads; 0 is one a core.")
@click.option("--on-error", type=click.Choice(["stop", "quarantine"]), default="stop", show_default=True,
              help="Stop at what cannot be read, or leave it out.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replaces the output if it exists.")
def train(
    output: Path,
    inputs: tuple[str, ...],
    dictionary: Path,
    vocab_size: int,
    text_field: str,
    threads: int,
    on_error: Any,
    force: bool,
) -> None:
    """Trains a Unigram tokenizer on INPUTS and writes the folder OUTPUT.

    INPUTS are files, folders or quoted patterns of JSON lines (also .gz, .zst, .bz2), Parquet or plain text, raw
    or cleaned. The papers train on encyclopaedic and medical text, not on web text.

    \b
    Examples:
      ncvc tokenizer train tokenizer raw/wiki.jsonl.zst raw/medical.jsonl --dictionary ipadic.dic
      ncvc tokenizer train tokenizer 'raw/*.jsonl' --dictionary ipadic.dic --vocab-size 16384
    """
    from ncvc.documents.sources import Reading, find_sources
    from ncvc.outputs import require_apart
    from ncvc.progress import StderrReporter
    from ncvc.tokenizer.train import train_tokenizer

    require_apart(output, [path for path in map(Path, inputs) if path.is_dir()])
    counts = train_tokenizer(
        output,
        find_sources(inputs, Path()),
        dictionary,
        vocab_size=vocab_size,
        reading=Reading(text_field=text_field, threads=threads, on_error=on_error),
        replace=force,
        reporter=StderrReporter(),
    )
    click.echo(
        f"{vocab_size:,} pieces from {counts.morphemes:,} morphemes"
        f" ({counts.distinct_morphemes:,} distinct) of {counts.kept:,} documents"
    )
    if counts.dropped or counts.quarantined:
        click.echo(f"left out: {counts.dropped:,} empty, {counts.quarantined:,} unreadable documents")
    click.echo(f"written to {output}")
