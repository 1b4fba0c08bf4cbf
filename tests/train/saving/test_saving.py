"""Trainings that save while they go on: the bits, failures, what stays, and from what a start goes on."""

import dataclasses
import os
import shutil
import threading
import time

import pytest
import torch

from ncvc.checkpoint import format as checkpoint_format
from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import latest
from ncvc.errors import CheckpointError
from ncvc.model.parallel import single_process, started_by_torchrun
from ncvc.progress import reporter_on
from ncvc.train import setup
from ncvc.train.metrics.log import RunLog, records
from ncvc.train.saving import saver, state
from tests.small_training import assert_same, last_event, tensors, train_alone, train_as_rank

WRITE = checkpoint_format.write_tensors
QUIET = {"attention_dropout": 0.0, "hidden_dropout": 0.0}


def events(config, name):
    return [record for record in records(config.folder) if record.get("event") == name]


def folders(config):
    return sorted(path.name for path in (config.folder / "checkpoints").iterdir())


def fails_at(*steps):
    def write(path, tensors):
        if any(f"step_{step:08}" in str(path) for step in steps):
            raise OSError(28, "No space left on device", str(path))
        return WRITE(path, tensors)

    return write


def test_a_save_in_the_background_has_the_bits_of_one_that_is_waited_for(make_config, monkeypatch):
    every = {"save_interval": 3, "keep_last": 4}
    schedule = {"train_iters": 12}
    waiting = make_config("waiting", checkpoints={**every, "async_save": False}, schedule=schedule)
    going_on = make_config("going on", checkpoints=every, schedule=schedule)
    train_alone(waiting)

    def when_the_next_step_is_done(path, tensors):
        step = int(path.parent.name.split("_")[1].partition(".")[0])
        while step < 12 and not any(line["step"] > step for line in records(going_on.folder)):
            time.sleep(0.01)
        return WRITE(path, tensors)

    monkeypatch.setattr(checkpoint_format, "write_tensors", when_the_next_step_is_done)
    train_alone(going_on)
    lines = list(records(going_on.folder))
    where = {(line.get("event", "step"), line["step"]): position for position, line in enumerate(lines)}
    assert where["saved", 3] > where["step", 4]
    for step in (3, 6, 9, 12):
        assert_same(tensors(waiting, step), tensors(going_on, step))


def test_a_save_waits_for_the_one_before_and_says_so(make_config, monkeypatch):
    waited_for, wait = threading.Event(), saver.Saver.wait

    def tells(self):
        if self._thread is not None:
            waited_for.set()
        wait(self)

    def slowly(path, tensors):
        assert waited_for.wait(60)
        waited_for.clear()
        time.sleep(0.01)
        return WRITE(path, tensors)

    monkeypatch.setattr(saver.Saver, "wait", tells)
    monkeypatch.setattr(checkpoint_format, "write_tensors", slowly)
    monkeypatch.setattr(saver, "NOTICEABLE", 0.001)
    config = make_config(checkpoints={"save_interval": 1, "keep_last": 2, "keep_interval": 3})
    train_alone(config)
    assert folders(config) == ["step_00000003", "step_00000005", "step_00000006"]
    assert [event["step"] for event in events(config, "waited")] == [1, 2, 3, 4, 5, 6]
    assert [event["removed"] for event in events(config, "saved")] == [
        *([], [], ["step_00000001"], ["step_00000002"]),
        *([], ["step_00000004"]),
    ]


def test_a_save_that_failed_is_tried_again_at_the_next_interval(make_config, monkeypatch, capsys):
    monkeypatch.setattr(checkpoint_format, "write_tensors", fails_at(4))
    config = make_config(checkpoints={"save_interval": 2})
    train_alone(config)
    assert folders(config) == ["step_00000002", "step_00000006"]
    (failed,) = events(config, "save_failed")
    assert failed["step"] == 4
    assert "SAVING" in (said := capsys.readouterr().out)
    assert "rank_00000.safetensors: No space left on device; the checkpoints before it are untouched" in said
    assert last_event(config.folder) == "finished"


@pytest.mark.parametrize("stop_after", [None, 4], ids=["at the end", "on request"])
def test_a_last_save_that_failed_is_an_error(make_config, monkeypatch, stop_after):
    monkeypatch.setattr(checkpoint_format, "write_tensors", fails_at(4, 6))
    config = make_config(checkpoints={"save_interval": 3})
    with pytest.raises(CheckpointError, match=r"last checkpoint could not be saved: .*No space left on device"):
        train_alone(config, stop_after)
    assert last_event(config.folder) == "save_failed"
    assert folders(config) == ["step_00000003"]
    monkeypatch.undo()
    train_alone(config)
    assert last_event(config.folder) == "finished"


