"""`ncvc demo`."""

from pathlib import Path

import click

from ncvc.cli.options import PATH, Command, Console, answers
from ncvc.progress import reporter_on


@click.command(cls=Command)
@click.argument("folder", type=PATH, default=Path("demo"))
@click.option("--seed", default=1, show_default=True, help="The seed of the synthetic text.")
@answers
def demo(folder: Path, seed: int, console: Console) -> None:
    """Runs every stage on synthetic text, from raw text to a tuned and measured model, in minutes.

    Every command line is shown as you would type it. An earlier demo in FOLDER (default: demo) is made anew; a
    folder that holds anything else is left alone.

    \b
    Examples:
      ncvc demo
      ncvc demo /tmp/another --seed 7
    """
    from ncvc.demo.run import run_demo

    rows = run_demo(folder, seed, reporter_on(console.channel), console.channel)
    made = [{"name": row.name, "path": str(row.path), "bytes": row.bytes, "seconds": row.seconds} for row in rows]
    console.close({"made": made}, [])
