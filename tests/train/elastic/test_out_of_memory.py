"""A training that lacks memory says which micro-batch fits."""

import resource
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
import yaml

from ncvc import machine
from ncvc.train.config import TrainConfig
from ncvc.train.elastic import agent as elastic_agent
from ncvc.train.elastic.agent import Agent
from ncvc.train.elastic.worker import is_lack_of_memory
from ncvc.train.preflight.memory import fullest, with_micro_batch
from ncvc.train.preflight.out_of_memory import micro_batch_advice
from tests.conftest import ROOT

GIB = 2**30
PAPERS = TrainConfig.load(ROOT / "megatron_configs" / "ncvc-slm-1.yaml")


def needed(size):
    """Bytes that the papers' run takes on 4 ranks, by the memory model."""
    return fullest(with_micro_batch(PAPERS, size), 4)[1].total


def test_the_advice_is_that_of_the_memory_model():
    own = needed(8)
    advice = micro_batch_advice(PAPERS, 4, own - 1)
    assert advice.startswith("schedule.micro_batch_size 8 takes about 42.2 GB a rank, and 42.2 GB are there")
    assert "set schedule.micro_batch_size to 4, which changes no weight but by rounding" in advice
    assert "set schedule.micro_batch_size to 2," in micro_batch_advice(PAPERS, 4, needed(4) - 1)
    assert "not even 1 fits" in micro_batch_advice(PAPERS, 4, needed(1) - 1)
    enough = micro_batch_advice(PAPERS, 4, own)
    assert "so something else holds memory; end that, or set schedule.micro_batch_size to 4" in enough


@pytest.mark.parametrize(
    ("error", "lacks"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"), True),
        (MemoryError(), True),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
            True,
        ),
        (RuntimeError("shape '[3]' is invalid"), False),
    ],
)
def test_what_is_a_lack_of_memory(error, lacks):
    assert is_lack_of_memory(error) == lacks


def test_torch_says_it_so_on_this_machine():
    with pytest.raises(RuntimeError) as refused:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_lack_of_memory(refused.value)


def test_a_start_without_memory_is_one_sentence(make_config, tmp_path):
    """Weights of 20 GB in float32, and 10 GB of address space."""
    wide = {
        "num_layers": 24,
        "hidden_size": 8192,
        "ffn_hidden_size": 32768,
        "num_attention_heads": 4,
        "num_query_groups": 2,
        "vocab_size": 64,
        "max_position_embeddings": 32,
    }
    config = make_config(model=wide, parallel={"nproc_per_node": 1})
    file = tmp_path / "wide.yaml"
    file.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    limit = 10 * GIB
    done = subprocess.run(
        [sys.executable, "-m", "ncvc", "train", str(file)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("ncvc: rank 0 found no memory left on the machine: by the memory model schedule.micro_batch")
    assert "not even 1 fits: share the model" in line


def test_a_rank_that_the_kernel_killed_is_told_of_the_micro_batch_that_fits(monkeypatch):
    agent = Agent.__new__(Agent)
    agent.config, agent.watchdog = PAPERS, SimpleNamespace(on_cpu=True)
    agent._worker_group = SimpleNamespace(workers=[SimpleNamespace(world_size=4)] * 4)
    monkeypatch.setattr(elastic_agent, "memory_limit", lambda: 4 * (needed(8) - 1))
    killed = {0: SimpleNamespace(exitcode=-signal.SIGKILL)}
    assert "set schedule.micro_batch_size to 4" in agent._about_memory(killed)
    assert agent._about_memory({0: SimpleNamespace(exitcode=1)}) == ""
    monkeypatch.setattr(elastic_agent, "memory_limit", lambda: 4 * needed(8))
    assert agent._about_memory(killed) == ""


def test_the_limit_of_a_control_group_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "CGROUP_LIMIT", tmp_path / "memory.max")
    whole = machine.memory_limit()
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.memory_limit() == whole
    (tmp_path / "memory.max").write_text("1048576\n")
    assert machine.memory_limit() == 1048576
