"""Counts how often each token is read in the first epoch's worth of samples, and measures the start on a large index.

    python tools/epochs.py counts [--epochs 5.5]
    python tools/epochs.py start [--tokens 9e9]

`counts` trains nothing: it reads the samples of made-up datasets whose every token is another number, in the orders
`epochs` and `megatron`, and prints the shares of tokens read never, once and more often while each dataset gives as
many samples as one epoch of it has. `start` writes an index of so many tokens in documents of 1,000, beside a file of
tokens that takes no room on the disk, and prints what it takes in a process of its own to have the first sample, and
the first of the fifth epoch. The checks of a start, which read every file from end to end, are not in it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SEQUENCE = 256
DOCUMENTS = (2000, 700)
"""Documents of the two made-up datasets."""
CASES: Mapping[str, dict[str, Any]] = {
    "one dataset": {"prefixes": 1},
    "a blend 3 : 1": {"prefixes": 2, "weights": [3.0, 1.0]},
    "a blend 3 : 1, from half of the steps on 1 : 3": {"prefixes": 2, "weights": [3.0, 1.0], "stage": [1.0, 3.0]},
}
START = """
import resource, sys, time
from ncvc.indexed import IndexedDataset
from ncvc.train.epochs import Cut, EpochSamples
began, before = time.monotonic(), time.process_time()
floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
dataset = IndexedDataset.open(sys.argv[1])
samples = EpochSamples(dataset, len(dataset), [Cut(0, 2048)], (1234, 0))
samples[int(sys.argv[2])]
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(f"{time.monotonic() - began:.2f} s, {time.process_time() - before:.2f} CPU-seconds,"
      f" {peak / 1024:.0f} MB at most, {(peak - floor) / 1024:.0f} MB more than before")
"""


def main() -> None:
    """Does what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["counts", "start"])
    parser.add_argument("--epochs", type=float, default=5.5, help="epochs of the first dataset in the run")
    parser.add_argument("--tokens", type=float, default=9e9, help="tokens of the large index")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.what == "counts":
            counts(Path(folder), options.epochs)
        else:
            start(Path(folder) / "large", int(options.tokens))


def counts(folder: Path, epochs: float) -> None:
    """Prints a table of shares in the first epoch's worth of each dataset's samples."""
    sizes = [write_numbered(folder / f"d{number}", count) for number, count in enumerate(DOCUMENTS)]
    print("| datasets | order | dataset | never | once | twice or more |\n| --- | --- | --- | --- | --- | --- |")
    for name, case in CASES.items():
        for order in ("epochs", "megatron") if "stage" not in case else ("epochs",):
            for dataset, read in enumerate(first_epochs(folder, case, order, sizes, epochs)):
                shares = [(read == 0).mean(), (read == 1).mean(), (read > 1).mean()]
                told = " | ".join(f"{share:.2%}" for share in shares)
                print(f"| {name} | `{order}` | {dataset + 1} | {told} |", flush=True)


def write_numbered(prefix: Path, documents: int) -> int:
    """Writes a dataset whose tokens are 0, 1, 2, …; returns their number."""
    import torch
    from megatron.core.datasets.indexed_dataset import IndexedDatasetBuilder

    builder = IndexedDatasetBuilder(f"{prefix}.bin", dtype=np.int32)
    end = 0
    for length in np.random.default_rng(len(prefix.name) + documents).integers(50, 2000, documents):
        builder.add_document(torch.arange(end, end + int(length), dtype=torch.int32), [int(length)])
        end += int(length)
    builder.finalize(f"{prefix}.idx")
    return end


def first_epochs(
    folder: Path, case: Mapping[str, Any], order: str, sizes: list[int], epochs: float
) -> Iterator[NDArray[np.int64]]:
    """Yields for each dataset how often each token is read while it gives the samples of its first epoch."""
    from ncvc.model.parallel import single_process
    from ncvc.train.config import TrainConfig
    from ncvc.train.data import build_dataset
    from ncvc.train.datasets import DatasetFacts

    prefixes = [str(folder / f"d{number}") for number in range(case["prefixes"])]
    weights = case.get("weights")
    share = weights[0] / sum(weights) if weights else 1.0
    samples = int(epochs * sizes[0] / SEQUENCE / share)
    stage = case.get("stage")
    config = TrainConfig.model_validate(
        {
            "run": str(folder / f"run-{order}-{len(prefixes)}-{bool(stage)}"),
            "model": {
                **{"num_layers": 1, "hidden_size": 8, "ffn_hidden_size": 8, "num_attention_heads": 1},
                **{"num_query_groups": 1, "vocab_size": max(sizes), "max_position_embeddings": SEQUENCE},
            },
            "data": {
                **{"prefixes": prefixes, "weights": weights, "tokenizer": "none", "order": order},
                "sequence_length": SEQUENCE,
            },
            "optimizer": {"lr": 1.0},
            "schedule": {
                "train_iters": samples,
                **{"lr_warmup_iters": 0, "global_batch_size": 1, "micro_batch_size": 1},
            },
            "stages": [{"from": samples // 2, "blend": stage}] if stage else [],
            "checkpoints": {"save_interval": samples},
        }
    )
    facts = [
        DatasetFacts(prefix, DOCUMENTS[number], sizes[number], str(number)) for number, prefix in enumerate(prefixes)
    ]
    with single_process() as ranks:
        dataset = build_dataset(config, facts, ranks)
        read = [np.zeros(size, np.int64) for size in sizes[: len(prefixes)]]
        left = [-(-size // SEQUENCE) for size in sizes[: len(prefixes)]]
        for number in range(samples):
            item = dataset[number]
            # The tokens of all datasets are numbers from 0 on, so that the order says which one it is.
            own = _dataset_of(dataset, number) if len(prefixes) > 1 else 0
            if left[own]:
                left[own] -= 1
                np.add.at(read[own], np.asarray(item["tokens"]), 1)
    assert not any(left), f"the run ends before each dataset has given an epoch: {left} samples are missing"
    yield from read


def _dataset_of(dataset: Any, number: int) -> int:
    """Number of the dataset of a sample, by either order's own blend."""
    if hasattr(dataset, "_blend"):
        return int(dataset._blend[number][0])
    return int(dataset.dataset_index[number])


def start(prefix: Path, tokens: int) -> None:
    """Prints seconds and memory of a start on a dataset of so many tokens."""
    documents, length = tokens // 1000, 1000
    index = Path(f"{prefix}.idx")
    with index.open("wb") as file:
        file.write(b"MMIDIDX\x00\x00" + np.array([1], "<u8").tobytes() + b"\x08")
        file.write(np.array([documents, documents + 1], "<u8").tobytes())
        np.full(documents, length, "<i4").tofile(file)
        (np.arange(documents, dtype="<i8") * (2 * length)).tofile(file)
        np.arange(documents + 1, dtype="<i8").tofile(file)
    with Path(f"{prefix}.bin").open("wb") as file:
        os.truncate(file.fileno(), 2 * length * documents)
    size = f"an index of {index.stat().st_size:,} bytes"
    print(f"{documents:,} documents, {documents * length:,} tokens; {size}")
    per_epoch = documents * length // 2048
    for name, number in (("the first sample", 0), ("the first sample of epoch 5", 4 * per_epoch + 1)):
        command = [sys.executable, "-c", START, str(prefix), str(number)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"{name}: {done.stdout.strip()}")


if __name__ == "__main__":
    main()
