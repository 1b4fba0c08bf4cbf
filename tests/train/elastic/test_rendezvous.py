"""Several machines: two network namespaces, joined by a cable, train as one."""

import os
import re
import shutil
import signal
import time

import pytest
import yaml

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.errors import ConfigError
from ncvc.train.config import TrainConfig
from ncvc.train.elastic.agent import CONNECTION_LOST
from ncvc.train.elastic.launch import processes
from ncvc.train.elastic.peers import NO_ANSWER
from ncvc.train.elastic.rendezvous import Rendezvous, require_fitting_ranks
from ncvc.train.metrics.log import event_records, steps
from ncvc.train.resolved_config import config_hash
from ncvc.train.same_run import as_begun
from tests.conftest import ROOT, SLOW
from tests.small_training import assert_same, in_folders, last_event, refused_as_rank, tensors, train_as_rank
from tests.train.elastic.machines import ADDRESSES, Forks, Machine, ended, goes_on, ip, until

TINY = ROOT / "megatron_configs" / "tiny.yaml"


@pytest.fixture(scope="module")
def namespaces():
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
            if refused := ip(*command):
                pytest.skip(f"network namespaces are not permitted here: {refused}")
        yield names
    finally:
        for name in names:
            ip("netns", "delete", name)


@pytest.fixture(scope="module")
def forks(namespaces):
    process = Forks()
    yield process
    process.close()


@pytest.fixture
def machines(forks, namespaces, tmp_path):
    """Two machines, on which nothing runs."""
    both = [Machine(forks, namespace, number, tmp_path) for number, namespace in enumerate(namespaces)]
    yield both
    for machine in both:
        machine.end(signal.SIGKILL)


@pytest.fixture
def make_run(make_config, tmp_path):
    """A function that makes a config of one rank a machine, and its file."""

    def make(**changes):
        config = make_config("two", parallel={"nproc_per_node": 1}, **changes)
        file = tmp_path / "config.yaml"
        file.write_text(yaml.safe_dump(config.model_dump(mode="json")))
        return config, file

    return make


def assert_like_one_machine(two, pair, tmp_path):
    """A run on two machines has ended with the bits of one on a single machine."""
    one = two.model_copy(update={"run": str(tmp_path / "one")})
    pair.run(train_as_rank, one)
    last = two.schedule.train_iters
    assert_same(tensors(one, last), tensors(two, last))
    assert [step.loss for step in steps(one.folder)] == [step.loss for step in steps(two.folder)]


def test_two_machines_stop_together_go_on_and_end_like_one(machines, make_run, tmp_path, pair):
    two, file = make_run(schedule={"train_iters": 40})
    for machine in machines:
        machine.start(file, seconds=0.1)
    goes_on(two.folder, 2)
    machines[1].end(signal.SIGTERM)  # not the one where the machines meet
    assert ended(machines) == [75, 75]
    assert last_event(two.folder) == "stopped"
    stopped = steps(two.folder)[-1].step
    assert 1 < stopped < 40
    assert Checkpoint.open(checkpoint_folder(two.run, stopped)).manifest.layout.dp == 2

    for machine in machines:
        machine.start(file, "--rdzv-backend", "static")
    assert ended(machines) == [0, 0]
    assert [machine.said("ncvc", "Traceback") for machine in machines] == [[], []]
    published = (two.folder / "config.yaml").read_text()
    assert config_hash(as_begun(two, None)) in published.splitlines()[0]
    assert TrainConfig.load(two.folder / "config.yaml") == as_begun(two, None)
    assert_like_one_machine(two, pair, tmp_path)


