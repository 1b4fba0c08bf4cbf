"""`ncvc convert`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ncvc.cli.options import EXISTING_FOLDER, PATH, Command, Console, answers, force_option

STORED = ("float32", "bfloat16", "float16")
DTYPES = {
    "hf": STORED,
    "llama": STORED,
    "gguf": (*STORED, "q8_0", "q6_k", "q5_k_m", "q4_k_m"),
    "onnx": ("float32",),
    "megatron": ("float32",),
}
"""Target → the types of weights that it can be written in."""
Written = tuple[dict[str, Any], list[str]]
"""Closing summary, and the same in lines."""


@click.command(cls=Command, no_args_is_help=True)
@click.argument("source", type=EXISTING_FOLDER)
@click.argument("output", type=PATH, required=False)
@click.option("--to", "target", type=click.Choice(list(DTYPES)), help="The format of OUTPUT.")
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="Writes nothing; compares the converted SOURCE again.",
)
@click.option(
    "--endpoint",
    metavar="URL",
    help="With --check: compares a running server that has the model, such as http://127.0.0.1:8000/v1.",
)
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
    output: Path | None,
    target: str | None,
    only_check: bool,
    endpoint: str | None,
    dtype: str,
    tokenizer: Path | None,
    force: bool,
    console: Console,
) -> None:
    """Converts SOURCE, a checkpoint of `ncvc train` or a Hugging Face folder, into the new folder OUTPUT.

    --to hf writes the model's own class of transformers; llama the same function in Llama's class and gguf a
    file for llama.cpp, for engines that know no other; onnx a file for onnxruntime; megatron a checkpoint to
    train on from.

    Works on the CPU, one tensor at a time. Both models then read the same tokens, and OUTPUT appears only if
    their logits agree to 1e-5 (quantized: within the bounds that docs/conversion.md states); the
    comparison holds one weight in memory too.

    \b
    Examples:
      ncvc convert demo/run/checkpoints/step_00000400 demo/hf --to hf
      ncvc convert run/checkpoints/step_00024000 hf --to hf --dtype bfloat16 --tokenizer tokenizer
      ncvc convert run/checkpoints/step_00024000 llama --to llama
      ncvc convert hf gguf --to gguf --dtype q8_0
      ncvc convert hf onnx --to onnx
      ncvc convert hf checkpoint --to megatron
      ncvc convert --check gguf
      ncvc convert --check hf --endpoint http://127.0.0.1:8000/v1
    """
    if only_check:
        if output or target:
            raise click.UsageError("--check writes nothing; give one folder, and no --to")
        _check(source, endpoint, console)
    elif endpoint:
        raise click.UsageError("--endpoint belongs to --check")
    elif output is None or target is None:
        raise click.UsageError("give SOURCE, OUTPUT and --to")
    else:
        _require(source, output, target, dtype, tokenizer, force=force)
        summary, lines = WRITERS[target](
            source, output, tokenizer=tokenizer, dtype=dtype, replace=force, reporter=console.reporter
        )
        console.close({"output": str(output), **summary}, [*lines, f"written to {output}"])


def _require(source: Path, output: Path, target: str, dtype: str, tokenizer: Path | None, *, force: bool) -> None:
    """Refuses what cannot be written, before the imports that take seconds."""
    from ncvc.convert.kinds import require_convertible, require_room
    from ncvc.manifest import CHECKPOINT, GGUF, HUGGINGFACE, ONNX
    from ncvc.outputs import require_output

    if dtype not in DTYPES[target]:
        raise click.UsageError(f"--dtype {dtype} does not belong to --to {target}; choose {', '.join(DTYPES[target])}")
    reads = [source] if tokenizer is None else [source, tokenizer]
    kinds = {"megatron": CHECKPOINT, "gguf": GGUF, "onnx": ONNX}
    require_output(output, kinds.get(target, HUGGINGFACE), reads=reads, replace=force)
    require_convertible(source, target, tokenizer)
    require_room(source, output, dtype)


def _check(folder: Path, endpoint: str | None, console: Console) -> None:
    """Compares a converted folder, or a server, with the logits in it."""
    from ncvc.convert.kinds import require_converted

    require_converted(folder)
    if endpoint:
        from ncvc.convert.endpoint import compare_endpoint

        answer = compare_endpoint(folder, endpoint)
        told = (
            f"log-probabilities of {answer.tokens} tokens differ from Megatron's by {answer.mean:.1e} nats on average"
        )
        console.close(
            {"folder": str(folder), **vars(answer)}, [f"{answer.model}: {told}, {answer.largest:.1e} at most"]
        )
        return
    from ncvc.convert.recheck import recheck

    found = recheck(folder)
    if isinstance(found, float):
        lines = [f"logits differ from Megatron's by at most {found:.1e} (float32)"]
        summary: dict[str, Any] = {"difference": found}
    else:
        lines, summary = _gguf_lines(found), vars(found)
    console.close({"folder": str(folder), **summary}, lines)


def _megatron(source: Path, output: Path, **options: Any) -> Written:
    from ncvc.convert.restore import to_megatron

    given = {name: options[name] for name in ("tokenizer", "replace", "reporter")}
    difference = to_megatron(source, output, **given)
    return {"difference": difference}, [f"logits differ from the folder's by at most {difference:.1e} (float32)"]


def _onnx(source: Path, output: Path, **options: Any) -> Written:
    from ncvc.convert.onnx_folder import to_onnx

    difference = to_onnx(source, output, **options)
    return {"difference": difference}, [
        f"onnxruntime's logits differ from Megatron's by at most {difference:.1e} (float32)"
    ]


def _llama(source: Path, output: Path, **options: Any) -> Written:
    return _huggingface(source, output, llama=True, **options)


def _huggingface(source: Path, output: Path, **options: Any) -> Written:
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


def _gguf(source: Path, output: Path, **options: Any) -> Written:
    from ncvc.convert.gguf_folder import to_gguf

    found = to_gguf(source, output, **options)
    return {**vars(found), "dtype": options["dtype"]}, _gguf_lines(found)


def _gguf_lines(found: Any) -> list[str]:
    """Describes the comparison of a GGUF file."""
    lines = [
        f"beside Megatron's float32 logits, {found.tokens} tokens: largest difference {found.difference:.1e},"
        f" mean KL divergence {found.divergence:.1e} nats, same most likely token {found.agreement:.1%}",
    ]
    if found.engine != "llama.cpp":
        lines.append("llama.cpp is not installed: the file was read by gguf and computed by transformers")
    return lines


WRITERS: dict[str, Callable[..., Written]] = {
    "hf": _huggingface,
    "llama": _llama,
    "gguf": _gguf,
    "onnx": _onnx,
    "megatron": _megatron,
}
