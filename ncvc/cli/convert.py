"""`ncvc convert`."""

from pathlib import Path
from typing import Any

import click

from ncvc.cli.options import EXISTING_FOLDER, PATH, Command, Console, answers, force_option

STORED = ("float32", "bfloat16", "float16")
DTYPES = {
    "hf": STORED,
    "llama": STORED,
    "gguf": (*STORED, "q8_0", "q6_k", "q5_k_m", "q4_k_m"),
    "megatron": ("float32",),
}
"""Target → the types of weights that it can be written in."""


@click.command(cls=Command, no_args_is_help=True)
@click.argument("source", type=EXISTING_FOLDER)
@click.argument("output", type=PATH)
@click.option("--to", "target", type=click.Choice(list(DTYPES)), required=True, help="The format of OUTPUT.")
@click.option(
    "--dtype",
    type=click.Choice(DTYPES["gguf"]),
    default="float32",
    show_default=True,
    help="The type of the stored weights; the quantized ones with --to gguf.",
)
@click.option(
    "--tokenizer",
    type=EXISTING_FOLDER,
    help="The tokenizer folder  [default: the one that the checkpoint names, or that lies in the folder]",
)
@force_option
@answers
def convert(
    source: Path,
    output: Path,
    target: str,
    dtype: str,
    tokenizer: Path | None,
    force: bool,
    console: Console,
) -> None:
    """Converts SOURCE, a checkpoint of `ncvc train` or a Hugging Face folder, into the new folder OUTPUT.

    --to hf writes the model's own class of transformers; llama the same function in Llama's class and gguf a
    file for llama.cpp, for engines that know no other; megatron a checkpoint to train on from.

    Works on the CPU, one tensor at a time. Both models then read the same tokens, and OUTPUT appears only if
    their logits agree to 1e-5 (quantized: within the bounds that docs/conversion.md states); that
    comparison holds one fp32 model in memory (6.5 GB for 1.2 billion parameters).

    \b
    Examples:
      ncvc convert demo/run/checkpoints/step_00000400 demo/hf --to hf
      ncvc convert run/checkpoints/step_00024000 hf --to hf --dtype bfloat16 --tokenizer tokenizer
      ncvc convert run/checkpoints/step_00024000 llama --to llama
      ncvc convert hf gguf --to gguf --dtype q8_0
      ncvc convert hf checkpoint --to megatron
    """
    from ncvc.manifest import CHECKPOINT, GGUF, HUGGINGFACE
    from ncvc.outputs import require_output

    if dtype not in DTYPES[target]:
        raise click.UsageError(f"--dtype {dtype} does not belong to --to {target}; choose {', '.join(DTYPES[target])}")
    if target == "megatron" and tokenizer:
        raise click.UsageError("--tokenizer does not belong to --to megatron")
    # Before the imports that take seconds.
    reads = [source] if tokenizer is None else [source, tokenizer]
    kinds = {"megatron": CHECKPOINT, "gguf": GGUF}
    require_output(output, kinds.get(target, HUGGINGFACE), reads=reads, replace=force)
    if target == "megatron":
        from ncvc.convert.restore import to_megatron

        difference = to_megatron(source, output, replace=force, reporter=console.reporter)
        lines = [f"logits differ from the folder's by at most {difference:.1e} (float32)"]
        summary: dict[str, Any] = {"difference": difference}
    else:
        write = _gguf if target == "gguf" else _huggingface
        summary, lines = write(
            source,
            output,
            tokenizer=tokenizer,
            dtype=dtype,
            replace=force,
            reporter=console.reporter,
            **({"llama": True} if target == "llama" else {}),
        )
    console.close({"output": str(output), **summary}, [*lines, f"written to {output}"])


def _huggingface(source: Path, output: Path, **options: Any) -> tuple[dict[str, Any], list[str]]:
    """Writes the folder; returns the closing summary and lines."""
    from ncvc.convert.export import to_huggingface

    found = to_huggingface(source, output, **options)
    dtype = options["dtype"]
    lines = [
        f"logits differ from Megatron's by at most {found.difference:.1e} ({found.tokens} tokens, computed in float32)"
    ]
    if found.rounding is not None:
        lines.append(f"rounding the weights to {dtype} moved a logit by at most {found.rounding:.1e}")
    return {
        "difference": found.difference,
        "tokens": found.tokens,
        "rounding": found.rounding,
        "dtype": dtype,
    }, lines


def _gguf(source: Path, output: Path, **options: Any) -> tuple[dict[str, Any], list[str]]:
    """Writes the folder; returns the closing summary and lines."""
    from ncvc.convert.gguf_folder import to_gguf

    found = to_gguf(source, output, **options)
    lines = [
        f"beside Megatron's float32 logits, {found.tokens} tokens: largest difference {found.difference:.1e},"
        f" mean KL divergence {found.divergence:.1e} nats, same most likely token {found.agreement:.1%}",
    ]
    if found.engine != "llama.cpp":
        lines.append("llama.cpp is not installed: the file was read by gguf and computed by transformers")
    return {**vars(found), "dtype": options["dtype"]}, lines
