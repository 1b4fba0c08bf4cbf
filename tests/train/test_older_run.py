"""A run that version 0.1.0 began, before `data.order` was there, goes on in every later version.

`older_run` holds its config, data, first checkpoint and log, and in `losses.json` the losses of the steps behind that,
as the same version went on by itself.
"""

import json
import shutil
from pathlib import Path

import pytest

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.errors import ConfigError
from ncvc.train.config import TrainConfig
from ncvc.train.metrics.log import steps
from tests.small_training import train_alone

OLDER_RUN = Path(__file__).parent / "older_run"


@pytest.fixture
def run(tmp_path, monkeypatch):
    shutil.copytree(OLDER_RUN, tmp_path / "older_run")
    monkeypatch.chdir(tmp_path / "older_run")
    return Path("run")


def test_it_goes_on_with_the_samples_of_its_order(run):
    config = TrainConfig.load("config.yaml")
    train_alone(config)
    losses = {step.step: step.loss for step in steps(run)}
    expected = json.loads(Path("losses.json").read_text())
    assert [losses[int(step)] for step in expected] == pytest.approx(list(expected.values()), abs=1e-5)
    assert TrainConfig.load(run / "config.yaml").data.order == "megatron"
    assert Checkpoint.open(checkpoint_folder(run, 6)).manifest.config["data"]["order"] == "megatron"


def test_another_order_is_another_run(run):
    train_alone(TrainConfig.load("config.yaml", ("data.order=megatron",)), stop_after=1)
    with pytest.raises(ConfigError, match=r'the run was begun otherwise: data\.order was "megatron" and is "epochs"'):
        train_alone(TrainConfig.load("config.yaml", ("data.order=epochs",)))
