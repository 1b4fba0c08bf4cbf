"""`ncvc train`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ncvc.cli.options import (
    EXISTING_FILE,
    EXISTING_FOLDER,
    FILE,
    UNFINISHED,
    Console,
    RunByDefault,
    answers,
    dry_run_option,
    gpu_option,
    mfu_option,
    output_option,
    set_option,
    warn,
)
from ncvc.cli.train_tune import tune

if TYPE_CHECKING:
    from ncvc.train.config import TrainConfig


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
      ncvc train tune megatron_configs/ncvc-slm-1.yaml --dry-run

    \b
    The same command resumes from the newest whole checkpoint of the run folder.
    Ctrl-C or SIGTERM finishes the step, saves, and exits with status 75.
    """


@train.command()
@click.argument("config", type=EXISTING_FILE)
@set_option
@click.option(
    "--change",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Changes a setting of a run that goes on: learning rate, steps, schedule, weights, stages; can be repeated.",
)
@click.option(
    "--from-step",
    type=click.IntRange(1),
    metavar="N",
    help="Begins a run of its own, RUN-from-N, behind step N of CONFIG's run, with the optimizer of that checkpoint.",
)
@click.option(
    "--max-restarts",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Restarts the ranks after a crash or a hang, N times at most.  [default: 0]",
)
@click.option("--nnodes", type=click.IntRange(1), default=1, show_default=True, help="Machines that train together.")
@click.option("--node-rank", type=click.IntRange(0), help="Number of this machine, from 0.")
@click.option("--rdzv-endpoint", metavar="HOST:PORT", help="The meeting place: the first machine, and a free port.")
@click.option("--rdzv-backend", type=click.Choice(["c10d", "static"]), default="c10d", show_default=True,
              help="The way of meeting; torchrun's.")  # fmt: skip
@click.option("--rdzv-id", help="The name of the run among those that meet there.  [default: the run folder]")
@click.option("--local-addr", metavar="ADDRESS", help="This machine's address.  [default: its host name]")
@click.option("--write-slurm", type=FILE, help="Writes a script for sbatch, and starts nothing.")
@dry_run_option
@gpu_option
@click.option(
    "--gpu-memory", type=click.FloatRange(min=0, min_open=True), metavar="GIB", help="With --dry-run: its memory."
)
@click.option(
    "--gpu-tflops",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="With --dry-run: its peak in 10^12 dense bfloat16 operations a second.",
)
@mfu_option
@answers
def run(
    config: Path,
    overrides: tuple[str, ...],
    changes: tuple[str, ...],
    from_step: int | None,
    max_restarts: int,
    write_slurm: Path | None,
    dry_run: bool,
    gpu: str | None,
    gpu_memory: float | None,
    gpu_tflops: float | None,
    mfu: float | None,
    console: Console,
    **nodes: Any,
) -> None:
    """Starts or resumes the run of CONFIG; `run` may be left out.

    With several machines, give the same command on each, but for --node-rank; the run folder and the data are on
    storage that all share. The --rdzv options are torchrun's.

    \b
    Examples:
      ncvc train run megatron_configs/tiny.yaml
      ncvc train megatron_configs/demo.yaml --set schedule.train_iters=100 --set run=runs/short
      ncvc train run megatron_configs/ncvc-slm-1.yaml --dry-run --gpu H100
      ncvc train run CONFIG --change optimizer.lr=3e-4
      ncvc train run CONFIG --change 'stages=[{from: 19200, blend: [1, 9]}]'
      ncvc train run CONFIG --from-step 9600 --set schedule.lr_decay_style=linear --set schedule.train_iters=12000
      ncvc train run CONFIG --nnodes 2 --node-rank 0 --rdzv-endpoint node0:29400
      ncvc train run CONFIG --nnodes 4 --write-slurm run.sbatch

    \b
    Exit status: 0 finished, 75 stopped on request with everything saved, 1 failed.
    """
    if not dry_run and any(value is not None for value in (gpu, gpu_memory, gpu_tflops, mfu)):
        raise click.UsageError("--gpu, --gpu-memory, --gpu-tflops and --mfu belong to --dry-run")
    from ncvc.train.changes import changed_keys
    from ncvc.train.metrics.status import is_finished

    changed = changed_keys(changes)
    settings = _load(config, overrides, changes, from_step)
    # Before the imports that take seconds.
    if write_slurm is None and is_finished(settings):
        from ncvc.train.same_run import require_same_finished_run

        require_same_finished_run(settings, changed)
        _close_finished(settings, console, with_hooks=not dry_run and nodes["node_rank"] in (None, 0))
    elif dry_run:
        from ncvc.train.preflight import dry_run as planning
        from ncvc.train.preflight.checks import inspect_prepared

        card = planning.target(gpu, gpu_memory, gpu_tflops)
        arguments = (settings, card, mfu, nodes["nnodes"], inspect_prepared(settings, changed))
        console.close(planning.estimate(*arguments), planning.dry_run(*arguments))
    elif write_slurm is not None:
        from ncvc.train.elastic import slurm

        options = [*(f"--set {text}" for text in overrides), *(f"--change {text}" for text in changes)]
        options += [] if from_step is None else [f"--from-step {from_step}"]
        script = slurm.slurm_script(config, options, settings, nodes["nnodes"], max_restarts)
        slurm.write_slurm(write_slurm, script)
        line = f"written to {write_slurm}; look at its time limit, then: sbatch {write_slurm}"
        console.close({"output": str(write_slurm)}, [line])
    else:
        _launch(settings, nodes, max_restarts, changed, console)


