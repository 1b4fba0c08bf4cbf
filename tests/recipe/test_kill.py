"""Runs that are killed at random moments, parent and command together, or stopped, end as one that nobody disturbed."""

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from ncvc.files import sha256
from ncvc.recipe.attempts import AttemptLog
from ncvc.recipe.config import load_recipe
from ncvc.recipe.run import LOG, WORK, is_at_work, states_of
from tests.conftest import SLOW, run_ncvc
from tests.recipe.conftest import write_benchmarks
from tests.recipe.shrink import edit, small_copy
from tests.recipe.toy import write_toy
from tests.recipe.walk import start
from tests.rows import write_lines

DATA = (
    "*.jsonl.zst",
    "topics.jsonl",
    "*.bin",
    "*.idx",
    "*.safetensors",
    "tokenizer.model",
    "*.dic",
    "answers/*/*.jsonl",
)
"""Datasets, checkpoints, models, answers: what holds no times."""


def data_of(folder: Path) -> dict[str, str]:
    found = {path for pattern in DATA for path in folder.rglob(pattern) if path.is_file()}
    names = {str(path.relative_to(folder)): path for path in found if "dropped" not in path.parts}  # names its input
    return {name: sha256(path) for name, path in names.items()}


def killed_and_whole(make: Callable[[str], Path], *, seed: int) -> tuple[Path, Path, int]:
    """Runs a recipe undisturbed, and its like with kills; returns both folders and the kills' number.

    Every stage is killed once, after a random part of the time that it took undisturbed, unless the machine was so much
    faster this time that it ended before: then the kill meets a later one.
    """
    whole, killed = make("whole"), make("killed")
    run_ncvc("recipe", "run", whole)
    log = AttemptLog(whole / WORK / LOG)
    chance, met = random.Random(seed), 0
    for stage in load_recipe(whole).stages:
        done = {state.stage.name for state in states_of(killed, load_recipe(killed)) if state.state == "done"}
        if stage.name in done:
            continue
        (attempt,) = log.of(stage.name)
        assert attempt.cost is not None
        process = start(killed)
        while process.poll() is None and not is_begun(killed, stage.name):
            time.sleep(0.02)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=chance.uniform(0, 0.7 * attempt.cost.wall))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            met += 1
        process.communicate()
        while is_at_work(killed):
            time.sleep(0.02)
    run_ncvc("recipe", "run", killed)
    assert {state.state for state in states_of(killed, load_recipe(killed))} == {"done"}
    return whole, killed, met


def is_begun(folder: Path, stage: str) -> bool:
    """True if the newest record is the beginning of a stage."""
    last = next(reversed(AttemptLog(folder / WORK / LOG).records.values()), None)
    return last is not None and last.stage == stage and last.status is None


@SLOW
def test_kills_change_no_byte_of_text(tmp_path: Path) -> None:
    whole, killed, met = killed_and_whole(lambda name: write_toy(tmp_path / name), seed=1)
    assert met > 0
    assert data_of(killed) == data_of(whole)
    assert len(data_of(whole)) >= 3
    left = {path.name for path in killed.iterdir()} - {path.name for path in whole.iterdir()}
    assert left == set()
    assert (killed / WORK).is_dir()


@SLOW
def test_kills_change_no_byte_of_datasets_checkpoints_and_models(tmp_path: Path, texts: list[str]) -> None:
    def make(name: str) -> Path:
        folder = small_copy("cpu-tiny", tmp_path / name, {3000: 6})
        edit(folder / "tune.yaml", lambda tune: tune["schedule"].update(train_iters=6))
        edit(folder / "tune.yaml", lambda tune: tune.update(checkpoints={"save_interval": 2}))
        write_lines(folder / "text/text.jsonl", [{"text": text} for text in texts])
        write_benchmarks(folder)
        return folder

    whole, killed, met = killed_and_whole(make, seed=2)
    assert met >= 4
    found, expected = data_of(killed), data_of(whole)
    # A training that goes on saves every step again; which steps are kept does not depend on that.
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []
    for kind in (
        "tokens/text.bin",
        "run/checkpoints/step_00000006/",
        "base/model.safetensors",
        "tuned/model.safetensors",
    ):
        assert any(name.startswith(kind) for name in expected), kind


@SLOW
def test_ctrl_c_in_a_training_saves_and_exits_75(tmp_path: Path, texts: list[str]) -> None:
    folder = small_copy("cpu-tiny", tmp_path / "recipe", {3000: 300})
    edit(folder / "recipe.yaml", lambda recipe: recipe.update(stages=recipe["stages"][:4], inputs=recipe["inputs"][:1]))
    edit(
        folder / "train.yaml",
        lambda train: train.update(checkpoints={"save_interval": 300}, logging={"log_interval": 1}),
    )
    write_lines(folder / "text/text.jsonl", [{"text": text} for text in texts])
    process = start(folder)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(b"step "):
            break
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 75, said.decode()
    stopped = f"`ncvc train train.yaml` stopped with everything saved; `ncvc recipe run {folder}` goes on"
    assert f"ncvc: {stopped}" in said.decode().splitlines()
    run_ncvc("recipe", "run", folder)
    assert (folder / "run/checkpoints/step_00000300").is_dir()
