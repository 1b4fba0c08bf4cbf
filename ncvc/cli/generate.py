"""`ncvc generate`."""

import json
import sys
from itertools import batched
from pathlib import Path

import click

from ncvc.cli.options import EXISTING_FOLDER, Command


@click.command(cls=Command, no_args_is_help=True)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--prompt", help="The text to continue; `-` reads it from standard input.")
@click.option(
    "--prompts",
    type=click.Path(path_type=Path, allow_dash=True),
    help="A file of prompts, one a line, or JSON lines with `prompt` (FILE.jsonl); the texts come as with --json.",
)
@click.option(
    "--tokenizer",
    type=EXISTING_FOLDER,
    help="The tokenizer folder of a model of ncvc that another program saved without it.",
)
@click.option("--max-new-tokens", type=click.IntRange(min=1), default=128, show_default=True, help="In tokens.")
@click.option(
    "--temperature",
    type=click.FloatRange(min=0),
    default=0.8,
    show_default=True,
    help="Higher is more varied; 0 takes the likeliest token always.",
)
@click.option(
    "--top-p",
    type=click.FloatRange(min=0, max=1, min_open=True),
    default=0.95,
    show_default=True,
    help="Samples from the likeliest tokens that together have this probability.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same text.")
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="So many texts a prompt, seeds counting up.",
)
@click.option("--json", "as_json", is_flag=True, help="Writes one JSON object a text instead of streamed text.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda or cuda:N.")
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="The type that the model computes in.",
)
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="Texts made at once, with --json or --prompts.",
)
def generate(
    folder: Path,
    prompt: str | None,
    prompts: Path | None,
    tokenizer: Path | None,
    max_new_tokens: int,
    temperature: float,
    top_p: float,
    seed: int,
    count: int,
    as_json: bool,
    device: str,
    dtype: str,
    batch_size: int,
) -> None:
    """Continues text with the model in FOLDER (made by `ncvc convert --to hf`).

    \b
    Examples:
      ncvc generate demo/hf --prompt "患者は発熱を主訴に"
      ncvc generate demo/hf --prompt "肺炎の治療は" --temperature 0 --max-new-tokens 64
      cat prompt.txt | ncvc generate demo/hf --prompt - --count 3 --json > texts.jsonl
      ncvc generate demo/hf --prompts prompts.txt > texts.jsonl
    """
    if (prompt is None) == (prompts is None):
        raise click.UsageError("give --prompt or --prompts")
    # Wrong input is answered before the imports that take seconds.
    from ncvc.errors import PromptError
    from ncvc.hf.folder import open_folder
    from ncvc.hf.prompts import Prompt, read_prompts
    from ncvc.hf.tokenizer import load_tokenizer, prompt_ids

    text = sys.stdin.read().removesuffix("\n") if prompt == "-" else prompt or ""
    given = read_prompts(prompts) if prompts else [Prompt(text, "--prompt")]
    opened = open_folder(folder, tokenizer)
    text_tokenizer = load_tokenizer(opened)
    for one in given:
        try:
            prompt_ids(text_tokenizer, one.text, opened.max_tokens)
        except PromptError as error:
            raise PromptError(f"{one.place}: {error}") from None

    from ncvc.hf.generate import Sampling
    from ncvc.hf.generate import generate as continue_texts
    from ncvc.hf.load import load

    requests = (
        (
            one.text,
            Sampling(max_new_tokens=max_new_tokens, temperature=temperature, top_p=top_p, seed=seed + number),
        )
        for one in given
        for number in range(count)
    )
    lm = load(opened, device, dtype, tokenizer=text_tokenizer)
    if as_json or prompts:
        # So many at once that those of about the same length meet, and so few that the first come soon.
        for some in batched(requests, 16 * batch_size):
            for made, (_, sampling) in zip(continue_texts(lm, some, batch_size=batch_size), some, strict=True):
                record = {
                    "prompt": made.prompt,
                    "text": made.text,
                    "tokens": made.tokens,
                    "ended": made.ended,
                    "seed": sampling.seed,
                }
                click.echo(json.dumps(record, ensure_ascii=False))
        return
    for number, request in enumerate(requests):
        if number:
            click.echo()
        click.echo(text_tokenizer.decode(prompt_ids(text_tokenizer, request[0], lm.max_tokens)), nl=False)
        try:
            continue_texts(lm, [request], on_text=lambda _, text: click.echo(text, nl=False))
        finally:
            click.echo()  # also before the sentence of an error