def test_a_disk_that_is_gone_altogether_fails_the_save(make_config, monkeypatch):
    """Not even the error can be left in the folder."""

    def gone(place, rank, tensors):
        raise OSError(5, "Input/output error", str(place))

    monkeypatch.setattr(saver, "leave_shard", gone)
    config = make_config(checkpoints={"save_interval": 3})
    with pytest.raises(CheckpointError, match="Input/output error"):
        train_alone(config)
    assert [event["step"] for event in events(config, "save_failed")] == [3, 6]


def test_a_rank_that_cannot_even_say_that_it_failed_ends(make_config, monkeypatch):
    """The first one would wait for it for ever."""

    def gone(place, rank, tensors):
        raise OSError(5, "Input/output error", str(place))

    config = make_config(checkpoints={"async_save": False})
    train_alone(config, stop_after=1)
    monkeypatch.setattr(saver, "leave_shard", gone)
    with single_process() as ranks:
        second = dataclasses.replace(ranks, rank=1)
        training = setup.setup(config, ranks)
        saving = saver.Saver(config, second, RunLog(config, speaks=False, done=0))
        with pytest.raises(CheckpointError, match="Input/output error"):
            saving.save(training.gpt, training.optimizer, training.facts())


def train_with_a_full_disk(config):
    """As rank 1, nothing can be written of step 4 and 6."""
    checkpoint_format.write_tensors = fails_at(4, 6) if os.environ["RANK"] == "1" else WRITE
    try:
        train_as_rank(config)
    except CheckpointError as error:
        return str(error)
    finally:
        checkpoint_format.write_tensors = WRITE
    return ""


def test_the_disk_of_one_rank_fails_the_save_of_all(make_config, pair):
    config = make_config(checkpoints={"save_interval": 2})
    answers = pair.run(train_with_a_full_disk, config)
    assert answers[0] == answers[1]
    assert "rank_00001.safetensors: No space left on device" in answers[0]
    assert folders(config) == ["step_00000002"]
    assert [event["step"] for event in events(config, "save_failed")] == [4, 6]
    pair.run(train_as_rank, config)
    assert last_event(config.folder) == "finished"


def test_a_damaged_checkpoint_is_named_and_the_one_before_it_is_used(make_config, capsys):
    config = make_config(checkpoints={"save_interval": 2})
    train_alone(config)
    good = tensors(config, 6)
    for step in (4, 6):
        file = checkpoint_folder(config.run, step) / "rank_00000.safetensors"
        damaged = bytearray(file.read_bytes())
        damaged[-100] ^= 4
        file.write_bytes(damaged)
    train_alone(config)
    problems = [event["problem"] for event in events(config, "damaged")]
    assert [problem.partition("checkpoints/")[2] for problem in problems] == [
        f"step_0000000{step}/rank_00000.safetensors: damaged: not what was written" for step in (6, 4)
    ]
    assert f"SKIPPED A DAMAGED CHECKPOINT: {problems[0]}" in capsys.readouterr().out
    assert_same(good, tensors(config, 6))
    assert folders(config) == [f"step_0000000{step}" for step in (2, 4, 6)]


def test_a_run_never_begins_anew_by_itself(make_config):
    config = make_config()
    train_alone(config)
    manifest = checkpoint_folder(config.run, 6) / "manifest.json"
    text = manifest.read_bytes()
    manifest.write_bytes(text[:-1])
    with pytest.raises(CheckpointError, match=r"no checkpoint is whole \(.*step_00000006/manifest\.json: damaged"):
        train_alone(config)
    manifest.write_bytes(text)
    away = config.folder / "away"
    (config.folder / "checkpoints").rename(away)
    with pytest.raises(CheckpointError, match=r"log\.jsonl: step 6 was saved, but .*/checkpoints has no checkpoint"):
        train_alone(config)
    away.rename(config.folder / "checkpoints")
    checkpoint_folder(config.run, 6).rename(checkpoint_folder(config.run, 7))
    with pytest.raises(CheckpointError, match="damaged: it is of step 6"):
        train_alone(config)


