"""The programs of training.py: `python training_programs.py NAME FOLDER STEPS`, then numbers of steps by lines.

`ncvc` comes first: it writes what the others begin with, its weights, samples and learning rates, into FOLDER.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ncvc.model.lazy_dynamo  # noqa: F401  # isort: skip

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from ncvc.model.config import ModelConfig
from ncvc.train.config import TrainConfig

Step = Callable[[], float]
"""Makes one step; returns its loss."""


def settings(folder: Path, steps: int) -> TrainConfig:
    """demo.yaml on one rank, with data of its own."""
    overrides = {
        "run": folder / "run",
        "data.prefixes": f"[{folder / 'corpus'}]",
        "data.tokenizer": folder / "tokenizer",
        "parallel.nproc_per_node": 1,
        "schedule.train_iters": max(steps, 450),
    }
    return TrainConfig.load("megatron_configs/demo.yaml", tuple(f"{name}={value}" for name, value in overrides.items()))


def ncvc_training(folder: Path, steps: int) -> Iterator[Step]:
    """The steps of `ncvc train`, inside its process group."""
    from ncvc.model.parallel import single_process
    from ncvc.train.data import batches, build_dataset
    from ncvc.train.elastic.stop_signal import StopRequest
    from ncvc.train.loop import train_step
    from ncvc.train.metrics.log import RunLog
    from ncvc.train.setup import setup

    config = settings(folder, steps)
    write_data(folder, config.model.vocab_size, steps * config.tokens_per_step)
    with single_process(config.seed) as ranks:
        training = setup(config, ranks)
        dataset = build_dataset(config, training.datasets, ranks)
        write_start(folder, config, training.gpt, batches(dataset, config, training.plan, ranks, 0), steps)
        samples, stop = batches(dataset, config, training.plan, ranks, 0), StopRequest()
        config.folder.mkdir()
        log = RunLog(config, speaks=True, done=0)
        training.model.train()

        def step() -> float:
            train_step(training, samples, stop, log)
            return training.guard.losses[-1]

        yield step


def write_data(folder: Path, vocabulary: int, tokens: int) -> None:
    """Writes a Megatron dataset of random ids, and a tokenizer's manifest."""
    from megatron.core.datasets.indexed_dataset import IndexedDatasetBuilder

    builder = IndexedDatasetBuilder(str(folder / "corpus.bin"), dtype=np.uint16)
    ids = torch.randint(4, vocabulary, (max(tokens + 1, 2 * 10**5) // 500 + 1, 500), generator=torch.manual_seed(0))
    for document in ids:
        builder.add_document(document, [len(document)])
    builder.finalize(str(folder / "corpus.idx"))
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / "manifest.json").write_text(json.dumps({"vocab_size": vocabulary}))


def write_start(folder: Path, config: TrainConfig, gpt: Any, samples: Iterator[dict[str, Tensor]], steps: int) -> None:
    """Writes weights by their Megatron names, micro-batches in their order, and the learning rate of each step."""
    from ncvc.train.optimizer import learning_rate

    micro_batches = steps * config.schedule.global_batch_size // config.schedule.micro_batch_size
    taken = [next(samples) for _ in range(micro_batches)]
    weights = {name: parameter.detach().clone() for name, parameter in gpt.named_parameters()}
    start = {
        "weights": weights,
        "tokens": torch.stack([each["tokens"] for each in taken]),
        "labels": torch.stack([each["labels"] for each in taken]),
        "rates": [learning_rate(step, config.optimizer, config.schedule) for step in range(1, steps + 1)],
    }
    torch.save(start, folder / "start.pt")


class PlainModel(nn.Module):
    """The papers' model, as one writes it in PyTorch."""

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        self.model = model
        self.embedding = nn.Embedding(model.vocab_size, model.hidden_size)
        self.layers = nn.ModuleList(PlainLayer(model) for _ in range(model.num_layers))
        self.norm = nn.RMSNorm(model.hidden_size, eps=model.layernorm_epsilon)
        self.head = nn.Linear(model.hidden_size, model.vocab_size, bias=False)
        frequencies = model.rotary_base ** -(torch.arange(0, model.kv_channels, 2) / model.kv_channels)
        angles = torch.outer(torch.arange(model.max_position_embeddings), frequencies).repeat(1, 2)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens [b, s] → logits [b, s, V]."""
        x = self.embedding(tokens) * math.sqrt(self.model.hidden_size)
        turns = self.cos[: tokens.size(1)], self.sin[: tokens.size(1)]
        for layer in self.layers:
            x = layer(x, *turns)
        return self.head(self.norm(x))


class PlainLayer(nn.Module):
    """RMSNorm, attention, RMSNorm, MLP."""

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        self.model = model
        hidden, inner = model.hidden_size, model.ffn_hidden_size
        self.attention_norm = nn.RMSNorm(hidden, eps=model.layernorm_epsilon)
        self.qkv = nn.Linear(hidden, model.query_size + 2 * model.key_size, bias=False)
        self.out = nn.Linear(model.query_size, hidden, bias=False)
        self.mlp_norm = nn.RMSNorm(hidden, eps=model.layernorm_epsilon)
        self.up, self.down = nn.Linear(hidden, inner, bias=False), nn.Linear(inner, hidden, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """[b, s, d] → [b, s, d]."""
        batch, length, _ = x.shape
        sizes = [self.model.query_size, self.model.key_size, self.model.key_size]
        parts = self.qkv(self.attention_norm(x)).split(sizes, dim=-1)
        q, k, v = (part.view(batch, length, -1, self.model.kv_channels).transpose(1, 2) for part in parts)
        q, k = rotated(q, cos, sin), rotated(k, cos, sin)
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        x = x + self.out(attended.transpose(1, 2).reshape(batch, length, -1))
        return x + self.down(F.silu(self.up(self.mlp_norm(x))))


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """RoPE of [b, heads, s, head size]."""
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-second, first], dim=-1) * sin


def plain(model: ModelConfig, weights: dict[str, Tensor]) -> tuple[nn.Module, Callable[[Tensor], Tensor]]:
    """The model in plain PyTorch with these weights, and its forward pass."""
    from ncvc.convert.mapping import split_qkv

    names = {
        "embedding.word_embeddings.weight": "embedding.weight",
        "decoder.final_layernorm.weight": "norm.weight",
        "output_layer.weight": "head.weight",
    }
    parts = {
        "input_layernorm": "attention_norm",
        "self_attention.linear_qkv": "qkv",
        "self_attention.linear_proj": "out",
        "pre_mlp_layernorm": "mlp_norm",
        "mlp.linear_fc1": "up",
        "mlp.linear_fc2": "down",
    }
    own = {}
    for name, weight in weights.items():
        if name in names:
            own[names[name]] = weight
            continue
        number, _, part = name.removeprefix("decoder.layers.").partition(".")
        part = part.removesuffix(".weight")
        own[f"layers.{number}.{parts[part]}.weight"] = (
            torch.cat(split_qkv(weight, model)) if part.endswith("linear_qkv") else weight
        )
    network = PlainModel(model)
    network.load_state_dict(own)
    return network, network


def transformers(model: ModelConfig, weights: dict[str, Tensor]) -> tuple[nn.Module, Callable[[Tensor], Tensor]]:
    """The model in transformers with these weights, and its forward pass; the embedding is scaled by a hook."""
    from transformers import ArceeConfig, ArceeForCausalLM

    from ncvc.convert import mapping
    from ncvc.convert.config import huggingface_config

    values = huggingface_config(model, "float32") | {"use_cache": False, "attn_implementation": "sdpa"}
    network = ArceeForCausalLM(ArceeConfig(**values))
    own = {}
    for row in mapping.weights(model):
        layout = mapping.SAME if row.layout is mapping.FOLDED else row.layout
        own |= dict(zip(row.huggingface, layout.split(weights[row.megatron], model), strict=True))
    network.load_state_dict(own)
    scale = math.sqrt(model.hidden_size)
    network.model.embed_tokens.register_forward_hook(lambda module, ids, out: out * scale)
    return network, lambda tokens: network(input_ids=tokens).logits


def peer(folder: Path, steps: int, build: Callable[..., Any]) -> Iterator[Step]:
    """The steps of a loop as one writes it: cross entropy, clipping, torch's AdamW."""
    config = settings(folder, steps)
    start = torch.load(folder / "start.pt", weights_only=True)
    network, forward = build(config.model, start["weights"])
    network.train()
    own = config.optimizer
    matrices, norms = ([p for p in network.parameters() if (p.dim() > 1) == wanted] for wanted in (True, False))
    groups = [{"params": matrices, "weight_decay": own.weight_decay}, {"params": norms, "weight_decay": 0.0}]
    adamw = torch.optim.AdamW(groups, lr=own.lr, betas=(own.adam_beta1, own.adam_beta2), eps=own.adam_eps)
    accumulated = config.schedule.global_batch_size // config.schedule.micro_batch_size
    batches = iter(zip(start["tokens"], start["labels"], strict=True))
    rates = iter(start["rates"])

    def step() -> float:
        adamw.zero_grad()
        whole = 0.0
        for _ in range(accumulated):
            tokens, labels = next(batches)
            loss = F.cross_entropy(forward(tokens).flatten(0, 1), labels.flatten()) / accumulated
            loss.backward()
            whole += loss.item()
        torch.nn.utils.clip_grad_norm_(network.parameters(), own.clip_grad)
        rate = next(rates)
        for group in adamw.param_groups:
            group["lr"] = rate
        adamw.step()
        return whole

    yield step


def main(name: str, folder: Path, steps: int) -> None:
    """Makes as many steps as each line says, and answers with their losses and CPU seconds."""
    torch.set_num_threads(1)
    programs = {
        "ncvc": lambda: ncvc_training(folder, steps),
        "transformers": lambda: peer(folder, steps, transformers),
        "plain": lambda: peer(folder, steps, plain),
    }
    program = programs[name]()
    step = next(program)  # the program goes on, in its process group, until it is closed
    print(json.dumps({"ready": name}), flush=True)
    for line in sys.stdin:
        began = time.process_time()
        losses = [step() for _ in range(int(line))]
        print(json.dumps({"losses": losses, "cpu": time.process_time() - began}), flush=True)
    program.close()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
