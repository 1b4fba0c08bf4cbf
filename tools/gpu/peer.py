"""What people would write instead: transformers' model, torch.compile, and a loop."""

from collections.abc import Iterator
from typing import Any

import torch
from models import DEVICE, ON_GPU, PAPERS, SAMPLES, SMALL, batch, seconds

from ncvc.convert.config import huggingface_config
from ncvc.train.flops import flops_per_token


def peer(small: bool) -> Iterator[dict[str, Any]]:
    """Tokens/s of the same model, attention dropout and batch.

    Weights, gradients and AdamW are all in bfloat16: less to move than in a training that keeps float32 weights.
    """
    from transformers import ArceeConfig, ArceeForCausalLM

    model = SMALL if small else PAPERS
    length = model.max_position_embeddings
    values = huggingface_config(model, "bfloat16") | {"attention_dropout": model.attention_dropout, "use_cache": False}
    with DEVICE:
        network = ArceeForCausalLM(ArceeConfig(**values)).to(torch.bfloat16).train()
    adamw = torch.optim.AdamW(network.parameters(), lr=1e-4, betas=(0.9, 0.95), weight_decay=0.1, fused=ON_GPU)
    run = torch.compile(network) if ON_GPU else network
    for size in (4,) if small else (8, 4):
        samples = batch(model, size, length)

        def gradients(samples: dict[str, torch.Tensor] = samples) -> None:
            # transformers shifts the labels itself.
            run(input_ids=samples["tokens"], labels=samples["tokens"]).loss.backward()

        def update() -> None:
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            adamw.step()
            adamw.zero_grad()

        row: dict[str, Any] = {"micro-batch": size, "compiled": "yes" if ON_GPU else "no: no GPU"}
        try:
            micro = seconds(gradients, repeats=6 if ON_GPU else 2, warmup=3 if ON_GPU else 1)
            after = seconds(update, repeats=3, warmup=1, before=gradients)
        except torch.OutOfMemoryError:
            adamw.zero_grad()
            yield {**row, "skipped": "does not fit into memory"}
            continue
        rate = SAMPLES * length / (SAMPLES / size * micro + after)
        yield {**row, "tokens/s": rate, "TFLOP/s": rate * flops_per_token(model, length) / 1e12, "AdamW s": after}
