"""The script for sbatch, run with stand-ins for Slurm's commands."""

import os
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from ncvc.cli.train import run, train
from ncvc.errors import ConfigError
from tests.conftest import ROOT

CONFIG = ROOT / "megatron_configs" / "ncvc-slm-1-8x80gb.yaml"

# Two machines: each task gets its number, and srun ends with the highest status, as Slurm's does.
SRUN = """#!/bin/bash
while [[ $1 == --* ]]; do echo "$1" >> srun_options; shift; done
highest=0
for number in 0 1; do
    SLURM_NODEID=$number "$@" || { status=$?; ((status > highest)) && highest=$status; }
done
exit $highest
"""
SCONTROL = """#!/bin/bash
if [[ $1 == show ]]; then printf 'node%s\\n' 7 8; else echo "$@" >> scontrol_calls; fi
"""
# In the place of Python: keeps what it is told, a word a line.
NCVC = """#!/bin/bash
printf '%s\\n' "$@" > "words_$SLURM_NODEID"
exit "$STATUS_OF_NCVC"
"""


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    """A folder whose bin/ holds the stand-ins, and the folder of a job."""
    (tmp_path / "bin").mkdir()
    for name, text in (("srun", SRUN), ("scontrol", SCONTROL), ("ncvc python", NCVC)):
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    job = tmp_path / "it's a job"
    job.mkdir()
    monkeypatch.chdir(job)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "ncvc python"))
    return tmp_path


def write(*words):
    return CliRunner().invoke(train, [*words, "--write-slurm", "run.sbatch"], catch_exceptions=False)


def submit(cluster, status):
    """Runs the script as Slurm would."""
    environment = {
        "PATH": f"{cluster / 'bin'}:{os.environ['PATH']}",
        "SLURM_JOB_ID": "31234",
        "SLURM_JOB_NODELIST": "node[7-8]",
        "SLURM_JOB_NUM_NODES": "2",
        "STATUS_OF_NCVC": str(status),
    }
    return subprocess.run(["bash", "run.sbatch"], cwd=cluster / "it's a job", env=environment, check=False).returncode


def test_the_same_run_starts_on_every_machine_and_is_queued_again_when_it_was_stopped(cluster):
    overrides = ("run=runs/my first", "optimizer.lr=0.002")
    done = write(str(CONFIG), "--set", overrides[0], "--set", overrides[1], "--nnodes", "2", "--max-restarts", "5")
    assert "sbatch run.sbatch" in done.output
    job = cluster / "it's a job"
    subprocess.run(["bash", "-n", "run.sbatch"], cwd=job, check=True)
    options = dict(re.findall(r"^#SBATCH --([\w-]+)=(.*)$", (job / "run.sbatch").read_text(), flags=re.MULTILINE))
    assert (options["nodes"], options["gpus-per-node"], options["ntasks-per-node"]) == ("2", "8", "1")
    assert options["cpus-per-task"] == "24"  # 8 ranks of 1 thread and 2 readers
    assert re.fullmatch(r"TERM@\d+", options["signal"])

    assert submit(cluster, 75) == 75
    assert (job / "scontrol_calls").read_text() == "requeue 31234\n"
    for number in range(2):
        words = (job / f"words_{number}").read_text().splitlines()
        assert words[:4] == ["-m", "ncvc", "train", "run"]
        told = run.make_context("run", words[4:]).params
        assert (told["config"], told["overrides"]) == (CONFIG, overrides)
        assert (told["nnodes"], told["node_rank"], told["rdzv_backend"]) == (2, number, "c10d")
        assert told["max_restarts"] == 5
        assert (told["rdzv_endpoint"], told["rdzv_id"]) == ("node7:21234", "31234")

    # Newer releases of Slurm do not hand the job's number of CPUs to its steps.
    assert "--cpus-per-task=24" in (job / "srun_options").read_text().splitlines()
    for status in (0, 1):
        assert submit(cluster, status) == status
    assert (job / "scontrol_calls").read_text() == "requeue 31234\n"


def test_a_script_that_is_there_is_not_overwritten(cluster):
    write(str(CONFIG))
    with pytest.raises(ConfigError, match=r"run\.sbatch: exists already; remove it, or name another file"):
        write(str(CONFIG))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--set", "parallel.nproc_per_node=0"], "parallel.nproc_per_node is 0; set it, for example"),
        (["--nnodes", "3"], r"global_batch_size 1024 must be a multiple of .* data-parallel ranks = 192"),
    ],
)
def test_ranks_that_slurm_cannot_be_asked_for(cluster, words, said):
    with pytest.raises(ConfigError, match=said):
        write(str(CONFIG), *words)
    assert not (cluster / "it's a job" / "run.sbatch").exists()
