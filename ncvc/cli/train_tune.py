"""`ncvc train tune`."""

import signal
from pathlib import Path

import click

from ncvc.cli.options import EXISTING_FILE, FILE, Command, Console, answers, dry_run_option, set_option

WHOLE = click.IntRange(1)


@click.command(cls=Command)
@click.argument("config", type=EXISTING_FILE)
@click.option("--write-config", type=FILE, help="The config to write.  [default: CONFIG's name with .tuned.yaml]")
@click.option("--steps", type=WHOLE, default=5, show_default=True, help="Steps of a try that count.")
@click.option(
    "--limit", type=click.FloatRange(1), default=1800.0, show_default=True, help="Seconds after which a try is ended."
)
@click.option("--micro-batch", type=WHOLE, multiple=True, metavar="N", help="Tries this micro-batch; can be repeated.")
@click.option(
    "--recompute",
    type=click.Choice(["nothing", "mlp", "full"]),
    multiple=True,
    help="Tries this form of recomputation; can be repeated.",
)
@click.option("--ranks", type=WHOLE, multiple=True, metavar="N", help="Tries so many ranks; can be repeated.")
@click.option("--tensor", type=WHOLE, multiple=True, metavar="N", help="Tries this tensor parallelism, likewise.")
@click.option("--pipeline", type=WHOLE, multiple=True, metavar="N", help="Tries this pipeline parallelism, likewise.")
@set_option
@dry_run_option
@answers
def tune(
    config: Path,
    write_config: Path | None,
    steps: int,
    limit: float,
    overrides: tuple[str, ...],
    dry_run: bool,
    console: Console,
    **choices: tuple[int, ...] | tuple[str, ...],
) -> None:
    """Measures micro-batches, recomputation and layouts on this machine, and writes the fastest as a config.

    The new config extends CONFIG and has the fastest try's keys. Each try is a short training in processes of its own,
    without checkpoints or validation, so that one that lacks memory ends alone. Ctrl-C ends the try that runs and shows
    what is known; nothing is written then. --set goes for the tries, and is not in the new config.

    \b
    Examples:
      ncvc train tune megatron_configs/ncvc-slm-1.yaml --dry-run
      ncvc train tune megatron_configs/ncvc-slm-1.yaml --set schedule.global_batch_size=128
      ncvc train tune megatron_configs/demo.yaml --write-config fast.yaml --ranks 1 --micro-batch 4 --micro-batch 8
    """
    from ncvc.errors import NcvcError
    from ncvc.outputs import require_own_file
    from ncvc.train.config import TrainConfig, require_files
    from ncvc.train.tune import machine, report
    from ncvc.train.tune.runner import judge, run_all
    from ncvc.train.tune.tries import Choices, candidates

    given = TrainConfig.load(config, overrides)
    file = require_own_file(write_config or config.with_suffix(".tuned.yaml"), report.is_ours, [config])
    found = candidates(given, Choices(**choices), *machine.room(given))  # type: ignore[arg-type]
    tries = [candidate for candidate in found if candidate.fits]
    if dry_run:
        summary = {"tries": [report.facts_of(each) for each in found], "output": str(file)}
        console.close(summary, [*report.plan(found), "dry run: nothing was started or written"])
        return
    if not tries:
        raise NcvcError(f"{config}: no try is possible on this machine; --dry-run shows why")
    require_files(given.data.prefixes)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    outcomes = []
    try:
        for outcome in run_all(tries, steps, limit, console.reporter):
            outcomes.append(outcome)
            console.reporter.say(report.line(outcome))
    except KeyboardInterrupt:
        best = judge(outcomes)
        console.close(report.summary(outcomes, best, None), report.lines(outcomes, best))
        raise
    best = judge(outcomes)
    lines = report.lines(outcomes, best)
    if best is None:
        console.close(report.summary(outcomes, None, None), lines)
        raise NcvcError(f"{config}: no try ran to its end; the table says why")
    require_own_file(file, report.is_ours, [config])  # once more: hours may have passed
    report.write(best, given, config, file, len(outcomes))
    console.close(report.summary(outcomes, best, file), [*lines, f"written to {file}"])
