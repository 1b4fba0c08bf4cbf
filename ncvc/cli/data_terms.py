"""`ncvc data manbyo` and `drug-prices`: one command, by the table of published lists."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ncvc.cli.options import EXISTING_FILE, FILE, Command, Console, answers
from ncvc.data.published_lists import MANBYO, TERM_LISTS, TermList

if TYPE_CHECKING:
    from ncvc.data.terms import Prepared

HELP = """Writes the terms of `ncvc dictionary build` from {title}.

LISTS are {form}. OUTPUT is a CSV file with a term in each row.

Publisher: {publisher}.

Licence: {licence}.

\b
Examples:
  ncvc data {name} {example} {name}.csv
"""
EXAMPLES = {"manbyo": "MANBYO_202106.csv", "drug-prices": "tp20240401-01_01.xlsx tp20240401-01_02.xlsx"}


def commands() -> Iterator[Command]:
    """Makes a command for each published list."""
    for kind in TERM_LISTS.values():
        yield _command(kind)


def _command(kind: TermList) -> Command:
    def run(lists: tuple[Path, ...], output: Path, console: Console, levels: tuple[str, ...] = ()) -> None:
        from ncvc.data.terms import prepare_terms

        prepared = prepare_terms(kind, lists, output, levels)
        following = f"ncvc dictionary build medical.dic --terms {output}"
        summary = {"output": str(output), **vars(prepared), "licence": kind.licence, "next": following}
        console.close(summary, _lines(kind, prepared, output, following))

    run.__doc__ = HELP.format(**vars(kind) | {"example": EXAMPLES[kind.name]})
    command = answers(run)
    if kind is MANBYO:
        command = click.option(
            "--level", "levels", multiple=True, help="Takes rows of this 信頼度LEVEL only; can be given again."
        )(command)
    command = click.argument("output", type=FILE)(command)
    command = click.argument("lists", nargs=-1, required=True, type=EXISTING_FILE)(command)
    return click.command(kind.name, cls=Command)(command)


def _lines(kind: TermList, prepared: "Prepared", output: Path, following: str) -> Iterator[str]:
    dropped = ", ".join(f"{count:,} {reason}" for reason, count in prepared.dropped.items())
    yield f"{kind.title}: {prepared.terms:,} terms of {prepared.rows:,} rows{f' ({dropped})' if dropped else ''}"
    if prepared.levels:
        yield f"levels: {', '.join(f'{level} {count:,}' for level, count in prepared.levels.items())}"
    yield f"licence: {kind.licence}"
    yield f"written to {output}; then: {following}"
