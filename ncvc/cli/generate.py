"""`ncvc generate`."""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ncvc.cli.options import (
    PATH,
    Command,
    device_option,
    dtype_option,
    max_new_tokens_option,
    quiet_option,
    temperature_option,
    top_p_option,
)

if TYPE_CHECKING:
    from ncvc.engines.base import Engine
    from ncvc.hf.row import Row


@click.command(cls=Command, no_args_is_help=True)
@click.argument("model", type=PATH)
@click.option("--prompt", help="The text to continue; `-` reads it from standard input.")
@click.option(
    "--prompts",
    type=click.Path(path_type=Path, allow_dash=True),
    help="A file of prompts, one a line, or JSON lines with `prompt` (FILE.jsonl); the texts come as with --json.",
)
@max_new_tokens_option
@temperature_option
@top_p_option
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same text.")
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="So many texts a prompt, seeds counting up.",
)
@click.option("--json", "as_json", is_flag=True, help="Writes one JSON object a text instead of streamed text.")
@device_option
@dtype_option
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Texts made at once, with --json or --prompts.",
)
@quiet_option
def generate(
    model: Path,
    prompt: str | None,
    prompts: Path | None,
    max_new_tokens: int,
    temperature: float,
    top_p: float,
    seed: int,
    count: int,
    as_json: bool,
    device: str,
    dtype: str,
    batch_size: int,
    quiet: bool,
) -> None:
    """Continues text with MODEL, a folder of `ncvc convert` or a GGUF file.

    \b
    Examples:
      ncvc generate demo/hf --prompt "患者は発熱を主訴に"
      ncvc generate demo/hf --prompt "肺炎の治療は" --temperature 0 --max-new-tokens 64
      cat prompt.txt | ncvc generate demo/hf --prompt - --count 3 --json > texts.jsonl
      ncvc generate demo/hf --prompts prompts.txt > texts.jsonl
      ncvc generate my-gguf --prompts prompts.jsonl --batch-size 16 > texts.jsonl
    """
    if (prompt is None) == (prompts is None):
        raise click.UsageError("give --prompt or --prompts")
    # Wrong input is answered before the imports that take seconds.
    from ncvc.engines.source import open_source
    from ncvc.errors import PromptError
    from ncvc.hf.prompts import Prompt, read_prompts
    from ncvc.hf.tokenizer import prompt_ids

    text = sys.stdin.read().removesuffix("\n") if prompt == "-" else prompt or ""
    given = read_prompts(prompts) if prompts else [Prompt(text, "--prompt")]
    source = open_source(model)
    tokenizer, longest = source.tokenizer, source.max_tokens
    encoded = []
    for one in given:
        try:
            encoded.append(prompt_ids(tokenizer, one.text, longest))
        except PromptError as error:
            raise PromptError(f"{one.place}: {error}") from None

    streams = not (as_json or prompts)
    engine = source.load(device=device, dtype=dtype, slots=1 if streams else batch_size)

    from ncvc.engines.base import finish
    from ncvc.hf.row import Row, Sampling

    def rows() -> Iterator[Row]:
        for ids in encoded:
            for number in range(count):
                sampling = Sampling(
                    max_new_tokens=max_new_tokens, temperature=temperature, top_p=top_p, seed=seed + number
                )
                yield Row(tokenizer, ids, sampling, max_tokens=longest, on_text=show if streams else _nothing)

    def show(text: str) -> None:
        click.echo(text, nl=False)

    began, made = time.monotonic(), 0
    if streams:
        made = _stream(engine, rows())
    for row in () if streams else finish(engine, rows()):
        record = {
            "prompt": tokenizer.decode(row.ids[: row.prompt_length]),
            "text": row.text,
            "tokens": len(row.ids) - row.prompt_length,
            "ended": row.finish == "end_of_text",
            "seed": row.sampling.seed,
        }
        made += len(row.ids) - row.prompt_length
        click.echo(json.dumps(record, ensure_ascii=False))
    seconds = time.monotonic() - began
    if not quiet:
        click.echo(f"{made} tokens in {seconds:.1f} s: {made / max(seconds, 1e-9):.1f} tokens/s", err=True)


def _nothing(_text: str) -> None:
    """Shows no text before the whole is there."""


def _stream(engine: "Engine", rows: "Iterator[Row]") -> int:
    """Writes each prompt and its text as it comes; returns the number of tokens made."""
    made = 0
    for number, row in enumerate(rows):
        if number:
            click.echo()
        click.echo(engine.tokenizer.decode(row.ids), nl=False)
        try:
            engine.join([row])
            while engine.rows:
                engine.step()
        finally:
            click.echo()  # also before the sentence of an error
        made += len(row.ids) - row.prompt_length
    return made
