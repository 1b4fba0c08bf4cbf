"""`ncvc generate`."""

import json
import sys
from pathlib import Path

import click


@click.command(no_args_is_help=True)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--prompt", required=True, help="The text to continue; `-` reads it from standard input.")
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
    help="Sample from the likeliest tokens that together have this probability.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same text.")
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="So many texts, seeds counting up.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a text instead of streamed text.")
def generate(
    folder: Path,
    prompt: str,
    max_new_tokens: int,
    temperature: float,
    top_p: float,
    seed: int,
    count: int,
    as_json: bool,
) -> None:
    """Continue a text with the model in FOLDER (made by `ncvc convert --to hf`), on the CPU.

    \b
    Examples:
      ncvc generate demo/hf --prompt "患者は発熱を主訴に"
      ncvc generate demo/hf --prompt "肺炎の治療は" --temperature 0 --max-new-tokens 64
      cat prompt.txt | ncvc generate demo/hf --prompt - --count 3 --json > texts.jsonl
    """
    from ncvc.hf.generate import Generator, Sampling

    if prompt == "-":
        prompt = sys.stdin.read().removesuffix("\n")
    generator = Generator.load(folder)
    for number in range(count):
        sampling = Sampling(max_new_tokens=max_new_tokens, temperature=temperature, top_p=top_p, seed=seed + number)
        if as_json:
            made = generator.continue_text(prompt, sampling)
            record = {
                "prompt": made.prompt,
                "text": made.text,
                "tokens": made.tokens,
                "ended": made.ended,
                "seed": sampling.seed,
            }
            click.echo(json.dumps(record, ensure_ascii=False))
        else:
            if number:
                click.echo()
            click.echo(generator.text(generator.prompt_ids(prompt)[1:]), nl=False)
            generator.continue_text(prompt, sampling, lambda text: click.echo(text, nl=False))
            click.echo()
