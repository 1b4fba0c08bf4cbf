"""The pass on a Ray cluster gives the bytes of the pass on threads, whatever becomes of workers and nodes."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from tests.conftest import SLOW
from tests.corpus.run import outputs, write

pytest.importorskip("ray")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Three nodes of one CPU each, as far as Ray knows."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    for _ in range(2):
        cluster.add_node(num_cpus=1)
    try:
        yield cluster
    finally:
        cluster.shutdown()


def config(folder: Path, tokenizer: Path, **more: Any) -> Path:
    values = {
        "sources": [{"name": "a", "inputs": ["in/a*"]}, {"name": "b", "inputs": ["in/b*"]}],
        "tokenizer": str(tokenizer),
        "output": "out",
        "threads": 1,
        "part_bytes": 50_000,
        **more,
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    return path


def start(path: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ncvc", "preprocess", str(path), *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def kill_a_worker() -> bool:
    """Kills a process that does a task, if there is one."""
    for process in psutil.process_iter(["cmdline"]):
        with contextlib.suppress(psutil.Error, IndexError):
            if process.info["cmdline"] and process.info["cmdline"][0].startswith("ray::_call"):
                process.send_signal(signal.SIGKILL)
                return True
    return False


def test_the_same_bytes_though_workers_die_and_nodes_come_and_go(
    tmp_path: Path, tokenizer_folder: Path, lines: list[str], cluster: Any
) -> None:
    for number in range(12):
        write(tmp_path / f"in/{'ab'[number % 2]}{number:02}.jsonl", lines[number * 100 :] + lines)
    path = config(tmp_path, tokenizer_folder)
    local = start(path)
    assert local.wait() == 0, local.communicate()
    reference = outputs(tmp_path / "out")
    shutil.rmtree(tmp_path / "out")

    run = start(path, "--engine", "ray", "--address", cluster.address)
    prepared, finished = tmp_path / ".out.partial/prepared", tmp_path / ".out.partial/finished"
    killed = 0
    lost = False
    while run.poll() is None:
        time.sleep(0.02)
        if killed < 2 and any(prepared.glob("*.done")):
            killed += kill_a_worker()
        if not lost and any(finished.glob("0*")):
            nodes = sorted(cluster.worker_nodes, key=id)
            cluster.remove_node(nodes[0], allow_graceful=False)
            cluster.add_node(num_cpus=1)
            lost = True
    assert run.returncode == 0, run.communicate()
    assert (killed, lost) == (2, True)
    assert outputs(tmp_path / "out") == reference
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.yaml", "in", "out"]


def test_a_mistake_in_the_input_is_said_as_on_one_machine(tmp_path: Path, tokenizer_folder: Path, cluster: Any) -> None:
    write(tmp_path / "in/a.jsonl", ["発熱あり。"] * 10)
    (tmp_path / "in/b.jsonl").write_bytes(b"{}\n")
    run = start(config(tmp_path, tokenizer_folder), "--engine", "ray", "--address", cluster.address)
    _, errors = run.communicate()
    assert run.returncode == 1
    assert f"ncvc: {tmp_path}/in/b.jsonl:1: the object lacks the text field" in errors.splitlines()[-1]


def test_no_cluster(tmp_path: Path, tokenizer_folder: Path) -> None:
    run = start(config(tmp_path, tokenizer_folder), "--engine", "ray", "--address", "127.0.0.1:1")
    _, errors = run.communicate()
    assert run.returncode == 1
    assert "127.0.0.1:1: no Ray cluster answers there" in errors


def test_no_call_asks_for_more_cpus_than_the_largest_node_has(
    tmp_path: Path, tokenizer_folder: Path, cluster: Any
) -> None:
    write(tmp_path / "in/a.jsonl", ["発熱あり。"] * 10)
    write(tmp_path / "in/b.jsonl", ["咳あり。"] * 10)
    run = start(config(tmp_path, tokenizer_folder, threads=4), "--engine", "ray", "--address", cluster.address)
    _, errors = run.communicate(timeout=120)
    assert run.returncode == 0, errors
    assert "asks for no token" in errors


@pytest.mark.parametrize("hidden", [pytest.param("in", id="inputs"), pytest.param(".", id="output", marks=SLOW)])
def test_a_node_that_lacks_a_disk_is_named(tmp_path: Path, tokenizer_folder: Path, cluster: Any, hidden: str) -> None:
    """An empty file system lies over the folder for one node; on_error: quarantine does not cover that."""
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("mount namespaces need root")
    for number in range(8):
        write(tmp_path / f"in/{'ab'[number % 2]}{number}.jsonl", [f"{number}日目、発熱あり。"] * 2000)
    command = (
        f"mount -t tmpfs none {tmp_path / hidden} && exec ray start --block --num-cpus 8 --address {cluster.address}"
    )
    ray = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{ray}:{os.environ['PATH']}", "RAY_USAGE_STATS_ENABLED": "0"}
    with subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as node:
        try:
            wait_for_cpus(cluster.address, 11)
            path = config(tmp_path, tokenizer_folder, on_error="quarantine")
            run = start(path, "--engine", "ray", "--address", cluster.address)
            _, errors = run.communicate(timeout=180)
        finally:
            node.terminate()
    assert run.returncode == 1
    what = "cannot be opened on the node" if hidden == "in" else "the disks are not shared"
    assert what in errors.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def wait_for_cpus(address: str, cpus: int) -> None:
    """Waits until the cluster has so many, in a process of its own: a process can be connected to one cluster only."""
    program = (
        "import ray, time\n"
        f"ray.init(address={address!r}, log_to_driver=False)\n"
        f"while ray.cluster_resources()['CPU'] < {cpus}: time.sleep(0.2)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True)
