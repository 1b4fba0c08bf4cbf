"""Several machines: two network namespaces, joined by a cable, train as one."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from small_training import in_folders, last_event, refused_as_rank, train_as_rank

from ncvc.config import ConfigError
from ncvc.train.checkpoint.reader import Checkpoint, checkpoint_folder
from ncvc.train.config import TrainConfig
from ncvc.train.launch import processes
from ncvc.train.log import steps
from ncvc.train.nodes import Nodes, require_fitting_ranks
from ncvc.train.resolved import config_hash

TINY = Path(__file__).parents[2] / "megatron_configs" / "tiny.yaml"
ADDRESSES = ("10.77.0.1", "10.77.0.2")
STEPS = 40


@pytest.fixture(scope="module")
def machines():
    """The names of two network namespaces that reach each other and nothing else."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need root and iproute2")
    names = [f"ncvc-{os.getpid()}-{number}" for number in range(2)]
    cable = [word for name, end in zip(names, ("peer", ""), strict=True) for word in ("name", "v0", "netns", name, end)]
    commands = [
        *(["netns", "add", name] for name in names),
        ["link", "add", *[word for word in [*cable[:4], "type", "veth", *cable[4:]] if word]],
        *(["-n", name, "address", "add", f"{own}/24", "dev", "v0"] for name, own in zip(names, ADDRESSES, strict=True)),
        *(["-n", name, "link", "set", link, "up"] for name in names for link in ("lo", "v0")),
    ]
    try:
        for command in commands:
            done = subprocess.run(["ip", *command], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                pytest.skip(f"network namespaces are not permitted here: {done.stderr.strip()}")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


def start(machines, overrides, backend):
    """`ncvc train` on both machines, one rank on each."""
    flags = [flag for override in overrides for flag in ("--set", override)]
    meeting = ["--nnodes", "2", "--rdzv-endpoint", f"{ADDRESSES[0]}:29400", "--rdzv-backend", backend]
    commands = [
        ["ip", "netns", "exec", name, sys.executable, "-m", "ncvc", "train", str(TINY), *flags, *meeting, *own]
        for name, own in zip(
            machines,
            (["--node-rank", str(number), "--local-addr", address] for number, address in enumerate(ADDRESSES)),
            strict=True,
        )
    ]
    # torch warns that the machines' addresses have no names.
    quiet = {**os.environ, "TORCH_CPP_LOG_LEVEL": "ERROR"}
    return [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=quiet)
        for command in commands
    ]


def ends(processes):
    """(exit status, standard error) of each."""
    try:
        # torchrun's exit barrier would take 300 s.
        errors = [process.communicate(timeout=280)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [(process.returncode, error) for process, error in zip(processes, errors, strict=True)]


def test_two_machines_stop_together_go_on_and_end_like_one(machines, material, tmp_path, pair):
    overrides = (
        f"run={tmp_path / 'two'}",
        f"data.prefixes=[{material / 'corpus'}]",
        f"data.tokenizer={material / 'tokenizer'}",
        "model.vocab_size=64",
        f"schedule.train_iters={STEPS}",
        "parallel.nproc_per_node=1",
    )
    two = TrainConfig.load(TINY, overrides)
    processes = start(machines, overrides, "c10d")
    deadline = time.monotonic() + 300
    while not (two.folder / "log.jsonl").exists() or len(steps(two.folder)) < 2:
        assert all(process.poll() is None for process in processes), ends(processes)
        assert time.monotonic() < deadline
        time.sleep(0.02)
    processes[1].send_signal(signal.SIGTERM)  # not the one where the machines meet
    assert ends(processes) == [(75, ""), (75, "")]
    assert last_event(two.folder) == "stopped"
    stopped = steps(two.folder)[-1].step
    assert 1 < stopped < STEPS
    assert Checkpoint.open(checkpoint_folder(two.run, stopped)).manifest.layout.dp == 2

    assert ends(start(machines, overrides, "static")) == [(0, ""), (0, "")]
    published = (two.folder / "config.yaml").read_text()
    assert config_hash(two) in published.splitlines()[0]
    assert TrainConfig.load(two.folder / "config.yaml") == two

    one = two.model_copy(update={"run": str(tmp_path / "one")})
    pair.run(train_as_rank, one)
    first, second = (Checkpoint.open(checkpoint_folder(run.run, STEPS)) for run in (one, two))
    assert first.names() == second.names()
    for name in first.names():
        assert torch.equal(first.tensor(name), second.tensor(name)), name
    assert [step.loss for step in steps(one.folder)] == [step.loss for step in steps(two.folder)]


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        (Nodes(nnodes=2), "--nnodes 2 needs --rdzv-endpoint HOST:PORT, the same on every machine"),
        (Nodes(nnodes=2, rdzv_endpoint="node0"), "--nnodes 2 needs --rdzv-endpoint HOST:PORT"),
        (Nodes(nnodes=2, node_rank=2, rdzv_endpoint="a:1"), "--node-rank 2 is not a number from 0 to 1"),
        (Nodes(nnodes=2, rdzv_backend="static", rdzv_endpoint="a:1"), "--rdzv-backend static needs --node-rank"),
    ],
)
def test_options_that_do_not_say_where_to_meet(nodes, words):
    with pytest.raises(ConfigError, match=words):
        nodes.check()


def test_machines_with_different_configs_or_without_a_common_folder_do_not_begin(pair, make_config, tmp_path):
    config = make_config()
    assert pair.run(refused_as_rank, [config, config]) == [None, None]
    assert list(config.folder.iterdir()) == []
    other = config.model_copy(update={"seed": 6})
    words = "the machines were given different configs; start all with the same file and the same --set"
    assert pair.run(refused_as_rank, [config, other]) == [words, words]
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        (folder / "runs" / "it").mkdir(parents=True)
    here = config.model_copy(update={"run": "runs/it"})
    for said in pair.run(in_folders, folders, refused_as_rank, [here, here]):
        assert said.startswith("runs/it: the machines do not see one folder under this name; put the run on storage")
    assert pair.run(in_folders, [folders[0], folders[0]], refused_as_rank, [here, here]) == [None, None]


def test_a_machine_with_fewer_gpus_than_the_others_is_found(monkeypatch, make_config):
    monkeypatch.setenv("WORLD_SIZE", "7")
    with pytest.raises(ConfigError, match=r"global_batch_size 8 must be a multiple of .* data-parallel ranks = 14"):
        require_fitting_ranks(make_config())


def test_an_address_that_is_no_machines(monkeypatch):
    with pytest.raises(ConfigError, match=r"--local-addr 192\.0\.2\.1: no network of this machine has it"):
        Nodes(local_addr="192.0.2.1").choose_network()
    for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
        monkeypatch.delenv(name, raising=False)
    Nodes(local_addr="127.0.0.1").choose_network()
    assert os.environ["GLOO_SOCKET_IFNAME"] == "lo"


def test_the_ranks_of_all_machines_must_fit():
    config = TrainConfig.load(TINY, ("parallel.nproc_per_node=1", "parallel.tensor_model_parallel_size=2"))
    assert processes(config, 2) == 1
    with pytest.raises(
        ConfigError, match=r"3 ranks do not divide .* so that nodes × nproc_per_node is a multiple of 2"
    ):
        processes(config, 3)
    with pytest.raises(ConfigError, match=r"global_batch_size 8 must be a multiple of .* data-parallel ranks = 6"):
        processes(config, 6)
