"""Cards by the names that drivers and people give them."""

import pytest

from ncvc.train.preflight.gpu_specs import GPU_SPECS, find_gpu_spec


@pytest.mark.parametrize(
    ("driver", "tflops"),
    [
        ("NVIDIA H100 80GB HBM3", 989.4),
        ("NVIDIA H100 PCIe", 756.4),
        ("NVIDIA H200", 989.4),
        ("NVIDIA RTX 6000 Ada Generation", 364.2),
        ("NVIDIA A100 80GB PCIe", 311.9),
        ("NVIDIA A100-SXM4-40GB", 311.9),
        ("NVIDIA B200", 2250.0),
        ("NVIDIA H200 NVL", 835.3),
        ("NVIDIA B300 SXM6 AC", 2250.0),
        ("NVIDIA GB10", 125.0),
        ("NVIDIA GeForce RTX 5090", 209.5),
        ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", 503.8),
        ("NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition", 438.9),
        ("Tesla V100-SXM2-32GB", 0.0),
        ("NVIDIA A10G", 70.0),
        ("NVIDIA L4", 121.2),
        ("NVIDIA L40S", 362.1),
    ],
)
def test_cards_by_the_drivers_name(driver, tflops):
    assert find_gpu_spec(driver).tflops == tflops


@pytest.mark.parametrize("driver", ["NVIDIA RTX A4000", "Quadro RTX 6000", "NVIDIA GB20", "CPU"])
def test_cards_that_are_not_in_the_table(driver):
    assert find_gpu_spec(driver) is None


@pytest.mark.parametrize(
    ("name", "memory"),
    [
        ("A100 40GB", 40),
        ("NVIDIA A100-PCIE-40GB", 40),
        ("NVIDIA A100 80GB PCIe", 80),
        ("Tesla V100-SXM2-32GB", 32),
        ("V100", 16),
        ("RTX PRO 6000", 96),
        ("rtx 5090", 32),
        ("B300", 288),
    ],
)
def test_the_memory_of_cards(name, memory):
    assert find_gpu_spec(name).memory == memory


@pytest.mark.parametrize(
    ("driver", "bandwidth"),
    [
        ("NVIDIA A100 80GB PCIe", 1935),
        ("NVIDIA A100-SXM4-80GB", 2039),
        ("NVIDIA A100-PCIE-40GB", 1555),
        ("NVIDIA H200 NVL", 4800),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", 1597),
        ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", 1792),
    ],
)
def test_the_bandwidth_of_forms_of_a_card(driver, bandwidth):
    assert find_gpu_spec(driver).bandwidth == bandwidth


def test_every_card_is_found_by_its_own_name():
    assert [find_gpu_spec(card.name) for card in GPU_SPECS] == list(GPU_SPECS)
