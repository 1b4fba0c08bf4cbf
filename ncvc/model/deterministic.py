"""Deterministic kernels on GPUs: sums in a fixed order, so that every run of one layout has the same bits."""

import os

import torch

ENVIRONMENT = {
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # cuBLAS' own condition for repeating itself
    "NCCL_ALGO": "Ring",  # instead of what it finds fastest at the moment
    "NVTE_ALLOW_NONDETERMINISTIC_ALGO": "0",  # TransformerEngine's attention
}


def add_in_order() -> None:
    """Restricts torch to deterministic kernels; call it before the first use of a GPU.

    The backward passes of flash attention and of the embedding otherwise add in the order in which blocks end. An
    operation without a deterministic kernel is then an error. CPU kernels are deterministic anyway.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    torch.use_deterministic_algorithms(True)
    # It would fill every new tensor, to make reads of uninitialised memory deterministic.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
