"""Sums in one order on GPUs too, so that every run of one layout has the same bits."""

import os

import torch

ENVIRONMENT = {
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",  # cuBLAS' own condition for repeating itself
    "NCCL_ALGO": "Ring",  # instead of what it finds fastest at the moment
    "NVTE_ALLOW_NONDETERMINISTIC_ALGO": "0",  # TransformerEngine's attention
}


def add_in_order() -> None:
    """Takes kernels that repeat themselves; call it before the first use of a GPU. On a CPU they do anyway.

    The backward pass of flash attention, and that of the embedding, otherwise add as blocks happen to end. An
    operation that cannot repeat itself is then an error.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    torch.use_deterministic_algorithms(True)
    # It would fill every new tensor, in case that something reads what nobody wrote.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
