"""The models that are measured, and one training step of them, from the pieces of `ncvc train`."""

import contextlib
import gc
import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from megatron.core.distributed import finalize_model_grads

from ncvc.model.config import ComputeConfig, ModelConfig, ParallelConfig
from ncvc.model.gpt import build
from ncvc.model.parallel import Ranks, single_process, started_by_torchrun
from ncvc.train.config import OptimizerConfig
from ncvc.train.optimizer import build as build_optimizer
from ncvc.train.optimizer import data_parallel, gradient_norm, update

ON_GPU = torch.cuda.is_available()
DEVICE = torch.device("cuda", 0) if ON_GPU else torch.device("cpu")
if ON_GPU:
    # Compiled functions get kernels for each micro-batch, as in a training, which has only one.
    torch._dynamo.config.automatic_dynamic_shapes = False
SAMPLES = 256  # a GPU and step, as in the papers: 1,024 over four

PAPERS = ModelConfig(
    num_layers=24,
    hidden_size=2048,
    ffn_hidden_size=8192,
    num_attention_heads=32,
    num_query_groups=8,
    vocab_size=32768,
)
MIDDLE = PAPERS.model_copy(
    update={"num_layers": 4, "hidden_size": 512, "ffn_hidden_size": 2048, "num_attention_heads": 8}
    | {"num_query_groups": 2, "vocab_size": 4096, "max_position_embeddings": 512}
)
SMALL = PAPERS.model_copy(
    update={"num_layers": 2, "hidden_size": 64, "ffn_hidden_size": 256, "num_attention_heads": 4}
    | {"num_query_groups": 2, "vocab_size": 512, "max_position_embeddings": 64}
)


def quiet(model: ModelConfig) -> ModelConfig:
    """Without dropout."""
    return model.model_copy(update={"hidden_dropout": 0.0, "attention_dropout": 0.0})


def batch(model: ModelConfig, size: int, length: int, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random tokens [size, length], with positions and labels."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randint(0, model.vocab_size, (size, length + 1), generator=generator)
    positions = torch.arange(length).repeat(size, 1)
    found = {"tokens": tokens[:, :-1], "labels": tokens[:, 1:], "position_ids": positions}
    return {name: tensor.contiguous().to(DEVICE) for name, tensor in found.items()}


@contextlib.contextmanager
def one_rank(device: torch.device = DEVICE) -> Iterator[Ranks]:
    """The only rank of a run: as torchrun would start it on a GPU, without it on a CPU."""
    if device.type == "cpu":
        with single_process() as ranks:
            yield ranks
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port), RANK="0", LOCAL_RANK="0", WORLD_SIZE="1")
    with started_by_torchrun(ParallelConfig(), 0) as ranks:
        yield ranks


class Step:
    """A model with gradients and AdamW, weights drawn on the device. Call it inside `ncvc.model.parallel`."""

    def __init__(self, model: ModelConfig, compute: ComputeConfig) -> None:
        self.compute = compute
        self.gpt = build(model, compute=compute, device=DEVICE)
        with torch.no_grad():
            for parameter in self.gpt.parameters():
                parameter.fill_(1.0) if parameter.dim() == 1 else parameter.normal_(0.0, 0.02)
        self.model = data_parallel(self.gpt).train()
        self.optimizer = build_optimizer(self.model, OptimizerConfig(lr=1e-4))
        self.optimizer.reload_model_params()

    def gradients(self, samples: dict[str, torch.Tensor]) -> torch.Tensor:
        """Adds the gradients of one micro-batch; returns its loss."""
        losses = self.model(samples["tokens"], samples["position_ids"], None, labels=samples["labels"])
        loss: torch.Tensor = losses.float().mean()
        loss.backward()
        return loss.detach()

    def clear(self) -> None:
        """Sets gradients to zero."""
        self.model.zero_grad_buffer()
        self.optimizer.zero_grad()

    def update(self) -> None:
        """Clips, and takes a step of AdamW."""
        finalize_model_grads([self.model])
        update(self.optimizer, 1e-4, gradient_norm(self.optimizer), 1.0)


def one_of_several(name: dict[str, Any], rows: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows with their name; if they fail, the others can still be measured, in the memory that these give back."""
    try:
        for row in rows:
            yield name | row
    except (RuntimeError, ValueError) as error:  # of torch, its compiler and Triton
        yield name | {"skipped": f"failed: {str(error).splitlines()[0]}"}
    gc.collect()  # models hold on to themselves by their hooks
    if ON_GPU:
        torch.cuda.empty_cache()


def seconds(
    function: Callable[[], Any], *, repeats: int, warmup: int, before: Callable[[], Any] = lambda: None
) -> float:
    """Median seconds of a call, `before` not counted.

    On a GPU by its own clock, and without waiting for it between the calls, as a training does not wait.
    """
    found, events = [], []
    for _ in range(warmup + repeats):
        before()
        if ON_GPU:
            events.append([torch.cuda.Event(enable_timing=True) for _ in range(2)])
            events[-1][0].record()
            function()
            events[-1][1].record()
        else:
            started = time.perf_counter()
            function()
            found.append(time.perf_counter() - started)
    if ON_GPU:
        torch.cuda.synchronize()
        found = [begin.elapsed_time(end) / 1e3 for begin, end in events]
    return sorted(found[warmup:])[repeats // 2]
