"""`ncvc data wiki40b`, `oscar`, `wikipedia-dump` and `web`: one command, by the table of published corpora."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ncvc.cli.options import EXISTING_PATH, FILE, Command, Console, answers
from ncvc.corpus.published.corpora import CORPORA, Corpus
from ncvc.units import size

if TYPE_CHECKING:
    from ncvc.corpus.published.source import Prepared

HELP = """Checks {title}, as downloaded, and writes a source of it for `ncvc preprocess`.

INPUTS are its files, or folders of them: {form}. CONFIG is the config that is written. The beginning of every file is
looked at, and checksums of the publisher that lie beside the files are compared.

Publisher: {publisher}.

Licence: {licence}.{note}

\b
Examples:
  ncvc data {name} {example} preprocess.yaml
  ncvc data {name} {example} preprocess.yaml --append
"""
EXAMPLES = {
    "wiki40b": "wiki40b/ja",
    "oscar": "OSCAR-2301/ja_meta",
    "wikipedia-dump": "jawiki-20240401-pages-articles.xml.bz2",
    "web": "crawl/*.warc.gz",
}


def commands() -> Iterator[Command]:
    """Makes a command for each published corpus."""
    for corpus in CORPORA.values():
        yield _command(corpus)


def _command(corpus: Corpus) -> Command:
    note = f"\n\n{corpus.note}" if corpus.note else ""
    text = HELP.format(**vars(corpus) | {"note": note, "example": EXAMPLES[corpus.name]})

    @click.command(corpus.name, cls=Command, help=text)
    @click.argument("inputs", nargs=-1, required=True, type=EXISTING_PATH)
    @click.argument("config", type=FILE)
    @click.option("--append", is_flag=True, help="Adds the source to CONFIG, which is there already.")
    @click.option("--count", is_flag=True, help="Counts the documents too, where that takes reading every file.")
    @answers
    def command(inputs: tuple[Path, ...], config: Path, append: bool, count: bool, console: Console) -> None:
        from ncvc.corpus.published.source import prepare_source

        prepared = prepare_source(corpus, inputs, config, append=append, count=count, reporter=console.reporter)
        following = f"ncvc preprocess {config} --dry-run --to text"
        summary = {"output": str(config), **vars(prepared), "licence": corpus.licence, "next": following}
        console.close(summary, _lines(corpus, prepared, config, following, count=count))

    return command


def _lines(corpus: Corpus, prepared: "Prepared", config: Path, following: str, *, count: bool) -> Iterator[str]:
    documents = "" if prepared.documents is None else f", {prepared.documents:,} documents"
    yield f"{corpus.title}: {prepared.files:,} files, {size(prepared.bytes)}{documents}"
    if prepared.published and prepared.documents is None:
        parts = ", ".join(f"{number:,} {part}" for part, number in prepared.published.items())
        yield f"documents not counted (--count does); published: {parts}"
    elif count and prepared.documents is None:
        yield "documents not counted: `ncvc preprocess` counts those that it has to extract"
    if prepared.checked:
        yield f"checksums: {prepared.checked:,} of {prepared.files:,} files are as published"
    yield from prepared.notes
    yield f"licence: {corpus.licence}"
    yield f"written to {config}; then: {following}"
