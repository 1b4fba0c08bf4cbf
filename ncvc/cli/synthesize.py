"""`ncvc synthesize`."""

import sys
from pathlib import Path
from typing import Any

import click

from ncvc.cli.options import (
    EXISTING_FILE,
    Console,
    RunByDefault,
    answers,
    dry_run_option,
    force_option,
    set_option,
    warn,
)

UNFINISHED = 75  # EX_TEMPFAIL of sysexits.h: nothing is wrong, start again to go on


@click.group(cls=RunByDefault)
def synthesize() -> None:
    """Writes textbooks, exercises and questions with language models: topics → documents.

    \b
    Examples:
      ncvc init synthesize
      ncvc synthesize synthesize.yaml --dry-run
      ncvc synthesize synthesize.yaml

    \b
    Every answer is kept as soon as it is there: the same command goes on after a crash.
    A writer that answers no more, too many failures or the spending limit end it with status 75.
    """


@synthesize.command()
@click.argument("config", type=EXISTING_FILE)
@set_option
@click.option("--no-ask", is_flag=True, help="Asks nothing; writes the output from the answers that are there.")
@dry_run_option
@force_option
@answers
def run(config: Path, overrides: tuple[str, ...], no_ask: bool, dry_run: bool, force: bool, console: Console) -> None:
    """Asks the writers of CONFIG for the texts that are not there yet, checks all, and writes the output folder.

    \b
    Examples:
      ncvc synthesize run synthesize.yaml
      ncvc synthesize run synthesize.yaml --set spending_limit=20
      ncvc synthesize run synthesize.yaml --no-ask --force
    """
    from ncvc.synthesize.config import SynthesizeConfig
    from ncvc.synthesize.errors import UnfinishedError

    loaded = SynthesizeConfig.load(config, overrides)
    if dry_run:
        from ncvc.synthesize.dry_run import estimate

        found = estimate(loaded, config.parent)
        console.close(found.dump(), [*found.lines(), "dry run: nothing was asked or written"])
        return
    from ncvc.synthesize.run import synthesize as synthesize_all

    try:
        result = synthesize_all(loaded, config.parent, ask=not no_ask, replace=force, reporter=console.reporter)
    except UnfinishedError as error:
        warn(str(error))
        sys.exit(UNFINISHED)
    summary, output = result.summary, str(config.parent / loaded.output)
    console.close(
        {"output": output, "spent": result.spent, **summary}, [*_lines(summary, result.spent), f"written to {output}"]
    )


def _lines(summary: dict[str, Any], spent: float) -> list[str]:
    names = ("kept", "set_aside", "failed", "missing")
    counts = ", ".join(
        f"{summary[name]:,} {name.replace('_', ' ')}" for name in names if summary[name] or name == "kept"
    )
    lines = [f"{summary['requests']:,} requests: {counts}"]
    lines += [f"  set aside: {reason} {count:,}" for reason, count in summary["reasons"].items()]
    lines += [f"  failed: {reason} {count:,}" for reason, count in summary["failures"].items()]
    return [*lines, f"spent: {spent:.6g}"] if spent else lines
