"""Saving a training under faults: whatever happens at whatever call, the next start ends with the undisturbed bits.

A run that was stopped after step 1 goes on to step 3 with `keep_last: 1`: it saves steps 2 and 3, and removes steps
1 and 2. Each trial kills or fails one call; afterwards a start must find a whole checkpoint, the newest or the one
before it, go on to the bits of the undisturbed run, and leave nothing else. The run is by Muon, with a moving average
of the weights. The writer works in the main thread (`async_save: false`), where calls can be counted; then it works in
the background, and the process is killed at moments drawn at random.
"""

import json
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import inject

import ncvc.model.lazy_dynamo  # noqa: F401
from ncvc import NcvcError

STEPS = 3
KILLS = 60  # in the background


def prepare(folder: Path) -> None:
    """Writes data, and a run that was stopped."""
    import numpy as np
    import torch
    from megatron.core.datasets.indexed_dataset import IndexedDatasetBuilder

    torch.set_num_threads(1)
    builder = IndexedDatasetBuilder(str(folder / "corpus.bin"), dtype=np.uint16)
    ids = torch.arange(400) * 7 % 60 + 4
    builder.add_document(ids, [len(ids)])
    builder.finalize(str(folder / "corpus.idx"))
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer/manifest.json").write_text(json.dumps({"vocab_size": 64}))
    # In a child: a process group of this process' own would wait, in a forked trial, for threads that it does not have.
    assert inject.undisturbed(lambda: train(folder, stop=True)).status == 0
    shutil.move(folder / "run", folder / "stopped")


def config(folder: Path, *, background: bool) -> Any:
    """The run."""
    from ncvc.train.config import TrainConfig

    values: dict[str, Any] = {
        "run": str(folder / "run"),
        "model": {
            **{"num_layers": 1, "hidden_size": 16, "ffn_hidden_size": 32, "num_attention_heads": 2},
            **{"num_query_groups": 1, "vocab_size": 64, "max_position_embeddings": 16},
        },
        "data": {"prefixes": [str(folder / "corpus")], "tokenizer": str(folder / "tokenizer"), "sequence_length": 16},
        "optimizer": {"lr": 0.01, "name": "muon", "ema": 0.9},
        "schedule": {"train_iters": STEPS, "lr_warmup_iters": 1, "global_batch_size": 2, "micro_batch_size": 2},
        "checkpoints": {"save_interval": 1, "keep_last": 1, "async_save": background},
        "compute": {"dtype": "float32"},
        "logging": {"tensorboard": False},
    }
    return TrainConfig.model_validate(values)


def train(folder: Path, *, stop: bool = False, background: bool = False) -> int:
    """One start of the run, in this process; `stop` ends it after its next step."""
    from ncvc.model.parallel import single_process
    from ncvc.train import loop

    request = loop.StopRequest()
    request.made = stop
    try:
        with single_process() as ranks:
            loop.train(config(folder, background=background), ranks, request)
    except NcvcError as error:
        print(f"ncvc: {error}", flush=True)
        return 1
    return 0


def checkpoints(folder: Path) -> dict[int, bytes]:
    """The tensors under final names, by step; raises `CheckpointError` if a checkpoint is not whole."""
    from ncvc.checkpoint.manifest import checkpoint_folders
    from ncvc.checkpoint.reader import open_at_its_place

    found = {}
    for place in checkpoint_folders(folder / "run"):
        checkpoint = open_at_its_place(place)
        checkpoint.verify()
        found[checkpoint.manifest.step] = (place / "rank_00000.safetensors").read_bytes()
    return found


def trials(folder: Path, every: int) -> Iterator[tuple[str, str]]:
    """Runs the matrix, or every so manieth trial of it; yields what was done and what was wrong, if anything."""
    prepare(folder)

    def start() -> int:
        return train(folder)

    def again() -> None:
        shutil.rmtree(folder / "run", ignore_errors=True)
        shutil.copytree(folder / "stopped", folder / "run")

    again()
    assert inject.undisturbed(start).status == 0
    last = checkpoints(folder)
    assert set(last) == {STEPS}
    again()
    matrix = [(site, action) for site in saving(inject.sites(start)) for action in inject.ACTIONS]
    for site, action in matrix[::every]:
        again()
        outcome = inject.trial(start, site, action)
        wrong = "" if outcome.injected else "the fault did not take place"
        wrong = wrong or _judge(outcome, folder, last) or _judge_the_next_start(start, folder, last)
        yield f"{site.call} {site.number} {action} ({site.arguments})", wrong

    def start_in_background() -> int:
        return train(folder, background=True)

    again()
    began = time.monotonic()
    assert inject.undisturbed(start_in_background).status == 0
    duration = time.monotonic() - began
    assert checkpoints(folder) == last
    for seed in range(0, KILLS, every):
        moment = random.Random(seed).uniform(0, duration)

        def killed(moment: float = moment) -> int:
            threading.Timer(moment, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
            return start_in_background()

        again()
        wrong = _judge(inject.undisturbed(killed), folder, last)
        yield f"killed after {moment:.3f} s", wrong or _judge_the_next_start(start_in_background, folder, last)


def saving(sites: Iterator[inject.Site]) -> Iterator[inject.Site]:
    """The calls from the first that names a new checkpoint: the saves, the removals and what the log says of them."""
    begun = False
    for site in sites:
        begun = begun or (site.call == "mkdir" and ".partial" in site.arguments)
        if begun:
            yield site


def _judge(outcome: inject.Outcome, folder: Path, last: dict[int, bytes]) -> str:
    try:
        there = checkpoints(folder)
    except NcvcError as error:
        return f"half a checkpoint under a final name: {error}"
    if not there:
        return "no checkpoint is left"
    if outcome.status == 0 and there.get(STEPS) != last[STEPS]:
        return f"it ended with 0, without its last checkpoint: {outcome.output}"
    return ""


def _judge_the_next_start(start: Callable[[], int], folder: Path, last: dict[int, bytes]) -> str:
    after = inject.undisturbed(start)
    if after.status != 0:
        return f"the next start ended with {after.status}: {after.output}"
    there = checkpoints(folder)
    if there.get(STEPS) != last[STEPS]:
        return "the next start gave other bytes"
    # A finished run that is started again saves nothing, and so removes nothing either: when the fault came with
    # the last removal, the checkpoint that was to go stays, whole.
    names = {path.name for path in (folder / "run/checkpoints").iterdir()} - {f"step_{STEPS:08}"}
    return f"something is left: {names}" if names - {f"step_{STEPS - 1:08}"} else ""
