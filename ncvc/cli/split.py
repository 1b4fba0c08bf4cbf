"""`ncvc split`."""

from pathlib import Path

import click


@click.command()
@click.option("--dictionary", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A file that `ncvc dictionary build` wrote: morphemes, as MeCab finds them.")  # fmt: skip
@click.option("--tokenizer", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="A folder that `ncvc tokenizer train` wrote: the pieces of the cleaned text.")  # fmt: skip
def split(dictionary: Path | None, tokenizer: Path | None) -> None:
    """Splits standard input, line by line, into morphemes or pieces with a space between them.

    With --dictionary it writes what `mecab -Owakati` writes, without the space at the end of a line; ▁, as
    `ncvc clean` writes spaces, counts as a space. With --tokenizer lines are cleaned first, and ▁ is a piece.

    \b
    Examples:
      echo '高血圧症の治療' | ncvc split --dictionary ipadic.dic
      ncvc clean < notes.txt | ncvc split --dictionary ipadic.dic | tr ' ' '\\n' | sort | uniq -c
      ncvc split --tokenizer tokenizer < notes.txt
    """
    from ncvc import Analyzer, Tokenizer
    from ncvc.stdin_lines import filter_lines

    if dictionary and not tokenizer:
        analyzer = Analyzer.load(dictionary)
        filter_lines(
            lambda lines, _: [
                " ".join(morphemes) for morphemes in analyzer.split_batch([line.replace("▁", " ") for line in lines])
            ]
        )
    elif tokenizer and not dictionary:
        loaded = Tokenizer.load(tokenizer)
        filter_lines(lambda lines, _: [" ".join(pieces) for pieces in loaded.pieces_batch(lines)])
    else:
        raise click.UsageError("name one: --dictionary for morphemes, or --tokenizer for pieces")
