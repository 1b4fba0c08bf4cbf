"""Compares both engines with MeCab (fugashi) on every line of JSON-lines corpora, morpheme by morpheme.

    python tools/check_mecab.py --base ipadic corpus.jsonl.zst…
    python tools/check_mecab.py --base unidic-lite --terms terms.csv --clean corpus.jsonl

With terms, MeCab gets the same ones: its own compiler makes a user dictionary of the rows that were added.
Prints the number of lines and of answers that differ (the first few in full) and exits with 1 if any does.
"""

import io
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import click
import fugashi
import zstandard

import ncvc
from ncvc.dictionary import find_base

ENGINES: tuple[Literal["lattice", "vibrato"], ...] = ("lattice", "vibrato")
SHOWN = 10


def reference(base: Path, terms: str, folder: Path) -> fugashi.GenericTagger:
    """MeCab with the dictionary in `base` and the terms as a user dictionary."""
    # Without -r, MeCab wants /usr/local/etc/mecabrc.
    arguments = f"-r /dev/null -d {base} -Owakati"
    if terms:
        source, compiled = folder / "user.csv", folder / "user.dic"
        source.write_text(terms, encoding="utf-8")
        # The first word is the name of the program.
        fugashi.build_dictionary(f"mecab-dict-index -d {base} -u {compiled} -f utf8 -t utf8 {source}")
        arguments += f" -u {compiled}"
    return fugashi.GenericTagger(arguments)


def lines(path: Path, clean: bool) -> Iterator[str]:
    """Every line of every document; MeCab's ▁ is a space, as in the tokenizer."""
    with path.open("rb") as file:
        raw = zstandard.ZstdDecompressor().stream_reader(file) if path.suffix == ".zst" else file
        for document in io.TextIOWrapper(raw, encoding="utf-8"):
            text = json.loads(document)["text"]
            if clean:
                text = ncvc.clean(text).replace("▁", " ")
            yield from text.split("\n")


def morphemes(tagger: fugashi.GenericTagger, line: str) -> list[str]:
    """MeCab's surfaces. They are read node by node: some of UniDic's hold a space, which -Owakati blurs."""
    return [node.surface for node in tagger(line)]


def difference(ours: list[str], mecabs: list[str]) -> str:
    """The first stretch that differs, with a few morphemes around it."""
    same = next(i for i, (a, b) in enumerate(zip([*ours, ""], [*mecabs, ""], strict=False)) if a != b)
    shown = slice(max(0, same - 3), same + 5)
    return f"ncvc : {' | '.join(ours[shown])}\nMeCab: {' | '.join(mecabs[shown])}\n"


@click.command(help=__doc__)
@click.option("--base", default="ipadic", show_default=True, help="ipadic, unidic-lite or a folder")
@click.option("--terms", multiple=True, type=click.Path(path_type=Path, exists=True), help="terms to add")
@click.option("--clean", is_flag=True, help="clean the text first")
@click.argument("corpora", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
def main(base: str, terms: tuple[Path, ...], clean: bool, corpora: tuple[Path, ...]) -> None:
    """Runs the comparison."""
    found = find_base(base)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ncvc.build_dictionary(folder / "dictionary", base=found.folder, base_name=found.name, terms=terms)
        analyzers = [ncvc.Analyzer.load(folder / "dictionary", engine) for engine in ENGINES]
        tagger = reference(found.folder, analyzers[0].terms, folder)
    count = different = 0
    for corpus in corpora:
        for line in lines(corpus, clean):
            count += 1
            mecabs = morphemes(tagger, line)
            for engine, analyzer in zip(ENGINES, analyzers, strict=True):
                ours = analyzer.split(line)
                if ours != mecabs:
                    different += 1
                    if different <= SHOWN:
                        click.echo(f"{engine}:\n{difference(ours, mecabs)}")
        click.echo(f"{corpus.name}: {count:,} lines so far, {different:,} differ", err=True)
    click.echo(f"{found.name}: {count:,} lines, {different:,} differ")
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
