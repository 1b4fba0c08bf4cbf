"""Ranks that meet in a folder, and which checkpoints stay; threads stand for the ranks, without Megatron."""

import shutil
import subprocess
import sys
import threading

import pytest
import torch

from ncvc.checkpoint import commit as publishing
from ncvc.checkpoint import format as checkpoint_format
from ncvc.checkpoint.commit import clean, commit, join, leave_shard, prepare
from ncvc.checkpoint.format import write_weights
from ncvc.checkpoint.manifest import Facts, GuardState, Piece, checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint, latest
from ncvc.errors import CheckpointError
from ncvc.manifest import verify
from ncvc.train.operation_config import CheckpointConfig
from ncvc.train.saving.retention import Retention
from tests.checkpoint.test_checkpoint import MODEL, weights

RANKS = 3


def halves(rank):
    piece = Piece(file="", key="", offset=(0,), shape=(3 * RANKS,), stretch=(3 * rank, 3 * rank + 3))
    return [("model.a", (3 * RANKS,), piece, torch.arange(3.0) + 3 * rank)]


def save_with(final, part):
    """Saves as `RANKS` ranks do; `part(partial, rank)` is what a rank leaves."""
    partial = prepare(final, RANKS)
    others = [threading.Thread(target=part, args=(partial, rank)) for rank in range(RANKS)]
    for thread in reversed(others):
        thread.start()
    try:
        join(partial, RANKS, Facts(model=MODEL, step=1))
        commit(partial, final)
    finally:
        for thread in others:
            thread.join()


def test_three_ranks_make_one_checkpoint(tmp_path):
    final = checkpoint_folder(tmp_path, 1)
    save_with(final, lambda partial, rank: leave_shard(partial, rank, halves(rank)))
    assert torch.equal(Checkpoint.open(final).tensor("model.a"), torch.arange(9.0))
    assert list(verify(final)) == []
    assert [path.name for path in final.parent.iterdir()] == [final.name]


@pytest.mark.parametrize("says", [True, False], ids=["says why", "cannot even say why"])
def test_the_error_of_one_rank_fails_the_save_and_leaves_nothing(tmp_path, monkeypatch, says):
    whole_file, write_tensors = publishing.whole_file, checkpoint_format.write_tensors

    def full(path, tensors):
        if path.name.startswith("rank_00001"):
            raise OSError(28, "No space left on device", str(path))
        return write_tensors(path, tensors)

    def full_too(path):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(checkpoint_format, "write_tensors", full)
    monkeypatch.setattr(publishing, "whole_file", whole_file if says else full_too)
    final = checkpoint_folder(tmp_path, 1)
    words = "No space left on device" if says else "rank 1 could not write it, nor say why"
    with pytest.raises(CheckpointError, match=rf"rank_00001\.safetensors: {words}"):
        save_with(final, lambda partial, rank: leave_shard(partial, rank, halves(rank)))
    assert list(final.parent.iterdir()) == []
    monkeypatch.undo()
    save_with(final, lambda partial, rank: leave_shard(partial, rank, halves(rank)))
    Checkpoint.open(final).verify()


def test_a_process_that_ends_does_not_wait_for_ranks_that_are_gone(tmp_path):
    program = """
import sys, threading
from pathlib import Path
from ncvc.checkpoint import commit
commit.GRACE = 0.1
partial = commit.prepare(Path(sys.argv[1]), 2)
threading.Thread(target=commit.join, args=(partial, 2, None)).start()
sys.exit(3)
"""
    final = checkpoint_folder(tmp_path, 1)
    done = subprocess.run([sys.executable, "-c", program, final], capture_output=True, text=True, timeout=120)
    assert done.returncode == 3
    assert "the training failed before ranks [0, 1] had written" in done.stderr
    assert list(final.parent.iterdir()) == []


