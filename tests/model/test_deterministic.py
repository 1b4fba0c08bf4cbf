"""`compute.deterministic_mode`, as far as a CPU can tell; on a GPU `tools/gpu/` compares the bits of two backward passes."""

import os

import pytest
import torch

from ncvc.model.deterministic import ENVIRONMENT, add_in_order
from ncvc.model.kernels.attention import SDPBackend, sdpa_backends
from tests.small_training import assert_same, tensors, train_alone


@pytest.fixture
def in_order(monkeypatch):
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    add_in_order()
    yield
    torch.use_deterministic_algorithms(False)
    for name in ENVIRONMENT:
        os.environ.pop(name)


def test_it_trains_the_same_model_and_goes_on_bit_for_bit(make_config, in_order):
    plain = make_config("plain", model={"hidden_dropout": 0.1, "attention_dropout": 0.1})
    train_alone(plain)
    configs = [
        plain.model_copy(update={"run": plain.run + name, "compute": compute})
        for name in ("-whole", "-stopped")
        for compute in [plain.compute.model_copy(update={"deterministic_mode": True})]
    ]
    train_alone(configs[0])
    train_alone(configs[1], stop_after=3)
    train_alone(configs[1])
    last = plain.schedule.train_iters
    assert_same(tensors(configs[0], last), tensors(configs[1], last))
    # The embedding's gradient is added up in another way.
    torch.testing.assert_close(tensors(configs[0], last), tensors(plain, last), atol=1e-5, rtol=1e-4)


def test_attention_in_float32_takes_what_repeats_itself(in_order):
    assert sdpa_backends(torch.float32, 0.1) == [SDPBackend.MATH]
    torch.use_deterministic_algorithms(False)
    assert sdpa_backends(torch.float32, 0.1) == [SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]


def test_what_the_user_has_set_stays(monkeypatch, in_order):
    monkeypatch.setenv("NCCL_ALGO", "Tree")
    add_in_order()
    assert os.environ["NCCL_ALGO"] == "Tree"
    assert torch.are_deterministic_algorithms_enabled()
