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
      ncvc train megatron_configs/ncvc-slm-1.yaml --dry-run
      ncvc train megatron_configs/ncvc-slm-1.yaml --set run=runs/first
      ncvc train status runs/first
      ncvc train plot runs/first runs/second -o loss.html

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
@click.option("--nnodes", type=click.IntRange(1), default=1, show_default=True, help="Machines that train together.")
@click.option("--node-rank", type=click.IntRange(0), help="Number of this machine, from 0.")
@click.option("--rdzv-endpoint", metavar="HOST:PORT", help="Where the machines meet: the first one, and a free port.")
@click.option("--rdzv-backend", type=click.Choice(["c10d", "static"]), default="c10d", show_default=True)
@click.option("--rdzv-id", help="Tells runs apart that meet at one place.  [default: the run folder]")
@click.option("--local-addr", metavar="ADDRESS", help="This machine's address.  [default: its host name]")
@click.option("--write-slurm", type=click.Path(dir_okay=False, path_type=Path), help="Only writes a script for sbatch.")
@click.option("--dry-run", is_flag=True, help="Says what the run would be and need; starts nothing.")
@click.option("--gpu", metavar="NAME", help="Dry run: for this card, such as H100, instead of the one here.")
@click.option("--gpu-memory", type=click.FloatRange(min=0, min_open=True), metavar="GIB", help="Dry run: its memory.")
@click.option("--mfu", type=click.FloatRange(0, 1, min_open=True), help="Dry run: share of its peak reached; 0.4.")
def run(
    config: Path,
    overrides: tuple[str, ...],
    max_restarts: int,
    write_slurm: Path | None,
    dry_run: bool,
    gpu: str | None,
    gpu_memory: float | None,
    mfu: float | None,
    **nodes: Any,
) -> None:
    """Starts or goes on with the run of CONFIG; `run` may be left out.

    With several machines, give the same command on each, but for --node-rank; the run folder and the data are on
    storage that all share. The --rdzv options are torchrun's.

    \b
    Examples:
      ncvc train run megatron_configs/tiny.yaml
      ncvc train megatron_configs/demo.yaml --set schedule.train_iters=100 --set run=runs/short
      ncvc train run megatron_configs/ncvc-slm-1.yaml --dry-run --gpu H100
      ncvc train run CONFIG --nnodes 2 --node-rank 0 --rdzv-endpoint node0:29400
      ncvc train run CONFIG --nnodes 4 --write-slurm run.sbatch

    \b
    Exit status: 0 finished, 75 stopped on request with everything saved, 1 failed.
    """
    from ncvc.train.config import TrainConfig

    settings = TrainConfig.load(config, overrides)
    if dry_run:
        from ncvc.train.preflight import dry_run as planning

        card = planning.target(gpu, gpu_memory)
        lines = planning.dry_run(settings, card, mfu or planning.USUAL_MFU, nodes["nnodes"])
        click.echo("\n".join(lines))
        return
    if write_slurm is not None:
        from ncvc.train.elastic import slurm

        script = slurm.slurm_script(config, overrides, settings, nodes["nnodes"], max_restarts)
        slurm.write_slurm(write_slurm, script)
        click.echo(f"written to {write_slurm}; look at its time limit, then: sbatch {write_slurm}")
        return
    from ncvc.outputs import require_run_folder

    start = settings.checkpoints.init_from
    reads = [config, Path(settings.data.tokenizer), *([Path(start)] if start else [])]
    require_run_folder(settings.folder, reads)
    from ncvc.train.elastic.launch import launch
    from ncvc.train.elastic.rendezvous import Rendezvous

    if not launch(settings, Rendezvous(**nodes), max_restarts):
        sys.exit(STOPPED)


@train.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="PNG or HTML, by its name."
)
def plot(runs: tuple[Path, ...], output: Path) -> None:
    """Draws the loss of one or several run folders over steps and tokens (the papers' figure 3).

    \b
    Examples:
      ncvc train plot demo/run -o loss.png
      ncvc train plot runs/first runs/second -o loss.html

    \b
    The HTML page needs no network and has no script. It has learning rate and gradient norm too, what was skipped
    and where a run went on, and a table of the runs.
    """
    from ncvc.files import whole_file
    from ncvc.outputs import is_page_or_picture, require_own_file, sealed
    from ncvc.train.metrics.history import read_histories

    if output.suffix not in (".png", ".html"):
        raise click.BadParameter(f"{output}: name it .png or .html", param_hint="--output")
    file = require_own_file(output, is_page_or_picture)
    histories = read_histories(runs)
    if output.suffix == ".png":
        from ncvc.train.metrics.plot_png import draw

        draw(histories, file)
    else:
        from ncvc.train.metrics.plot_html import page

        with whole_file(file) as partial:
            partial.write_text(sealed(page(histories)), encoding="utf-8")
    click.echo(f"written to {output}")


@train.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
def status(runs: tuple[Path, ...]) -> None:
    """Says how runs are, from their folders: running or not, step, loss, speed, newest checkpoint.

    \b
    Examples:
      ncvc train status runs/first
      watch -n 60 ncvc train status runs/first runs/second
    """
    from ncvc.train.metrics.status import describe
    from ncvc.train.metrics.status import status as read_status

    click.echo("\n\n".join("\n".join(describe(read_status(run))) for run in runs))
