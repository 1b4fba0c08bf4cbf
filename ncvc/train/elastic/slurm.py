"""Script for Slurm's sbatch: trains on several machines, and requeues the job until the run is done."""

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from ncvc.errors import ConfigError
from ncvc.train.config import TrainConfig

SAVING_TIME = 600
"""Seconds before the time limit at which Slurm asks the run to stop, for its last step and checkpoint."""

SCRIPT = """\
#!/bin/bash
# Trains {config} on {nodes} machines; written by `ncvc train --write-slurm`, to be edited and given to sbatch.
# The folder below, with the run, the data and the tokenizer in it, is on storage that all machines share.
#SBATCH --job-name={name}
#SBATCH --nodes={nodes}
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node={gpus}
#SBATCH --cpus-per-task={cpus}
#SBATCH --time=24:00:00
#SBATCH --signal=TERM@{saving}
#SBATCH --requeue
#SBATCH --output={name}-%j.out
#SBATCH --open-mode=append

set -u
cd {folder}

# One task a machine, which starts the ranks of its machine. They meet on the first one, at a port of the job's own.
first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
command=(
{command}
    --nnodes "$SLURM_JOB_NUM_NODES"
    --rdzv-endpoint "$first:$((20000 + SLURM_JOB_ID % 10000))"
    --rdzv-id "$SLURM_JOB_ID"
)
srun --cpus-per-task={cpus} --kill-on-bad-exit=0 --wait={wait} \\
    bash -c 'exec "$@" --node-rank "$SLURM_NODEID"' bash "${{command[@]}}"
status=$?

# 75: stopped before the time limit, everything saved. The same job goes on when it is its turn again.
if [ "$status" -eq 75 ]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
"""


def slurm_script(path: Path, options: Iterable[str], config: TrainConfig, nnodes: int, max_restarts: int) -> str:
    """Makes the script that starts the config at `path` on `nnodes` machines, with `options` such as `--set a=1`.

    Raises `ConfigError` if the config leaves the ranks per machine open, or they do not fit the batch.
    """
    ranks = config.parallel.nproc_per_node
    if not ranks:
        raise ConfigError(
            "--write-slurm asks Slurm for the GPUs of a machine, and parallel.nproc_per_node is 0; set it, for example"
            " with --set parallel.nproc_per_node=8"
        )
    try:
        config.data_parallel_size(ranks * nnodes)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    lines = [[sys.executable, "-m", "ncvc", "train", "run", str(path)], *(each.split(" ", 1) for each in options)]
    if max_restarts:
        lines.append(["--max-restarts", str(max_restarts)])
    return SCRIPT.format(
        config=shlex.quote(str(path)),
        name=shlex.quote(config.folder.name),
        nodes=nnodes,
        gpus=ranks,
        cpus=ranks * (config.compute.threads + config.data.num_workers),
        saving=SAVING_TIME,
        wait=SAVING_TIME // 2,
        folder=shlex.quote(str(Path.cwd())),
        command="\n".join(f"    {shlex.join(line)}" for line in lines),
    )


def write_slurm(file: Path, script: str) -> None:
    """Writes the script; raises `ConfigError` if the file exists, since it may have been edited."""
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(script)
    except FileExistsError:
        raise ConfigError(f"{file}: exists already; remove it, or name another file for --write-slurm") from None
