"""`ncvc tune`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ncvc.cli.options import (
    EXISTING_FILE,
    UNFINISHED,
    Command,
    Console,
    answers,
    dry_run_option,
    gpu_option,
    mfu_option,
    set_option,
)
from ncvc.printable import printable

if TYPE_CHECKING:
    from ncvc.tune.config import TuneConfig
    from ncvc.tune.prepare import Prepared


@click.command(cls=Command, no_args_is_help=True)
@click.argument("config", type=EXISTING_FILE)
@set_option
@dry_run_option
@gpu_option
@mfu_option
@click.option(
    "--show-mask",
    type=click.IntRange(1),
    metavar="N",
    help="Writes N samples token by token, those whose loss counts in colour, and trains nothing.",
)
@answers
def tune(
    config: Path,
    overrides: tuple[str, ...],
    dry_run: bool,
    gpu: str | None,
    mfu: float | None,
    show_mask: int | None,
    console: Console,
) -> None:
    """Tunes a model on conversations, documents, preferences or questions: a model folder → a model folder.

    The base is a folder of `ncvc convert --to hf`, or any that stock transformers loads as a causal language model.
    The method (full, lora, qlora, continued, dpo, grpo), the data and everything else stand in CONFIG; those in
    megatron_configs/tune are the papers' and others'.

    \b
    Examples:
      ncvc tune megatron_configs/tune/jmed-llm.yaml --show-mask 2
      ncvc tune megatron_configs/tune/jmed-llm.yaml --dry-run --gpu 'RTX A6000'
      ncvc tune megatron_configs/tune/jmed-llm.yaml --set base=demo/hf --set output=demo/tuned
      torchrun --nproc-per-node 4 -m ncvc tune megatron_configs/tune/jmed-llm-exercises.yaml
      ncvc train plot runs/tune-jmed-llm -o loss.html

    \b
    The same command resumes from the newest whole checkpoint of the run folder.
    Ctrl-C or SIGTERM finishes the step, saves, and exits with status 75.
    """
    from ncvc.train.elastic.stop_signal import StopRequest
    from ncvc.tune.config import TuneConfig
    from ncvc.tune.run import is_finished, require_places, require_same_config, summary

    if not dry_run and (gpu is not None or mfu is not None):
        raise click.UsageError("--gpu and --mfu belong to --dry-run")
    settings = TuneConfig.load(config, overrides)
    if show_mask is not None and not dry_run:
        _show(settings, show_mask, console)
        return
    stop = StopRequest()
    if not dry_run:
        stop.listen()  # before the slow imports, so that no request to stop is lost
    require_places(settings)
    require_same_config(settings)
    if dry_run:
        _plan(settings, gpu, mfu, console)
        return
    if is_finished(settings):
        done = f"{settings.run}: finished already, the model is {settings.output}; nothing was done"
        console.close(summary(settings), [done])
        return
    from ncvc.progress import Reporter, reporter_on
    from ncvc.tune.run import locked, tune

    first = int(os.environ.get("RANK", "0")) == 0
    reporter = reporter_on(console.channel) if first else Reporter()
    prepared = _prepare(settings)
    reporter.say(f"{settings.run}: the data are read; loading torch and {settings.base} …")
    with locked(settings, first=first):
        finished = tune(settings, prepared, stop, reporter)
    if console.as_json and first:
        console.close(summary(settings), [])
    if not finished:
        sys.exit(UNFINISHED)


def _plan(settings: "TuneConfig", gpu: str | None, mfu: float | None, console: Console) -> None:
    """Writes what a tuning needs."""
    from ncvc.tune.preflight import plan

    found = plan(settings, gpu, mfu)
    console.close(found.summary(), [*found.lines(), "dry run: nothing was started or written"])


def _prepare(settings: "TuneConfig") -> "Prepared":
    if settings.method == "qlora":
        from ncvc.tune.four_bits import require_four_bits

        require_four_bits()
    from ncvc.tune.prepare import prepare

    return prepare(settings)


def _show(settings: "TuneConfig", count: int, console: Console) -> None:
    """Writes samples and which of their tokens count."""
    from ncvc.tune.prepare import prepare
    from ncvc.tune.show_mask import mask_rows

    prepared = prepare(settings)
    if not prepared.samples:
        raise click.UsageError(f"--show-mask is not for method {settings.method}, which has no mask")
    rows = list(mask_rows(prepared.base, prepared.samples, count))
    if console.as_json:
        console.close({"samples": [{"place": sample.place, "tokens": tokens} for sample, tokens in rows]}, [])
        return
    for sample, tokens in rows:
        click.echo(f"{printable(sample.place)}: {sum(sample.counts)} of {len(tokens)} tokens count")
        click.echo(" ".join(_coloured(token, counted) for token, counted in tokens))


def _coloured(token: str, counted: bool) -> str:
    """A token for the terminal; those that count stand in brackets, for whom sees no colour."""
    text = printable(token)
    return click.style(f"[{text}]", fg="green", bold=True) if counted else click.style(text, dim=True)