def test_what_a_crash_left_is_cleaned(tmp_path):
    for step in (1, 2, 3):
        write_weights(checkpoint_folder(tmp_path, step), MODEL, weights().items(), step=step)
    folder = tmp_path / "checkpoints"
    (folder / "step_00000002").rename(folder / ".step_00000002.old")  # in the middle of a replacement
    shutil.copytree(folder / "step_00000003", folder / ".step_00000003.old")  # at its end
    (folder / "step_00000001").rename(folder / ".step_00000001.removed")
    (folder / ".step_00000004.partial").mkdir()
    clean(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["step_00000002", "step_00000003"]
    assert latest(tmp_path).manifest.step == 3


class Run:
    """Checkpoints of a run and who wrote them."""

    def __init__(self, folder, **policy):
        self.folder = folder
        self.retention = Retention(folder, CheckpointConfig(save_interval=1, **policy), [])

    def save(self, step, *, foreign=False, left_out=()):
        folder = checkpoint_folder(self.folder, step)
        write_weights(folder, MODEL, weights().items(), step=step, guard=GuardState(left_out=left_out))
        if not foreign:
            manifest = Checkpoint.open(folder).manifest
            self.retention.written(manifest)
            self.retention.published(manifest)

    def spoil(self, step):
        file = checkpoint_folder(self.folder, step) / "rank_00000.safetensors"
        file.write_bytes(file.read_bytes()[:-1] + b"?")

    def steps(self):
        return sorted(int(path.name.removeprefix("step_")) for path in (self.folder / "checkpoints").iterdir())


def test_the_last_ones_and_every_so_manieth_stay(tmp_path):
    run = Run(tmp_path, keep_last=2, keep_interval=4)
    run.save(3, foreign=True)
    for step in (1, 2, 4, 5, 6, 7, 8, 9, 10, 11):
        run.save(step)
    assert run.steps() == [3, 4, 8, 10, 11]


def test_a_damaged_one_does_not_count_as_one_of_the_last(tmp_path):
    run = Run(tmp_path, keep_last=2)
    for step in (1, 2, 3):
        run.save(step)
    assert run.steps() == [2, 3]
    again = Run(tmp_path, keep_last=2)
    again.retention.own = run.retention.own
    run.spoil(3)
    again.save(4)
    assert again.steps() == [2, 3, 4]
    again.save(5)  # 4 and 5 are whole; 3 is damaged and old
    assert again.steps() == [4, 5]


def test_one_in_what_the_guard_left_out_does_not_count_as_one_of_the_last(tmp_path):
    run = Run(tmp_path, keep_last=2)
    for step in (4, 6, 8):
        run.save(step)
    assert run.steps() == [6, 8]
    run.save(12, left_out=((8, 12),))  # it went back to 6
    assert run.steps() == [6, 8, 12]
    run.save(14, left_out=((8, 12),))
    assert run.steps() == [6, 8, 12, 14]
    run.save(16, left_out=((8, 12),))
    assert run.steps() == [14, 16]


def test_newer_ones_than_the_one_just_saved_are_not_touched(tmp_path):
    run = Run(tmp_path, keep_last=1)
    run.save(9)
    run.save(2)
    assert run.steps() == [2, 9]


def test_a_removal_that_is_cut_short_leaves_no_half_checkpoint(tmp_path, monkeypatch):
    run = Run(tmp_path, keep_last=1)
    run.save(1)

    def broken(path):
        (path / "manifest.json").unlink()
        raise OSError(5, "Input/output error", str(path))

    monkeypatch.setattr(publishing.shutil, "rmtree", lambda path, **_: broken(path) if "removed" in str(path) else None)
    with pytest.raises(OSError, match="Input/output error"):
        run.save(2)
    assert latest(tmp_path).manifest.step == 2
    assert not checkpoint_folder(tmp_path, 1).exists()
    monkeypatch.undo()
    run.save(3)
    clean(tmp_path / "checkpoints")
    assert run.steps() == [3]
