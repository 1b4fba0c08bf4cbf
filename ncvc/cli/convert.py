"""`ncvc convert`."""

from pathlib import Path
from typing import Literal

import click


@click.command(no_args_is_help=True)
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--to", "target", type=click.Choice(["hf", "megatron"]), required=True, help="What OUT becomes.")
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    show_default=True,
    help="How the weights are stored (with --to hf).",
)
@click.option(
    "--tokenizer",
    type=click.Path(path_type=Path),
    help="The tokenizer folder (with --to hf)  [default: the one that the checkpoint names]",
)
@click.option("--force", is_flag=True, help="Replaces OUT if it exists.")
def convert(
    source: Path,
    out: Path,
    target: str,
    dtype: Literal["float32", "bfloat16"],
    tokenizer: Path | None,
    force: bool,
) -> None:
    """Convert SOURCE, a checkpoint of `ncvc train` or a Hugging Face folder, into the new folder OUT.

    Works on the CPU, one tensor at a time. Both models then read the same tokens, and OUT appears only if
    their logits agree to 1e-5; that comparison holds one fp32 model in memory (6.5 GB for 1.2
    billion parameters).

    \b
    Examples:
      ncvc convert demo/run/checkpoints/step_00000400 demo/hf --to hf
      ncvc convert run/checkpoints/step_00024000 hf --to hf --dtype bfloat16 --tokenizer tokenizer
      ncvc convert hf checkpoint --to megatron
    """
    from ncvc.manifest import CHECKPOINT, HUGGINGFACE
    from ncvc.outputs import require_output

    # Before the imports that take seconds.
    reads = [source] if tokenizer is None else [source, tokenizer]
    require_output(out, HUGGINGFACE if target == "hf" else CHECKPOINT, reads=reads, replace=force)
    if target == "hf":
        from ncvc.convert.export import to_huggingface

        found = to_huggingface(source, out, tokenizer=tokenizer, dtype=dtype, replace=force, say=click.echo)
        click.echo(
            f"logits differ from Megatron's by at most {found.difference:.1e}"
            f" ({found.tokens} tokens, computed in float32)"
        )
        if found.rounding is not None:
            click.echo(f"rounding the weights to {dtype} moved a logit by at most {found.rounding:.1e}")
    else:
        if tokenizer or dtype != "float32":
            raise click.UsageError("--tokenizer and --dtype belong to --to hf")
        from ncvc.convert.restore import to_megatron

        difference = to_megatron(source, out, replace=force, say=click.echo)
        click.echo(f"logits differ from the folder's by at most {difference:.1e} (float32)")
    click.echo(f"wrote {out}")
