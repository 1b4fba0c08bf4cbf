"""`ncvc clean`."""

from collections.abc import Sequence

import click


@click.command()
@click.option("--jsonl", is_flag=True, help="A JSON object a line; its text is cleaned, the rest stays.")
@click.option("--text-field", default="text", show_default=True, help="With --jsonl: the member that holds the text.")
def clean(jsonl: bool, text_field: str) -> None:
    """Cleans standard input, line by line, as `ncvc preprocess` cleans documents.

    A line comes out for every line that goes in, spaces as ▁. Every line is cleaned alone; with --jsonl a text
    may hold line feeds, and a telephone number that is broken over two of its lines is seen.

    \b
    Examples:
      echo '体温３７．８℃　電話０３-００００-１２３４' | ncvc clean
      zstdcat raw.jsonl.zst | ncvc clean --jsonl | zstd > clean.jsonl.zst
    """
    from ncvc._native import InputError, clean_batch, clean_json_lines
    from ncvc.lines import filter_lines

    def clean_json(lines: Sequence[str], number: int) -> list[str]:
        cleaned = clean_json_lines(lines, text_field)
        for line_number, line in enumerate(cleaned, number):
            if line is None:
                raise InputError(f"standard input:{line_number}: not a JSON object with a text in {text_field!r}")
        return [line for line in cleaned if line is not None]

    filter_lines(clean_json if jsonl else lambda lines, _: clean_batch(lines))
