"""`ncvc clean`."""

from collections.abc import Sequence
from typing import Literal

import click

from ncvc.cli.options import Command, text_field_option


@click.command(cls=Command)
@click.option("--jsonl", is_flag=True, help="Reads a JSON object a line, and cleans its text alone.")
@text_field_option
@click.option("--clinical", is_flag=True, help="Removes names, addresses and numbers of hospital notes too.")
@click.option(
    "--replacement",
    type=click.Choice(["nothing", "tag"]),
    default="nothing",
    show_default=True,
    help="The replacement of private data: nothing, or its kind, such as 〔*氏名〕.",
)
@click.option(
    "--keep",
    type=click.Choice(["urls", "accounts", "tags"]),
    multiple=True,
    help="Web notations that stay, for code and manuals; may be given more than once.",
)
def clean(
    jsonl: bool,
    text_field: str,
    clinical: bool,
    replacement: Literal["nothing", "tag"],
    keep: tuple[Literal["urls", "accounts", "tags"], ...],
) -> None:
    """Cleans standard input, line by line, as `ncvc preprocess` cleans documents.

    A line comes out for every line that goes in, spaces as ▁; other line breaks than a line feed (U+2028, a form feed)
    are spaces too. Every line is cleaned alone; with --jsonl a text may hold line feeds, and a telephone number that
    is broken over two of its lines is seen.

    \b
    Examples:
      echo '体温３７．８℃　電話０３-００００-１２３４' | ncvc clean
      zstdcat raw.jsonl.zst | ncvc clean --jsonl | zstd > clean.jsonl.zst
      ncvc clean --clinical --replacement tag < notes.txt
    """
    from ncvc._native import clean_batch, clean_json_lines
    from ncvc.errors import InputError
    from ncvc.stdin_lines import as_one_line, filter_lines

    def clean_json(lines: Sequence[str], number: int) -> list[str]:
        cleaned = clean_json_lines(lines, text_field, clinical=clinical, replacement=replacement, keep=keep)
        for line_number, line in enumerate(cleaned, number):
            if line is None:
                raise InputError(f"standard input:{line_number}: not a JSON object with a text in {text_field!r}")
        return [line for line in cleaned if line is not None]

    def clean_lines(lines: Sequence[str], _: int) -> list[str]:
        whole = [as_one_line(line) for line in lines]
        return clean_batch(whole, clinical=clinical, replacement=replacement, keep=keep)

    filter_lines(clean_json if jsonl else clean_lines)
