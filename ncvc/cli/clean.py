"""`ncvc clean`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click

from ncvc.cli.options import Command, text_field_option


@click.command(cls=Command)
@click.option("--jsonl", is_flag=True, help="Reads a JSON object a line, and cleans its text alone.")
@text_field_option
@click.option("--clinical", is_flag=True, help="Removes names, addresses and numbers of hospital notes too.")
@click.option("--hospitals", is_flag=True, help="Removes names of hospitals and wards too, with --clinical or alone.")
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
@click.option(
    "--show",
    is_flag=False,
    flag_value="-",
    metavar="[FILE.html]",
    help="Shows what --clinical removes from the lines, and what comes out, on the terminal or as a page.",
)
def clean(
    jsonl: bool,
    text_field: str,
    clinical: bool,
    hospitals: bool,
    replacement: Literal["nothing", "tag"],
    keep: tuple[Literal["urls", "accounts", "tags"], ...],
    show: str | None,
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
      ncvc clean --clinical --hospitals < notes.txt
      ncvc clean --clinical --show < notes.txt
      ncvc clean --clinical --show found.html < notes.txt
    """
    from ncvc._native import clean_batch, clean_json_lines
    from ncvc.errors import InputError
    from ncvc.stdin_lines import as_one_line, filter_lines

    if show is not None:
        if not clinical or jsonl or keep:
            raise click.UsageError("--show shows what --clinical finds in lines of text; give --clinical and no other")
        _show(show, hospitals=hospitals, replacement=replacement)
        return

    def clean_json(lines: Sequence[str], number: int) -> list[str]:
        cleaned = clean_json_lines(
            lines, text_field, clinical=clinical, hospitals=hospitals, replacement=replacement, keep=keep
        )
        for line_number, line in enumerate(cleaned, number):
            if line is None:
                raise InputError(f"standard input:{line_number}: not a JSON object with a text in {text_field!r}")
        return [line for line in cleaned if line is not None]

    def clean_lines(lines: Sequence[str], number: int) -> list[str]:
        _warn_of_json(lines, number)
        whole = [as_one_line(line) for line in lines]
        return clean_batch(whole, clinical=clinical, hospitals=hospitals, replacement=replacement, keep=keep)

    filter_lines(clean_json if jsonl else clean_lines)


def _warn_of_json(lines: Sequence[str], number: int) -> bool:
    """Says that JSON is taken as text if the input begins with it, by its first lines; returns whether it does."""
    from ncvc.stdin_lines import JSON_LINES, begin_as_json

    is_json = number == 1 and begin_as_json(lines)
    if is_json:
        click.echo(JSON_LINES, err=True)
    return is_json


def _show(target: str, *, hospitals: bool, replacement: Literal["nothing", "tag"]) -> None:
    """Shows the lines of standard input before and after, on the terminal or as a page that its owner alone reads."""
    from ncvc.files import whole_file
    from ncvc.outputs import is_page_or_picture, require_own_file, sealed
    from ncvc.shown_cleaning import Shown, counts, english, for_browser, for_terminal, shown
    from ncvc.stdin_lines import as_one_line, filter_lines

    if target == "-" and not sys.stdout.isatty():
        raise click.UsageError("--show writes private text to a terminal only; name a page, as in --show found.html")
    page = None if target == "-" else require_own_file(Path(target), is_page_or_picture)
    if page and not page.parent.is_dir():
        raise click.UsageError(f"--show {target}: the folder {Path(target).parent} is not there; make it first")
    lines: list[Shown] = []
    is_json = False

    def show_lines(batch: Sequence[str], number: int) -> list[str]:
        nonlocal is_json
        is_json = _warn_of_json(batch, number) or is_json
        fresh = [
            shown(as_one_line(line), place, hospitals=hospitals, replacement=replacement)
            for place, line in enumerate(batch, number)
        ]
        lines.extend(fresh)
        return [] if page else [row for line in fresh for row in for_terminal(line)]

    filter_lines(show_lines)
    if page:
        with whole_file(page) as partial:
            partial.touch(mode=0o600)
            drawn = for_browser(lines, len(lines), replacement=replacement, json_lines=is_json)
            partial.write_text(sealed(drawn), encoding="utf-8")
            require_own_file(page, is_page_or_picture)
    found = ", ".join(f"{english(category)} {count:,}" for category, count in counts(lines).most_common()) or "nothing"
    click.echo(f"found in {len(lines):,} lines: {found}")
    if page:
        click.echo(f"written to {target}; it holds private text, delete it after reading")
