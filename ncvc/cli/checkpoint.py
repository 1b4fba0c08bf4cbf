"""`ncvc checkpoint`."""

from pathlib import Path

import click

from ncvc.cli.options import EXISTING_FOLDER, PATH, Command, Console, Group, answers, force_option


@click.group(cls=Group)
def checkpoint() -> None:
    """Works on the checkpoints of a run."""


@checkpoint.command(cls=Command, no_args_is_help=True)
@click.argument("run", type=EXISTING_FOLDER)
@click.argument("output", type=PATH)
@click.option("--last", type=click.IntRange(2), metavar="K", help="Averages the newest K checkpoints.")
@click.option(
    "--step",
    "steps",
    type=click.IntRange(1),
    multiple=True,
    metavar="N",
    help="Averages those steps; give it twice or more.",
)
@click.option("--ema", is_flag=True, help="Takes the moving average that the run kept (optimizer.ema) instead.")
@force_option
@answers
def average(
    run: Path, output: Path, last: int | None, steps: tuple[int, ...], ema: bool, force: bool, console: Console
) -> None:
    """Averages the weights of checkpoints of the run folder RUN into the new checkpoint OUTPUT.

    OUTPUT has weights only: `ncvc convert` takes it, and a new run's checkpoints.init_from. Its manifest names the
    steps. Works on the CPU, one tensor at a time. --ema takes the newest checkpoint, or that of one --step.

    \b
    Examples:
      ncvc checkpoint average runs/first averaged --last 5
      ncvc checkpoint average runs/first averaged --step 9600 --step 12800 --step 16000
      ncvc checkpoint average runs/first averaged --ema
      ncvc convert averaged my-model --to hf
    """
    if ema and (last is not None or len(steps) > 1):
        raise click.UsageError("--ema is of one checkpoint; leave out --last, and all --step but one")
    if not ema and (last is None) == (not steps):
        raise click.UsageError("give --last, or --step for each checkpoint, or --ema")
    if not ema and len(steps) == 1:
        raise click.UsageError("one step is no average; give --step twice or more")
    from ncvc.manifest import CHECKPOINT
    from ncvc.outputs import require_output

    # Before the imports that take seconds.
    require_output(output, CHECKPOINT, reads=[run], replace=force)
    from ncvc.checkpoint.average import average as average_checkpoints

    found = average_checkpoints(run, output, last=last, steps=steps, ema=ema, replace=force, say=console.reporter.say)
    named = ", ".join(f"{step:,}" for step in found)
    mean = f"moving average of the weights, of step {named}" if ema else f"mean of the weights of steps {named}"
    console.close({"output": str(output), "steps": found}, [mean, f"written to {output}"])
