"""`ncvc train`."""

import sys
from pathlib import Path
from typing import Any

import click

STOPPED = 75  # EX_TEMPFAIL of sysexits.h: nothing is wrong, start again to go on


class RunByDefault(click.Group):
    """A group in which anything but a subcommand's name is the config of `run`."""

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        """See click.Group."""
        if args and args[0] not in self.commands:
            args = ["run", *args]
        return super().resolve_command(context, args)


@click.group(cls=RunByDefault)
def train() -> None:
    """Pre-trains a model: a Megatron dataset → checkpoints.

    \b
    Examples:
      ncvc train megatron_configs/demo.yaml
      ncvc train megatron_configs/ncvc-slm-1.yaml --set run=runs/first
      ncvc train plot runs/first runs/second -o loss.png

    \b
    The same command goes on from the newest whole checkpoint of the run folder.
    Ctrl-C or SIGTERM finishes the step, saves, and exits with status 75.
    """


@train.command()
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Overrides a key of the config.")
@click.option(
    "--max-restarts",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Starts the ranks again after a crash or a hang, N times at most.  [default: 0]",
)
def run(config: Path, overrides: tuple[str, ...], max_restarts: int) -> None:
    """Starts or goes on with the run of CONFIG; `run` may be left out.

    \b
    Examples:
      ncvc train run megatron_configs/tiny.yaml
      ncvc train megatron_configs/demo.yaml --set schedule.train_iters=100 --set run=runs/short

    \b
    Exit status: 0 finished, 75 stopped on request with everything saved, 1 failed.
    """
    from ncvc.train.config import TrainConfig

    settings = TrainConfig.load(config, overrides)
    from ncvc.train.launch import launch

    if not launch(settings, max_restarts):
        sys.exit(STOPPED)


@train.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="PNG file.")
def plot(runs: tuple[Path, ...], output: Path) -> None:
    """Draws the loss of one or several run folders over steps and tokens (the papers' figure 3).

    \b
    Example:
      ncvc train plot demo/run -o loss.png
    """
    from ncvc.train.plot import plot_loss

    plot_loss(runs, output)
    click.echo(f"written to {output}")
