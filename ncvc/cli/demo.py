"""`ncvc demo`."""

from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("demo"))
@click.option("--seed", default=1, show_default=True, help="Of the text that is made.")
def demo(folder: Path, seed: int) -> None:
    """Takes text that this package makes all the way to a small model, in at most 5 minutes.

    Every command line is shown as you would type it. What an earlier demo left in FOLDER (default: demo) is
    made anew; a folder that holds anything else is left alone.

    \b
    Examples:
      ncvc demo
      ncvc demo /tmp/another --seed 7
    """
    from ncvc.demo.run import run_demo

    run_demo(folder, seed, click.echo)
