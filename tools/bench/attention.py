"""Training on a CPU with torch's core attention, and with megatron-core's or within documents: how many times as fast.

A process of its own for all, one thread, by turns: python tools/bench/attention.py prints `sdpa/core` and
`sdpa/documents`.
"""

import statistics
import time

import ncvc.model.lazy_dynamo  # noqa: F401  # isort: skip

import torch

from ncvc.model.config import ComputeConfig, ModelConfig
from ncvc.model.documents import documents
from ncvc.model.gpt import build, initialise
from ncvc.model.parallel import single_process

LENGTH = 512  # tokens
TURNS = 5
MODEL = ModelConfig(
    num_layers=2,
    hidden_size=256,
    ffn_hidden_size=1024,
    num_attention_heads=8,
    num_query_groups=2,
    vocab_size=1024,
    hidden_dropout=0.0,
    attention_dropout=0.0,
)


def ratio(dropout: float) -> float:
    """CPU seconds of forward and backward pass with megatron-core's attention, over those with torch's."""
    model = MODEL.model_copy(update={"attention_dropout": dropout})
    forms = ("sdpa", "megatron")
    models = {}
    for form in forms:
        models[form] = build(model, compute=ComputeConfig(dtype="float32", core_attention=form)).train()
        initialise(models[form], model, seed=1)
    tokens = torch.randint(0, model.vocab_size, (2, LENGTH), generator=torch.Generator().manual_seed(0))
    positions = torch.arange(LENGTH).repeat(2, 1)
    spent: dict[str, list[float]] = {form: [] for form in forms}
    for _ in range(TURNS + 1):
        for form, gpt in models.items():
            started = time.process_time()
            gpt(tokens, positions, None, labels=tokens).mean().backward()
            spent[form].append(time.process_time() - started)
    sdpa, core = (statistics.median(spent[form][1:]) for form in forms)
    return core / sdpa


def documents_ratio(dropout: float, mean_length: int, length: int) -> float:
    """CPU seconds with attention within documents of about `mean_length` tokens, over those with attention across."""
    model = MODEL.model_copy(update={"attention_dropout": dropout, "max_position_embeddings": length})
    gpt = build(model, compute=ComputeConfig(dtype="float32")).train()
    initialise(gpt, model, seed=1)
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(0, model.vocab_size, (2, length), generator=generator)
    begins = torch.rand(2, length, generator=generator) < 1 / mean_length
    places = torch.arange(length).repeat(2, 1)
    within = places - torch.where(begins, places, 0).cummax(1).values
    spent: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(TURNS + 1):
        for masked in spent:
            started = time.process_time()
            own = documents(within if masked else places)
            gpt(tokens, places, None, labels=tokens, packed_seq_params=own).mean().backward()
            spent[masked].append(time.process_time() - started)
    own_time, crossing = (statistics.median(spent[masked][1:]) for masked in (True, False))
    return own_time / crossing


def main() -> None:
    """Prints lines for training without dropout, and with the papers'."""
    torch.set_num_threads(1)
    with single_process():
        print(f"sdpa/core {ratio(0.0):.2f}")
        print(f"sdpa/core_with_dropout {ratio(0.1):.2f}")
        for length in (512, 2048):
            for mean_length in (32, 256, 1024):
                for dropout in (0.0, 0.1):
                    found = documents_ratio(dropout, mean_length, length)
                    print(f"documents of {mean_length} in samples of {length}, dropout {dropout}: {found:.2f}")


if __name__ == "__main__":
    main()
