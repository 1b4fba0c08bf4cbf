"""`ncvc split`."""

from pathlib import Path

import click

from ncvc.cli.options import EXISTING_FILE, EXISTING_FOLDER, Command


@click.command(cls=Command)
@click.option("--dictionary", type=EXISTING_FILE, help="The file that `ncvc dictionary build` wrote, for morphemes.")
@click.option("--tokenizer", type=EXISTING_FOLDER, help="The folder that `ncvc tokenizer train` wrote, for pieces.")
def split(dictionary: Path | None, tokenizer: Path | None) -> None:
    """Splits standard input, line by line, into morphemes or pieces with a space between them.

    With --dictionary it writes what `mecab -Owakati` writes, without the space at the end of a line; ▁, as
    `ncvc clean` writes spaces, counts as a space. With --tokenizer lines are cleaned first, and ▁ is a piece.
    Only a line feed ends a line; other line breaks inside one count as spaces.

    \b
    Examples:
      echo '高血圧症の治療' | ncvc split --dictionary ipadic.dic
      ncvc clean < notes.txt | ncvc split --dictionary ipadic.dic | tr ' ' '\\n' | sort | uniq -c
      ncvc split --tokenizer tokenizer < notes.txt
    """
    if (dictionary is None) == (tokenizer is None):
        raise click.UsageError("name one: --dictionary for morphemes, or --tokenizer for pieces")
    from ncvc import Analyzer, Tokenizer
    from ncvc.stdin_lines import as_one_line, filter_lines

    if dictionary:
        analyzer = Analyzer.load(dictionary)
        filter_lines(
            lambda lines, _: [
                " ".join(morphemes)
                for morphemes in analyzer.split_batch([as_one_line(line).replace("▁", " ") for line in lines])
            ]
        )
    elif tokenizer:
        loaded = Tokenizer.load(tokenizer)
        filter_lines(
            lambda lines, _: [" ".join(pieces) for pieces in loaded.pieces_batch([as_one_line(line) for line in lines])]
        )
