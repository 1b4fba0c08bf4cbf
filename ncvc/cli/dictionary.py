"""`ncvc dictionary`."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ncvc.cli.options import EXISTING_FILE, FILE, Console, Group, answers, json_option
from ncvc.progress import Progress, Reporter

if TYPE_CHECKING:
    from ncvc.dictionary import DictionaryInfo


@click.group(cls=Group)
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
    help="CSV, TSV or Excel with a term in each row, such as J-MeDic. Can be given more than once.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME|NUMBER",
    help="The column of the terms, of all lists or of each in turn; by default the one whose header names terms,"
    " or the first.",
)
@click.option(
    "--licence",
    "licences",
    multiple=True,
    type=EXISTING_FILE,
    help="A licence notice to keep in the file. Those of the base are kept anyway.",
)
@answers
def build(
    output: Path,
    base: str,
    terms: tuple[Path, ...],
    columns: tuple[str, ...],
    licences: tuple[Path, ...],
    console: Console,
) -> None:
    """Builds the dictionary file OUTPUT from a MeCab dictionary and terms of one's own.

    A dictionary that this command built is replaced, and no other file is.

    \b
    Examples:
      ncvc dictionary build hospital.dic
      ncvc dictionary build hospital.dic --terms manbyo_dic.csv --licence CC-BY-4.0.txt
      ncvc dictionary build hospital.dic --terms drugs.xlsx --column 薬品名
      ncvc dictionary build hospital.dic --base unidic-lite --terms diseases.tsv --terms drugs.csv --column 1 --column 3
    """
    if len(columns) > 1 and len(columns) != len(terms):
        raise click.UsageError("give --column once, or once for each --terms")
    from ncvc import build_dictionary
    from ncvc.dictionary import find_base, is_dictionary
    from ncvc.files import whole_file
    from ncvc.outputs import require_own_file

    found = find_base(base)
    file = require_own_file(output, is_dictionary, [found.folder, *terms, *licences])
    started = time.monotonic()
    with whole_file(file) as partial:
        info = build_dictionary(
            partial,
            base=found.folder,
            base_name=found.name,
            terms=terms,
            columns=[int(column) if column.isdecimal() and int(column) else column for column in columns],
            licences=[*found.licences, *licences],
            progress=_steps(console.reporter),
            note=console.reporter.say,
        )
        require_own_file(output, is_dictionary)
    seconds = time.monotonic() - started
    size = output.stat().st_size
    console.close(
        {"output": str(output), "bytes": size, "seconds": round(seconds, 3), **info},
        [*_describe(info), f"{'written':<28}{output}, {size / 1e6:.1f} MB, in {seconds:.1f} s"],
    )


@dictionary.command()
@click.argument("file", type=EXISTING_FILE)
@click.option("--terms", is_flag=True, help="Lists the terms that were added, as a MeCab user dictionary in CSV.")
@json_option
def show(file: Path, terms: bool, as_json: bool) -> None:
    """Shows the dictionary FILE: base, number of terms, files that were read, licence notices.

    \b
    Examples:
      ncvc dictionary show hospital.dic
      ncvc dictionary show hospital.dic --terms > user.csv
    """
    from ncvc import Analyzer

    if terms and as_json:
        raise click.UsageError("--terms and --json exclude each other")
    analyzer = Analyzer.load(file)
    if terms:
        click.echo(analyzer.terms, nl=False)
    else:
        Console(as_json=as_json).close(analyzer.info, _describe(analyzer.info))


def _steps(reporter: Reporter) -> Callable[[str, int, int], None]:
    """Returns the engine's callback: a line for every finished step, and progress within a long one."""
    shown: dict[str, Progress] = {}

    def report(step: str, done: int, total: int) -> None:
        if done < total:
            shown.setdefault(step, reporter.progress(step)).items(done, total)
        else:
            reporter.say(f"{step}{f' {total:,}' if total else ''} …")

    return report


def _describe(info: "DictionaryInfo") -> list[str]:
    rows = [("base", f"{info['base']}, {info['rows']:,} rows"), ("terms added", f"{info['terms']:,}")]
    rows += [(f"  skipped: {reason}", f"{count:,}") for reason, count in info["skipped"].items()]
    rows += [
        ("read", f"{file['name']}, {file['bytes']:,} bytes, SHA-256 {file['sha256'][:12]}…") for file in info["inputs"]
    ]
    rows += [("licence notice", licence["name"]) for licence in info["licences"]]
    return [f"{name:<28}{value}" for name, value in rows]
