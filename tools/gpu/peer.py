"""What people would write instead: transformers' model, torch.compile, and a loop."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from models import DEVICE, ON_GPU, PAPERS, SAMPLES, SMALL, batch, one_of_several, seconds
from torch.nn.attention import SDPBackend, sdpa_kernel

from ncvc.convert.config import huggingface_config
from ncvc.model.config import ModelConfig
from ncvc.train.preflight.flops import flops_per_token

LAYERS = "its layers compiled, with flash attention"
MODEL = "the model compiled"
FORMS = {
    LAYERS: (8, 16),
    # As it is mostly written. transformers then makes a mask, with which there is no flash attention.
    MODEL: (8,),
}
"""How torch.compile is used, and micro-batches."""


def peer(small: bool) -> Iterator[dict[str, Any]]:
    """Tokens/s of the same model, attention dropout and batch, without dropout of the residual stream.

    Weights, gradients and AdamW are all in bfloat16: less to move than in a training that keeps float32 weights.
    """
    for form, sizes in FORMS.items() if ON_GPU else (("nothing: no GPU", (4,)),):
        yield from one_of_several({"compiled": form}, compiled(form, SMALL if small else PAPERS, sizes))


def compiled(form: str, model: ModelConfig, sizes: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """One form over micro-batches."""
    from transformers import ArceeConfig, ArceeForCausalLM

    values = huggingface_config(model, "bfloat16") | {"attention_dropout": model.attention_dropout, "use_cache": False}
    with DEVICE:
        network = ArceeForCausalLM(ArceeConfig(**values)).to(torch.bfloat16).train()
    if form in FORMS:
        # Shapes of this batch only, which gives the fastest kernels.
        for part in network.model.layers if form == LAYERS else [network]:
            part.compile(dynamic=False)
    # torch may take cuDNN's otherwise, with another dropout.
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION) if form == LAYERS else contextlib.nullcontext():
        for size in sizes:
            yield {"micro-batch": size, **measure(network, model, size)}


def measure(network: torch.nn.Module, model: ModelConfig, size: int) -> dict[str, Any]:
    """Seconds of a micro-batch and of a step of AdamW, and what follows."""
    length = model.max_position_embeddings
    samples = batch(model, size, length)
    adamw = torch.optim.AdamW(network.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1, fused=ON_GPU)

    def gradients() -> None:
        # transformers shifts the labels itself.
        network(input_ids=samples["tokens"], labels=samples["tokens"]).loss.backward()

    def update() -> None:
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        adamw.step()
        adamw.zero_grad()

    try:
        micro = seconds(gradients, repeats=6 if ON_GPU else 2, warmup=3 if ON_GPU else 1)
        after = seconds(update, repeats=3, warmup=1, before=gradients)
    except torch.OutOfMemoryError:
        adamw.zero_grad()
        return {"skipped": "does not fit into memory"}
    rate = SAMPLES * length / (SAMPLES / size * micro + after)
    return {"tokens/s": rate, "TFLOP/s": rate * flops_per_token(model, length) / 1e12, "AdamW s": after}
