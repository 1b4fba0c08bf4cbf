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
    help="CSV or TSV with a term in the first column, such as J-MeDic. Can be given more than once.",
)
@click.option(
    "--licence",
    "licences",
    multiple=True,
    type=EXISTING_FILE,
    help="A licence notice to keep in the file. Those of the base are kept anyway.",
)
@answers
def build(output: Path, base: str, terms: tuple[Path, ...], licences: tuple[Path, ...], console: Console) -> None:
    """Builds the dictionary file OUTPUT from a MeCab dictionary and terms of one's own.

    A dictionary that this command built is replaced, and no other file is.

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
        progress=_steps(console.reporter),
    )
    seconds = time.monotonic() - started
    size = output.stat().st_size
    console.close(
        {"output": str(output), "bytes": size, "seconds": round(seconds, 3), **info},
        [*_describe(info), f"{'written':<28}{output}, {size / 1e6:.1f} MB, in {seconds:.1f} s"],
    )


@dictionary.command()
@click.argument("file", type=EXISTING_FILE)
@click.option("--terms", is_flag=True, help="Writes the terms, as a MeCab user dictionary in CSV.")
@json_option
def info(file: Path, terms: bool, as_json: bool) -> None:
    """Describes the dictionary FILE: base, terms, files that were read, licence notices.

    \b
    Examples:
      ncvc dictionary info hospital.dic
      ncvc dictionary info hospital.dic --terms > user.csv
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