@SLOW
def test_two_machines_start_their_ranks_again_and_end_like_one(machines, make_run, tmp_path, pair):
    """A rank is killed, one hangs, a launcher is killed, the cable is cut; all of it at the second machine."""
    two, file = make_run(
        schedule={"train_iters": 40},
        checkpoints={"save_interval": 4},
        watch={"hang_after": 10.0, "startup_time": 120.0},
    )
    here, there = machines
    restarts = ("--max-restarts", "4")
    for machine in machines:
        machine.start(file, *restarts, seconds=0.1)
    goes_on(two.folder, 6)
    os.kill(there.rank(), signal.SIGKILL)
    goes_on(two.folder, 14, resumed=1)
    os.kill(there.rank(), signal.SIGSTOP)
    goes_on(two.folder, 22, resumed=2)
    there.end(signal.SIGKILL)
    until(lambda: len(here.said("RESTARTS")) == 3)
    there.start(file, *restarts, seconds=0.1)
    goes_on(two.folder, 30, resumed=3)
    there.plug("down")
    until(lambda: len(here.said("RESTARTS")) == 4 and there.status() == 1)
    there.plug("up")
    there.start(file, *restarts)
    assert ended(machines) == [0, 0]

    killed = "rank 1 was killed (SIGKILL); the machine's memory running out is the usual reason"
    hung = next(event["reason"] for event in event_records(two.folder) if event["event"] == "hang")
    assert re.fullmatch(r"rank 1 hung: .* \(the process is stopped\); the stacks of .*", hung)
    again = "RESTARTS when all machines are there"
    silent = f"no sign of life from {ADDRESSES[1]}; see there, and start the same command again if it has ended"
    assert here.said("RESTARTS", "rank 1", "ncvc", "Traceback") == [
        f"{again}, 3 more allowed: {ADDRESSES[1]} says: {killed}",
        f"{again}, 2 more allowed: {ADDRESSES[1]} says: {hung}",
        f"{again}, 1 more allowed: {CONNECTION_LOST}",
        f"{again}, 0 more allowed: {silent}",
    ]
    assert there.said("RESTARTS", "rank 1", "ncvc", "Traceback") == [
        f"{again}, 3 more allowed: {killed}",
        hung,
        f"{again}, 2 more allowed: {hung}",
        f"ncvc: {NO_ANSWER}",
    ]
    said = [event for event in event_records(two.folder) if event["event"] in ("restarted", "failed")]
    assert [(event["machine"], event["reason"]) for event in said] == [
        (ADDRESSES[1], killed),
        (ADDRESSES[1], hung),
        (ADDRESSES[0], CONNECTION_LOST),
        (ADDRESSES[0], silent),
    ]
    assert_like_one_machine(two, pair, tmp_path)


@pytest.mark.parametrize("guilty", [1, 0], ids=["second", "first"])
def test_a_mistake_of_one_machines_rank_ends_all(machines, make_run, guilty):
    two, file = make_run(schedule={"train_iters": 40})
    for machine in machines:
        machine.start(file, "--max-restarts", "4", mistake=3 if machine.number == guilty else 0)
    goes_on(two.folder, 2)
    began = time.monotonic()
    assert ended(machines) == [1, 1]
    assert time.monotonic() - began < 30
    mistake = "a mistake that was made on purpose; leave it out"
    assert machines[guilty].said("RESTARTS", "ncvc", "Traceback") == [f"ncvc: {mistake}"]
    others = machines[1 - guilty].said("RESTARTS", "ncvc", "Traceback")
    assert others == [f"ncvc: {ADDRESSES[guilty]} says: {mistake}"]


def test_without_the_first_machines_launcher_the_others_end(machines, make_run):
    two, file = make_run(schedule={"train_iters": 40})
    for machine in machines:
        machine.start(file, "--max-restarts", "4", seconds=0.1)
    goes_on(two.folder, 2)
    machines[0].end(signal.SIGKILL)
    assert ended(machines) == [-signal.SIGKILL, 1]
    assert machines[1].said("ncvc", "Traceback") == [f"ncvc: {NO_ANSWER}"]


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        (Rendezvous(nnodes=2), "--nnodes 2 needs --rdzv-endpoint HOST:PORT, the same on every machine"),
        (Rendezvous(nnodes=2, rdzv_endpoint="node0"), "--nnodes 2 needs --rdzv-endpoint HOST:PORT"),
        (Rendezvous(nnodes=2, node_rank=2, rdzv_endpoint="a:1"), "--node-rank 2 is not a number from 0 to 1"),
        (Rendezvous(nnodes=2, rdzv_backend="static", rdzv_endpoint="a:1"), "--rdzv-backend static needs --node-rank"),
    ],
)
def test_options_that_do_not_say_where_to_meet(nodes, words):
    with pytest.raises(ConfigError, match=words):
        nodes.check()


def test_machines_that_meet_once_cannot_start_again():
    nodes = Rendezvous(nnodes=2, node_rank=0, rdzv_backend="static", rdzv_endpoint="a:1")
    nodes.check()
    with pytest.raises(ConfigError, match="--max-restarts on several machines needs --rdzv-backend c10d"):
        nodes.check(max_restarts=1)


def test_machines_with_different_configs_or_without_a_common_folder_do_not_begin(pair, make_config, tmp_path):
    config = make_config()
    assert pair.run(refused_as_rank, [config, config]) == [None, None]
    assert list(config.folder.iterdir()) == []
    other = config.model_copy(update={"seed": 6})
    words = "the machines were given different configs; start all with the same file and the same --set and --change"
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
        Rendezvous(local_addr="192.0.2.1").choose_network()
    for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
        monkeypatch.delenv(name, raising=False)
    Rendezvous(local_addr="127.0.0.1").choose_network()
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
