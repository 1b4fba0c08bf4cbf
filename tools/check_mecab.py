"""Compares both engines with MeCab (fugashi) on every line of JSON-lines corpora, morpheme by morpheme.

    python -m tools.check_mecab --base ipadic corpus.jsonl.zst…
    python -m tools.check_mecab --base unidic-lite --terms terms.csv --clean corpus.jsonl

With terms, MeCab gets the same ones: its own compiler makes a user dictionary of the rows that were added. A compiled
dictionary in another charset gets the lines that can be written in it, and the number of the others is printed; it
needs `--library` with a MeCab that knows that charset, such as Debian's libmecab2.
Prints the number of lines and of answers that differ (the first few in full) and exits with 1 if any does.
"""

import io
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import click
import zstandard

import ncvc
from ncvc.dictionary import find_base
from tests.dictionary import mecab

ENGINES: tuple[Literal["lattice", "vibrato"], ...] = ("lattice", "vibrato")
CODECS = {"euc-jp": "euc_jp", "sjis": "shift_jis", "shift_jis": "shift_jis"}
"""Charset of a dictionary → Python's codec, which encodes as iconv does."""
SHOWN = 10


def reference(base: Path, terms: str, folder: Path, library: str) -> Callable[[str], list[str]]:
    """MeCab with the dictionary in `base` and the terms as a user dictionary; raises `UnicodeEncodeError`."""
    charset = mecab.charset(base)
    if charset in ("utf8", "utf-8"):
        user = mecab.compile_user(base, terms, folder / "user.dic") if terms else None
        tagger = mecab.tagger(base, user)
        return lambda line: mecab.split(tagger, line)
    codec, by_bytes = CODECS[charset], mecab.ByteTagger(base, library)

    def split(line: str) -> list[str]:
        encoded = line.encode(codec)
        if encoded.decode(codec) != line:  # as Python writes ¥ and \\ as one
            raise UnicodeEncodeError(codec, line, 0, len(line), "cannot be read back")
        return [surface.decode(codec, "surrogateescape") for surface in by_bytes.split(encoded)]

    return split


def lines(path: Path, clean: bool) -> Iterator[str]:
    """Every line of every document; MeCab's ▁ is a space, as in the tokenizer."""
    with path.open("rb") as file:
        raw = zstandard.ZstdDecompressor().stream_reader(file) if path.suffix == ".zst" else file
        for document in io.TextIOWrapper(raw, encoding="utf-8"):
            text = json.loads(document)["text"]
            if clean:
                text = ncvc.clean(text).replace("▁", " ")
            yield from text.split("\n")


def difference(ours: list[str], mecabs: list[str]) -> str:
    """The first stretch that differs, with a few morphemes around it."""
    same = next(i for i, (a, b) in enumerate(zip([*ours, ""], [*mecabs, ""], strict=False)) if a != b)
    shown = slice(max(0, same - 3), same + 5)
    return f"ncvc : {' | '.join(ours[shown])}\nMeCab: {' | '.join(mecabs[shown])}\n"


@click.command(help=__doc__)
@click.option("--base", default="ipadic", show_default=True, help="ipadic, unidic-lite or a folder")
@click.option("--terms", multiple=True, type=click.Path(path_type=Path, exists=True), help="terms to add")
@click.option("--clean", is_flag=True, help="clean the text first")
@click.option("--library", default="libmecab.so.2", show_default=True, help="MeCab for dictionaries not in UTF-8")
@click.argument("corpora", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
def main(base: str, terms: tuple[Path, ...], clean: bool, library: str, corpora: tuple[Path, ...]) -> None:
    """Runs the comparison."""
    found = find_base(base)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ncvc.build_dictionary(folder / "dictionary", base=found.folder, base_name=found.name, terms=terms)
        analyzers = [ncvc.Analyzer.load(folder / "dictionary", engine) for engine in ENGINES]
        split = reference(found.folder, analyzers[0].terms, folder, library)
    count = different = left_out = 0
    for corpus in corpora:
        for line in lines(corpus, clean):
            try:
                mecabs = split(line)
            except UnicodeError:  # or MeCab cuts within a character: Debian's Juman dictionary has such rows
                left_out += 1
                continue
            count += 1
            for engine, analyzer in zip(ENGINES, analyzers, strict=True):
                ours = analyzer.split(line)
                if ours != mecabs:
                    different += 1
                    if different <= SHOWN:
                        click.echo(f"{engine}:\n{difference(ours, mecabs)}".encode(errors="backslashreplace").decode())
        click.echo(f"{corpus.name}: {count:,} lines so far, {different:,} differ", err=True)
    click.echo(f"{found.name}: {count:,} lines, {different:,} differ, {left_out:,} cannot be compared")
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
