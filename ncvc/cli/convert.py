"""`ncvc convert`."""

from pathlib import Path
from typing import Literal

import click

from ncvc.cli.options import EXISTING_FOLDER, PATH, Command, Console, answers, force_option


@click.command(cls=Command, no_args_is_help=True)
@click.argument("source", type=EXISTING_FOLDER)
@click.argument("output", type=PATH)
@click.option(
    "--to", "target", type=click.Choice(["hf", "llama", "megatron"]), required=True, help="The format of OUTPUT."
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16", "float16"]),
    default="float32",
    show_default=True,
    help="The type of the stored weights (with --to hf and llama).",
)
@click.option(
    "--tokenizer",
    type=EXISTING_FOLDER,
    help="The tokenizer folder (with --to hf and llama)  [default: the one that the checkpoint names]",
)
@force_option
@answers
def convert(
    source: Path,
    output: Path,
    target: str,
    dtype: Literal["float32", "bfloat16", "float16"],
    tokenizer: Path | None,
    force: bool,
    console: Console,
) -> None:
    """Converts SOURCE, a checkpoint of `ncvc train` or a Hugging Face folder, into the new folder OUTPUT.

    Works on the CPU, one tensor at a time. Both models then read the same tokens, and OUTPUT appears only if
    their logits agree to 1e-5; that comparison holds one fp32 model in memory (6.5 GB for 1.2
    billion parameters).

    \b
    Examples:
      ncvc convert demo/run/checkpoints/step_00000400 demo/hf --to hf
      ncvc convert run/checkpoints/step_00024000 hf --to hf --dtype bfloat16 --tokenizer tokenizer
      ncvc convert run/checkpoints/step_00024000 llama --to llama
      ncvc convert hf checkpoint --to megatron
    """
    from ncvc.manifest import CHECKPOINT, HUGGINGFACE
    from ncvc.outputs import require_output

    if target == "megatron" and (tokenizer or dtype != "float32"):
        raise click.UsageError("--tokenizer and --dtype belong to --to hf and llama")
    # Before the imports that take seconds.
    reads = [source] if tokenizer is None else [source, tokenizer]
    require_output(output, CHECKPOINT if target == "megatron" else HUGGINGFACE, reads=reads, replace=force)
    if target != "megatron":
        from ncvc.convert.export import to_huggingface

        found = to_huggingface(
            source,
            output,
            tokenizer=tokenizer,
            dtype=dtype,
            llama=target == "llama",
            replace=force,
            reporter=console.reporter,
        )
        lines = [
            f"logits differ from Megatron's by at most {found.difference:.1e}"
            f" ({found.tokens} tokens, computed in float32)"
        ]
        if found.rounding is not None:
            lines.append(f"rounding the weights to {dtype} moved a logit by at most {found.rounding:.1e}")
        summary = {"difference": found.difference, "tokens": found.tokens, "rounding": found.rounding, "dtype": dtype}
    else:
        from ncvc.convert.restore import to_megatron

        difference = to_megatron(source, output, replace=force, reporter=console.reporter)
        lines = [f"logits differ from the folder's by at most {difference:.1e} (float32)"]
        summary = {"difference": difference}
    console.close({"output": str(output), **summary}, [*lines, f"written to {output}"])
