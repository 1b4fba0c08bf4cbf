"""Whether the device computes what a CPU does in float32, and drops the share that it is told to."""

import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import ncvc.model.lazy_dynamo  # noqa: F401  # isort: skip

import torch
from models import DEVICE, MIDDLE, SMALL, batch, one_rank, quiet
from safetensors.torch import load_file, save_file
from speed import LOCAL

from ncvc.errors import ConfigError
from ncvc.model.config import ComputeConfig, ModelConfig
from ncvc.model.gpt import build, initialise
from ncvc.model.kernels.select import choose
from ncvc.model.sharding import parameter_shards
from ncvc.train.optimizer import data_parallel

CPU = torch.device("cpu")
LOSS = "loss"
MODELS = {"small": SMALL, "middle": MIDDLE}
TOLERANCES = {"float32": 1e-4, "bfloat16": 0.05}
"""How far a gradient may be off, as a part of its norm: products in bfloat16 are off by parts of 256."""
FORMS: dict[str, dict[str, Any]] = {"plain": LOCAL, "auto": {}}


def correct(small: bool) -> Iterator[dict[str, Any]]:
    """Loss and gradients of a small and a middle model, in every form."""
    for name in ("small",) if small else MODELS:
        model, exact = quiet(MODELS[name]), reference(name)
        for dtype in TOLERANCES:
            for form, settings in FORMS.items():
                compute = ComputeConfig(dtype=dtype, **settings)
                row = {"model": name, "dtype": dtype, "form": form}
                try:
                    choose(compute, model, DEVICE)
                except ConfigError as error:
                    yield {**row, "skipped": str(error)}
                    continue
                found = loss_and_gradients(model, compute, DEVICE)
                off = {key: float((found[key] - exact[key]).norm() / exact[key].norm()) for key in exact if key != LOSS}
                worst = max(off, key=lambda key: off[key] if math.isfinite(off[key]) else math.inf)
                loss = {"loss": float(found[LOSS]), "off by": abs(float(found[LOSS] - exact[LOSS]))}
                within = "yes" if off[worst] < TOLERANCES[dtype] else "NO"
                yield row | loss | {"worst gradient off by": off[worst], "which": worst, "as it should be": within}


def reference(name: str) -> dict[str, torch.Tensor]:
    """What a process that sees no GPU finds in float32, all forms plain."""
    with tempfile.NamedTemporaryFile(suffix=".safetensors") as file:
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
        subprocess.run([sys.executable, __file__, name, file.name], env=environment, stdout=sys.stderr, check=True)
        return load_file(file.name)


def loss_and_gradients(model: ModelConfig, compute: ComputeConfig, device: torch.device) -> dict[str, torch.Tensor]:
    """Of the same weights and tokens everywhere; gradients by name in float32, on the CPU."""
    with one_rank(device):
        gpt = build(model, compute=compute, device=device)
        initialise(gpt, model, seed=1)
        wrapped = data_parallel(gpt).train()
        wrapped.zero_grad_buffer()
        samples = {name: tensor.to(device) for name, tensor in batch(model, 2, model.max_position_embeddings).items()}
        losses = wrapped(samples["tokens"], samples["position_ids"], None, labels=samples["labels"])
        loss = losses.float().mean()
        loss.backward()
        wrapped.finish_grad_sync()
        found = {shard.name: shard.parameter.main_grad.float().cpu().clone() for shard in parameter_shards(gpt)}
        return {LOSS: loss.detach().cpu().reshape(1), **found}


def dropout(small: bool) -> Iterator[dict[str, Any]]:
    """The share of attention weights that become 0: with values that are unit vectors every weight is seen.

    Flash attention keeps a weight if a random byte is not above 255 (1 - p), rounded down.
    """
    model = SMALL.model_copy(update={"num_attention_heads": 4, "hidden_size": 256, "num_query_groups": 4})
    size = model.kv_channels
    for told in (0.1, 0.05, 0.25):
        compute = ComputeConfig(dtype="float32" if DEVICE.type == "cpu" else "bfloat16")
        with one_rank(), torch.no_grad():
            gpt = build(model.model_copy(update={"attention_dropout": told}), compute=compute, device=DEVICE)
            attention = gpt.decoder.layers[0].self_attention.core_attention.train()
            samples = 16 if small else 512
            shape = (size, samples, 4, size)
            dtype = next(gpt.parameters()).dtype
            zeros = torch.zeros(shape, device=DEVICE, dtype=dtype)
            units = torch.eye(size, device=DEVICE, dtype=dtype)[:, None, None, :].expand(shape).contiguous()
            weights = attention(zeros, zeros, units, None).view(shape).permute(1, 2, 0, 3)
        seen = torch.ones(size, size, device=DEVICE).tril().bool()
        dropped = (weights[:, :, seen] == 0).double()
        spread = (told * (1 - told) / dropped.numel()) ** 0.5
        yield {
            "told": told,
            "flash attention, in 256ths": 1 - (int((1 - told) * 255) + 1) / 256,
            "dropped": float(dropped.mean()),
            "one standard deviation": spread,
            "weights": dropped.numel(),
        }


if __name__ == "__main__":
    plain = ComputeConfig(dtype="float32", core_attention="megatron")
    save_file(loss_and_gradients(quiet(MODELS[sys.argv[1]]), plain, CPU), sys.argv[2])
