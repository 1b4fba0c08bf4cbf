"""Saving a training under faults: whatever happens at whatever call, the next start ends with the undisturbed bits.

A run that was stopped after step 2 goes on to step 4 with `keep_last: 1`: it saves steps 3 and 4, and removes steps
2 and 3. The writer works in the main thread here (`async_save: false`), where calls can be counted. Each trial
kills or fails one call; afterwards a start must find a whole checkpoint, the newest or the one before it, go on to the
bits of the undisturbed run, and leave nothing else.
"""

import contextlib
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import inject

import ncvc.train.without_compiler  # noqa: F401
from ncvc import NcvcError

STEPS, BEFORE = 4, 2


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
    train(folder, stop_after=BEFORE)
    shutil.move(folder / "run", folder / "stopped")


def config(folder: Path) -> Any:
    """The run."""
    from ncvc.train.config import TrainConfig

    values: dict[str, Any] = {
        "run": str(folder / "run"),
        "model": {
            **{"num_layers": 1, "hidden_size": 16, "ffn_hidden_size": 32, "num_attention_heads": 2},
            **{"num_query_groups": 1, "vocab_size": 64, "max_position_embeddings": 16},
        },
        "data": {"prefixes": [str(folder / "corpus")], "tokenizer": str(folder / "tokenizer"), "sequence_length": 16},
        "optimizer": {"lr": 0.01},
        "schedule": {"train_iters": STEPS, "lr_warmup_iters": 1, "global_batch_size": 2, "micro_batch_size": 2},
        "checkpoints": {"save_interval": 1, "keep_last": 1, "async_save": False},
        "compute": {"dtype": "float32"},
        "logging": {"tensorboard": False},
    }
    return TrainConfig.model_validate(values)


def train(folder: Path, stop_after: int = 0) -> int:
    """One start of the run, in this process."""
    from ncvc.train import loop
    from ncvc.train.ranks import alone

    stop = loop.StopRequest()
    if stop_after:
        # Only on the way to a prepared run: asks to stop as a signal would, after so many batches.
        loop_mean = loop.mean_loss
        left = iter(range(stop_after - 1))

        def counted(losses: Any) -> Any:
            stop.made = next(left, None) is None
            return loop_mean(losses)

        loop.mean_loss = counted
    try:
        with alone() as ranks:
            loop.train(config(folder), ranks, stop)
    except NcvcError as error:
        print(f"ncvc: {error}", flush=True)
        return 1
    finally:
        if stop_after:
            loop.mean_loss = loop_mean
    return 0


def checkpoints(folder: Path) -> dict[int, bytes]:
    """The tensors under final names, by step; raises `CheckpointError` if a checkpoint is not whole."""
    from ncvc.train.checkpoint.reader import checkpoint_folders, open_at_its_place

    found = {}
    for place in checkpoint_folders(folder / "run"):
        checkpoint = open_at_its_place(place)
        checkpoint.verify()
        found[checkpoint.manifest.step] = (place / "rank_00000.safetensors").read_bytes()
    return found


def trials(folder: Path, every: int) -> Iterator[tuple[str, str]]:
    """Runs the matrix, or every so manieth trial of it; yields what was done and what was wrong, if anything."""
    with contextlib.redirect_stdout(io.StringIO()):
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
        wrong = _judge(outcome, folder, last)
        if not wrong:
            after = inject.undisturbed(start)
            if after.status != 0:
                wrong = f"the next start ended with {after.status}: {after.output}"
            else:
                wrong = _judge_the_end(folder, last)
        yield f"{site.call} {site.number} {action} ({site.arguments})", wrong


def saving(sites: Iterator[inject.Site]) -> Iterator[inject.Site]:
    """The calls from the first that names a new checkpoint: the saves, the removals and what the log says of them."""
    begun = False
    for site in sites:
        begun = begun or (site.call == "mkdir" and ".partial" in site.arguments)
        if begun:
            yield site


def _judge(outcome: inject.Outcome, folder: Path, last: dict[int, bytes]) -> str:
    if not outcome.injected:
        return "the fault did not take place"
    try:
        there = checkpoints(folder)
    except NcvcError as error:
        return f"half a checkpoint under a final name: {error}"
    if not there:
        return "no checkpoint is left"
    if outcome.status == 0 and there.get(STEPS) != last[STEPS]:
        return f"it ended with 0, without its last checkpoint: {outcome.output}"
    return ""


def _judge_the_end(folder: Path, last: dict[int, bytes]) -> str:
    there = checkpoints(folder)
    if there.get(STEPS) != last[STEPS]:
        return "the next start gave other bytes"
    # A finished run that is started again saves nothing, and so removes nothing either: when the fault came with
    # the last removal, the checkpoint that was to go stays, whole.
    names = {path.name for path in (folder / "run/checkpoints").iterdir()} - {f"step_{STEPS:08}"}
    return f"something is left: {names}" if names - {f"step_{STEPS - 1:08}"} else ""