def _load(config: Path, overrides: tuple[str, ...], changes: tuple[str, ...], from_step: int | None) -> "TrainConfig":
    """Loads the config of a start, and checks that its run folder is one."""
    from ncvc.outputs import require_run_folder
    from ncvc.train.config import TrainConfig

    settings = TrainConfig.load(config, overrides, changes)
    if from_step is not None:
        settings = settings.branch(from_step)
    start = settings.checkpoints.init_from or settings.checkpoints.branch_from
    reads = [config, Path(settings.data.tokenizer), *([Path(start)] if start else [])]
    require_run_folder(settings.folder, reads)
    return settings


def _close_finished(settings: "TrainConfig", console: Console, *, with_hooks: bool) -> None:
    """Says that a run is finished, after what is left of its checkpoints' hooks."""
    if with_hooks:
        from ncvc.train.beside.checkpoint_hooks import finish_hooks

        if not finish_hooks(settings, console.channel):
            sys.exit(UNFINISHED)
    done = f"{settings.run}: finished after step {settings.schedule.train_iters} already; nothing was done"
    console.close(_summary(settings.folder), [done])


def _launch(
    settings: "TrainConfig", nodes: dict[str, Any], max_restarts: int, changed: frozenset[str], console: Console
) -> None:
    """Trains, and exits with the status of a run that is not finished."""
    from ncvc.errors import EndedAtOnceError
    from ncvc.train.config import require_files
    from ncvc.train.elastic.rendezvous import Rendezvous
    from ncvc.train.packages import require_packages

    rendezvous = Rendezvous(**nodes)
    rendezvous.check(max_restarts)
    require_files([*settings.data.prefixes, *settings.data.validation_prefixes])
    if rendezvous.is_first:
        require_packages(settings)
    from ncvc.progress import reporter_on

    reporter_on(console.channel).say(f"{settings.run}: loading torch, starting the ranks and checking the data …")
    from ncvc.model.lazy_shapes import import_torch

    import_torch()
    from ncvc.train.elastic.launch import launch

    try:
        finished = launch(settings, rendezvous, max_restarts, console.channel, changed)
    except EndedAtOnceError as error:
        warn(str(error))
        _end(1)
    if console.as_json:
        console.close(_summary(settings.folder), [])
    if not finished:
        _end(UNFINISHED)


def _end(status: int) -> NoReturn:
    """Ends without the interpreter's own end, in which a signal or a thread of torch's that was cut off may kill it."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


train.add_command(tune)


@train.command()
@click.argument("runs", nargs=-1, required=True, type=EXISTING_FOLDER)
@output_option
@answers
def plot(runs: tuple[Path, ...], output: Path, console: Console) -> None:
    """Draws the loss of one or several run folders over steps and tokens (the papers' figure 3).

    \b
    Examples:
      ncvc train plot demo/run -o loss.png
      ncvc train plot runs/first runs/second -o loss.html

    \b
    The HTML page needs no network and has no script. It has learning rate and gradient norm too, what was skipped
    and where a run went on, and a table of the runs.
    """
    if output.suffix not in (".png", ".html"):
        raise click.BadParameter(f"{output}: name it .png or .html", param_hint="--output")
    from ncvc.files import whole_file
    from ncvc.outputs import is_page_or_picture, require_own_file, sealed
    from ncvc.train.metrics.history import read_histories

    file = require_own_file(output, is_page_or_picture)
    histories = read_histories(runs)
    if output.suffix == ".png":
        from ncvc.train.metrics.plot_png import draw

        draw(histories, file, recheck=lambda: require_own_file(output, is_page_or_picture))
    else:
        from ncvc.train.metrics.plot_html import page

        with whole_file(file) as partial:
            partial.write_text(sealed(page(histories)), encoding="utf-8")
            require_own_file(output, is_page_or_picture)
    console.close({"output": str(output)}, [f"written to {output}"])


@train.command()
@click.argument("runs", nargs=-1, required=True, type=EXISTING_FOLDER)
@answers
def status(runs: tuple[Path, ...], console: Console) -> None:
    """Shows the state of runs, from their folders: running or not, step, loss, speed, newest checkpoint.

    \b
    Examples:
      ncvc train status runs/first
      watch -n 60 ncvc train status runs/first runs/second
    """
    from dataclasses import asdict

    from ncvc.train.metrics.status import describe
    from ncvc.train.metrics.status import status as read_status

    found = [read_status(run) for run in runs]
    lines = [line for each in found for line in ("", *describe(each))][1:]
    console.close({"runs": [asdict(each) for each in found]}, lines)


def _summary(run: Path) -> dict[str, Any]:
    """Reads the status of the run that has just ended."""
    from dataclasses import asdict

    from ncvc.train.metrics.status import status as read_status

    return asdict(read_status(run))
