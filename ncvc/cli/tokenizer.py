"""`ncvc tokenizer`."""

from pathlib import Path
from typing import Any

import click

from ncvc.cli.options import (
    EXISTING_FILE,
    PATH,
    Console,
    Group,
    answers,
    force_option,
    on_error_option,
    text_field_option,
    threads_option,
)


@click.group(cls=Group)
def tokenizer() -> None:
    """Trains the tokenizer."""


@tokenizer.command()
@click.argument("output", type=PATH)
@click.argument("inputs", nargs=-1, required=True)
@click.option("--dictionary", required=True, type=EXISTING_FILE, help="The file that `ncvc dictionary build` wrote.")
@click.option("--vocab-size", default=32768, show_default=True, help="Pieces, the special ones included.")
@text_field_option
@threads_option
@on_error_option
@force_option
@answers
def train(
    output: Path,
    inputs: tuple[str, ...],
    dictionary: Path,
    vocab_size: int,
    text_field: str,
    threads: int,
    on_error: Any,
    force: bool,
    console: Console,
) -> None:
    """Trains a Unigram tokenizer on INPUTS and writes the folder OUTPUT.

    INPUTS are files, folders or quoted patterns of JSON lines (also .gz, .zst, .bz2), Parquet or plain text, raw
    or cleaned. The papers train on encyclopaedic and medical text, not on web text.

    \b
    Examples:
      ncvc tokenizer train tokenizer raw/wiki.jsonl.zst raw/medical.jsonl --dictionary ipadic.dic
      ncvc tokenizer train tokenizer 'raw/*.jsonl' --dictionary ipadic.dic --vocab-size 16384
    """
    from ncvc.documents.skipped import described
    from ncvc.documents.sources import Reading, find_sources
    from ncvc.outputs import require_apart

    require_apart(output, [path for path in map(Path, inputs) if path.is_dir()])
    found = find_sources(inputs, Path())
    if on_error == "stop":
        found.require_all()
    from ncvc.tokenizer.train import train_tokenizer

    counts = train_tokenizer(
        output,
        found.files,
        dictionary,
        vocab_size=vocab_size,
        reading=Reading(text_field=text_field, threads=threads, on_error=on_error),
        replace=force,
        reporter=console.reporter,
    )
    lines = [
        f"{vocab_size:,} pieces from {counts.morphemes:,} morphemes"
        f" ({counts.distinct_morphemes:,} distinct) of {counts.kept:,} documents"
    ]
    if counts.dropped or counts.quarantined:
        lines.append(f"left out: {counts.dropped:,} empty, {counts.quarantined:,} unreadable documents")
    if found.skipped:
        lines.append(f"files that were not read: {described(found.skipped)}")
    summary = counts.model_dump(mode="json", exclude={"source_sha256"})
    console.close({"output": str(output), "vocab_size": vocab_size, **summary}, [*lines, f"written to {output}"])
