"""`ncvc train` itself on made-up data: what it learns, and how long a checkpoint takes."""

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from megatron.core.datasets.indexed_dataset import IndexedDatasetBuilder
from models import MIDDLE, ON_GPU, PAPERS, SMALL, quiet

from ncvc.model.config import ModelConfig

END_OF_TEXT = 2


def learn(small: bool) -> Iterator[dict[str, Any]]:
    """A short training; the loss at its end is below what knowing the frequencies of tokens alone would give."""
    model = quiet(SMALL if small else MIDDLE)
    steps, size = (60, 16) if small else (300, 32)
    with tempfile.TemporaryDirectory() as folder:
        documents = made_up(model.vocab_size)
        seconds, saved, losses = train(Path(folder), model, documents, steps, size, lr=3e-3)
    entropy = unigram_entropy(documents)
    last = sum(losses[-10:]) / 10
    yield {
        "steps": steps,
        "loss, first": losses[0],
        "loss, last ten": last,
        "unigrams' entropy": entropy,
        "below it": "yes" if last < entropy else "NO",
        "checkpoint s": saved,
        "whole command s": seconds,
    }


def save(small: bool) -> Iterator[dict[str, Any]]:
    """Seconds of a checkpoint of the whole model with its optimizer."""
    if not ON_GPU or small:
        yield {"skipped": "no GPU: the stage `learn` saves a small model by the same code"}
        return
    with tempfile.TemporaryDirectory() as folder:
        seconds, saved, losses = train(Path(folder), PAPERS, made_up(PAPERS.vocab_size), steps=3, batch=8, lr=1e-4)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.safetensors")) / 2**30
    yield {"checkpoint s": saved, "GiB": size, "whole command s": seconds, "loss, last": losses[-1]}


def made_up(vocabulary: int, count: int = 4000) -> list[list[int]]:
    """Documents in which a token follows from the one before but for a little noise, so that there is much to learn."""
    dice = np.random.default_rng(0)
    documents = []
    for _ in range(count):
        tokens = [int(dice.integers(4, vocabulary))]
        for noise in dice.integers(0, 4, int(dice.integers(20, 200))):
            tokens.append(4 + (tokens[-1] * 7 + int(noise)) % (vocabulary - 4))
        documents.append([*tokens, END_OF_TEXT])
    return documents


def unigram_entropy(documents: list[list[int]]) -> float:
    """Nats a token."""
    counts = np.bincount([token for document in documents for token in document])
    shares = counts[counts > 0] / counts.sum()
    return -float((shares * np.log(shares)).sum())


def train(
    folder: Path, model: ModelConfig, documents: list[list[int]], steps: int, batch: int, lr: float
) -> tuple[float, float, list[float]]:
    """Runs the command; returns its seconds, those of its last checkpoint, and the losses."""
    builder = IndexedDatasetBuilder(str(folder / "corpus.bin"), dtype=np.uint16)
    for document in documents:
        builder.add_document(torch.tensor(document), [len(document)])
    builder.finalize(str(folder / "corpus.idx"))
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer/manifest.json").write_text(json.dumps({"vocab_size": model.vocab_size}))
    length = model.max_position_embeddings
    config = {
        "run": str(folder / "run"),
        "model": model.model_dump(),
        "data": {
            "prefixes": [str(folder / "corpus")],
            "tokenizer": str(folder / "tokenizer"),
            "sequence_length": length,
        },
        "optimizer": {"lr": lr},
        "schedule": {"train_iters": steps, "lr_warmup_iters": steps // 10}
        | {"global_batch_size": batch, "micro_batch_size": 8},
        "checkpoints": {"save_interval": steps},
        "compute": {"dtype": "bfloat16" if ON_GPU else "float32"},
        "parallel": {"nproc_per_node": 1},
        "logging": {"tensorboard": False, "log_interval": 100},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "ncvc", "train", str(folder / "config.yaml")]
    started = time.monotonic()
    subprocess.run(command, check=True, stdout=sys.stderr)
    spent = time.monotonic() - started
    lines = [json.loads(line) for line in (folder / "run/log.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in lines if "event" not in line]
    assert len(losses) == steps
    assert all(map(math.isfinite, losses))
    saved = [line["seconds"] for line in lines if line.get("event") == "saved"]
    return spent, saved[-1], losses