def test_other_versions_are_said(make_config, monkeypatch, capsys):
    config = make_config()
    with monkeypatch.context() as older:
        older.setattr(setup, "versions", lambda: {"torch": "2.0.0", "megatron-core": "0.19.2"})
        train_alone(config, stop_after=2)
    train_alone(config)
    assert "written with torch 2.0.0, megatron-core 0.19.2 and read with torch 2." in capsys.readouterr().out
    assert latest(config.folder).manifest.versions["torch"] == torch.__version__
    train_alone(config)
    assert "written with" not in capsys.readouterr().out


def test_a_cpu_goes_on_from_what_a_gpu_wrote(make_config, monkeypatch, capsys):
    """The states of a GPU's generators have another size."""

    def of_a_gpu(ranks):
        for name in ("cpu", "cuda", "model-parallel-rng"):
            value = torch.get_rng_state() if name == "cpu" else torch.zeros(16, dtype=torch.uint8)
            yield f"rng.00000.{name}", tuple(value.shape), checkpoint_format.whole_piece(tuple(value.shape)), value

    config = make_config()
    with monkeypatch.context() as gpu:
        gpu.setattr(state, "_generators", of_a_gpu)
        train_alone(config, stop_after=2)
    train_alone(config)
    assert "written on a GPU and read on a CPU" in capsys.readouterr().out
    assert latest(config.folder).manifest.step == config.schedule.train_iters
    train_alone(config)
    assert "written on a GPU" not in capsys.readouterr().out


LAYOUTS = {
    "dp 1": {},
    "dp 2": {},
    "tp 2": {"tensor_model_parallel_size": 2, "sequence_parallel": True},
    "pp 2": {"pipeline_model_parallel_size": 2},
}


def save_again(config, to):
    """Loads a run on the ranks of this process and saves it at once, elsewhere; returns what was said."""
    place = (
        started_by_torchrun(config.parallel, config.seed)
        if to.parallel.nproc_per_node == 2
        else single_process(config.seed)
    )
    with place as ranks:
        training = setup.setup(config, ranks)
        log = RunLog(to, speaks=ranks.is_first, done=training.done, reporter=reporter_on("stdout"))
        saving = saver.Saver(to, ranks, log)
        saving.save(training.gpt, training.optimizer, training.facts())
        saving.finish()
        log.close()
    return training.origin


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("written", LAYOUTS)
def test_any_ranks_load_what_any_other_wrote(make_config, pair, written, dtype):
    """Weights and moments bit for bit; the generators only by the ranks that wrote them."""
    settings = {"model": QUIET, "compute": {"dtype": dtype}}
    first = make_config("first", parallel=LAYOUTS[written], **settings)
    if written == "dp 1":
        train_alone(first, 3)
    else:
        pair.run(train_as_rank, first, 3)
    expected = tensors(first, 3)
    for read, parallel in LAYOUTS.items():
        two = read != "dp 1"
        again = first.model_copy(update={"parallel": make_config(parallel=parallel).parallel})
        to = make_config(f"to {read}", parallel={"nproc_per_node": 1 + two}, **settings)
        to.folder.mkdir()
        origin = pair.run(save_again, again, to)[0] if two else save_again(again, to)
        found = tensors(to, 3)
        if read == written:
            assert_same(expected, found)
            assert "the bits are not the same" not in origin
        else:
            assert_same(without_generators(expected), without_generators(found))
            assert "the bits are not the same" in origin
            assert f"written by dp {1 + (written == 'dp 2')} × tp {1 + (written == 'tp 2')}" in origin


def without_generators(found):
    return {name: tensor for name, tensor in found.items() if not name.startswith("rng.")}


def test_a_checkpoint_whose_saving_was_not_logged_is_still_the_runs_own(make_config):
    config = make_config(checkpoints={"save_interval": 1, "keep_last": 1})
    train_alone(config, stop_after=2)
    log = config.folder / "log.jsonl"
    with log.open("ab") as file:
        file.write(b'{"event": "\xff\n')  # as a disk may spoil a line
    log.write_text(
        "".join(line for line in log.read_text(errors="replace").splitlines(keepends=True) if '"saved"' not in line)
    )
    train_alone(config)
    assert folders(config) == ["step_00000006"]


def test_a_stray_folder_is_gone_after_a_start(make_config):
    config = make_config(checkpoints={"save_interval": 3})
    train_alone(config, stop_after=3)
    shutil.copytree(checkpoint_folder(config.run, 3), config.folder / "checkpoints" / ".step_00000006.partial")
    train_alone(config)
    assert folders(config) == ["step_00000003", "step_00000006"]
