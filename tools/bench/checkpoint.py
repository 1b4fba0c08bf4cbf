"""Measures saving and loading the state of a training.

    python tools/bench/checkpoint.py [--gigabytes 1] [--runs 3] [--folder FOLDER]

One rank on the CPU, bfloat16 weights with float32 beside them and both moments: 14 bytes a parameter. FOLDER is on
the disk to be measured. MB are 10^6 bytes of state; the lowest and the highest of the runs are given.
"""

import argparse
import logging
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import ncvc.model.lazy_dynamo  # noqa: F401  # isort: skip

import torch

from ncvc.checkpoint.manifest import Facts, checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.model import gpt as gpt_model
from ncvc.model.parallel import single_process
from ncvc.model.sharding import parameter_shards
from ncvc.train import optimizer as adamw
from ncvc.train.config import TrainConfig
from ncvc.train.metrics.log import RunLog
from ncvc.train.saving.saver import Saver
from ncvc.train.saving.state import MOMENTS, layout, load

BYTES_A_PARAMETER = 14
HIDDEN, VOCABULARY = 1024, 8192


def config(run: Path, gigabytes: float) -> TrainConfig:
    """A training whose state has about that size."""
    a_layer = (2 + 2 * 8 // 16 + 2 * 4) * HIDDEN**2
    layers = round((gigabytes * 1e9 / BYTES_A_PARAMETER - 2 * VOCABULARY * HIDDEN) / a_layer)
    model = {"num_layers": max(1, layers), "hidden_size": HIDDEN, "ffn_hidden_size": 4 * HIDDEN}
    return TrainConfig.model_validate(
        {
            "run": str(run),
            "model": {**model, "num_attention_heads": 16, "num_query_groups": 8, "vocab_size": VOCABULARY},
            "data": {"prefixes": ["none"], "tokenizer": "none", "sequence_length": 2048},
            "optimizer": {"lr": 0.001},
            "schedule": {"train_iters": 9, "lr_warmup_iters": 1, "global_batch_size": 1, "micro_batch_size": 1},
            "checkpoints": {"save_interval": 1, "keep_last": 1},
            "logging": {"tensorboard": False},
        }
    )


def seconds(function: Callable[[], object]) -> float:
    """What a call takes."""
    began = time.monotonic()
    function()
    return time.monotonic() - began


def memory() -> float:
    """The most memory that the process had, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def measure(run: Path, gigabytes: float, runs: int) -> dict[str, list[float]]:
    """Seconds of each part in each run; "memory" is what saving added, in GB."""
    settings = config(run, gigabytes)
    settings.folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, list[float]] = {name: [] for name in ("stood still", "save", "verify", "load", "memory")}
    with single_process() as ranks:
        gpt = gpt_model.build(settings.model, compute=settings.compute)
        optimizer = adamw.build(adamw.data_parallel(gpt), settings.optimizer)
        gpt_model.initialise(gpt, settings.model, 0)
        optimizer.reload_model_params()
        for shard in parameter_shards(gpt):
            own = adamw.share(optimizer, shard.parameter)
            if own is not None:
                adamw.set_moments(optimizer, own, 1, {name: torch.randn_like(own.fp32_param) for name in MOMENTS})
        log = RunLog(settings, speaks=True, done=0)
        saver = Saver(settings, ranks, log)
        before = memory()
        for step in range(1, runs + 1):
            facts = Facts(step=step, model=settings.model, layout=layout(ranks), optimizer_step=1)

            def save(facts: Facts = facts) -> None:
                found["stood still"].append(seconds(lambda: saver.save(gpt, optimizer, facts)))
                saver.finish()

            found["save"].append(seconds(save))
            found["memory"].append(memory() - before)  # of the first run; loading then adds its own
            checkpoint = Checkpoint.open(checkpoint_folder(run, step))
            found["verify"].append(seconds(checkpoint.verify))
            found["load"].append(seconds(lambda c=checkpoint: load(c, gpt, optimizer, ranks)))  # type: ignore[misc]
        size = sum(entry.bytes for entry in checkpoint.manifest.files.values())
    found["size"] = [size / 1e9]
    return found


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    logging.disable()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        found = measure(Path(folder) / "run", options.gigabytes, options.runs)
    size = found["size"][0]
    print(f"state: {size:.2f} GB in one file; memory that saving added: {found['memory'][0]:.2f} GB")
    for name in ("stood still", "save", "verify", "load"):
        times = sorted(found[name])
        rates = " – ".join(f"{1000 * size / value:,.0f}" for value in (times[-1], times[0]))
        print(f"{name}: {times[0]:.2f} – {times[-1]:.2f} s, {rates} MB/s")


if __name__ == "__main__":
    main()
