"""`ncvc dictionary`: a MeCab dictionary and terms of one's own become one file."""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ncvc.dictionary import DictionaryInfo

FILE = click.Path(path_type=Path, dir_okay=False)
CLEAR_LINE = "\r\033[K"
EXISTING_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group()
def dictionary() -> None:
    """Builds and describes the dictionary that text is analysed with."""


@dictionary.command()
@click.argument("output", type=FILE)
@click.option(
    "--base",
    default="ipadic",
    show_default=True,
    metavar="NAME|FOLDER",
    help="ipadic, unidic-lite, or a folder with a MeCab dictionary, compiled or as sources (UTF-8, EUC-JP).",
)
@click.option(
    "--terms",
    multiple=True,
    type=EXISTING_FILE,
    help="CSV or TSV with a term in the first column, such as J-MeDic. Can be given more than once.",
)
@click.option(
    "--licence",
    "licences",
    multiple=True,
    type=EXISTING_FILE,
    help="A licence notice to keep in the file. Those of the base are kept anyway.",
)
def build(output: Path, base: str, terms: tuple[Path, ...], licences: tuple[Path, ...]) -> None:
    """Builds the dictionary file OUTPUT.

    \b
    Examples:
      ncvc dictionary build hospital.dic
      ncvc dictionary build hospital.dic --terms manbyo_dic.csv --licence CC-BY-4.0.txt
      ncvc dictionary build hospital.dic --base unidic-lite --terms diseases.tsv --terms drugs.tsv
    """
    from ncvc import build_dictionary
    from ncvc.dictionary import find_base, is_dictionary
    from ncvc.outputs import require_own_file

    found = find_base(base)
    file = require_own_file(output, is_dictionary, [found.folder, *terms, *licences])
    started = time.monotonic()
    info = build_dictionary(
        file,
        base=found.folder,
        base_name=found.name,
        terms=terms,
        licences=[*found.licences, *licences],
        progress=_show,
    )
    if sys.stderr.isatty():
        click.echo(CLEAR_LINE, nl=False, err=True)
    _describe(info)
    size = output.stat().st_size / 1e6
    click.echo(f"{'written':<28}{output}, {size:.1f} MB, in {time.monotonic() - started:.1f} s")


@dictionary.command()
@click.argument("file", type=EXISTING_FILE)
@click.option("--terms", is_flag=True, help="Print the terms, as a MeCab user dictionary in CSV.")
@click.option("--json", "as_json", is_flag=True, help="Print everything, the licence notices too, as JSON.")
def info(file: Path, terms: bool, as_json: bool) -> None:
    """Says what the dictionary FILE was made of.

    \b
    Examples:
      ncvc dictionary info hospital.dic
      ncvc dictionary info hospital.dic --terms > user.csv
    """
    from ncvc import Analyzer

    analyzer = Analyzer.load(file)
    if terms:
        click.echo(analyzer.terms, nl=False)
    elif as_json:
        click.echo(json.dumps(analyzer.info, ensure_ascii=False, indent=2))
    else:
        _describe(analyzer.info)


def _show(step: str, done: int, total: int) -> None:
    """One line of progress: overwritten on a terminal, elsewhere one line a step."""
    if sys.stderr.isatty():
        click.echo(f"{CLEAR_LINE}{step}{f' {done:,} of {total:,}' if total else ''} …", nl=False, err=True)
    elif done == total:
        click.echo(f"{step}{f' {total:,}' if total else ''} …", err=True)


def _describe(info: "DictionaryInfo") -> None:
    rows = [("base", f"{info['base']}, {info['rows']:,} rows"), ("terms added", f"{info['terms']:,}")]
    rows += [(f"  skipped: {reason}", f"{count:,}") for reason, count in info["skipped"].items()]
    rows += [
        ("read", f"{file['name']}, {file['bytes']:,} bytes, SHA-256 {file['sha256'][:12]}…") for file in info["inputs"]
    ]
    rows += [("licence notice", licence["name"]) for licence in info["licences"]]
    for name, value in rows:
        click.echo(f"{name:<28}{value}")
