"""Benchmarks beside a training: commands, scores in the log, on the page and in TensorBoard."""

import json
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from ncvc.errors import ConfigError
from ncvc.outputs import is_page_or_picture
from ncvc.progress import Reporter
from ncvc.train.beside import checkpoint_hooks
from ncvc.train.beside.checkpoint_hooks import CheckpointHooks, finish_hooks
from ncvc.train.config import TrainConfig
from ncvc.train.metrics import plot_png
from ncvc.train.metrics.history import read_histories
from ncvc.train.metrics.log import event_records
from ncvc.train.metrics.plot_html import page
from ncvc.train.metrics.plot_png import draw
from ncvc.train.metrics.status import status
from tests.small_training import train_alone

SCORES = {"smdis": ("choice", "accuracy", 0.5), "nrner": ("entities", "exact_f1", 0.25)}


def stand_in(output: str) -> str:
    """Shell code that writes what `ncvc evaluate` would; the real one has tests of its own."""
    tasks = {
        name: {"kind": kind, "main": score, "scores": {score: {"value": value}}}
        for name, (kind, score, value) in SCORES.items()
    }
    text = json.dumps({"models": [{"tasks": tasks}]})
    return f"mkdir -p {output}; printf '%s' '{text}' > {output}/scores.json"


@pytest.fixture
def measured(make_config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A finished run of six steps whose checkpoints 2, 4 and 6 stay, measured every 4 steps."""
    commands: list[list[str]] = []
    real = checkpoint_hooks.evaluation_command

    def command(config, checkpoint, output):
        commands.append(real(config, checkpoint, output))
        return ["/bin/sh", "-c", stand_in(str(output))]

    monkeypatch.setattr(checkpoint_hooks, "evaluation_command", command)
    (tmp_path / "benchmarks").mkdir()
    evaluation = {"every": 4, "suite": "jmed-llm", "data": str(tmp_path / "benchmarks"), "limit": 3}
    config = make_config(
        checkpoints={"save_interval": 2, "keep_interval": 2, "keep_last": 5},
        evaluation=evaluation,
        logging={"tensorboard": True},
    )
    train_alone(config)
    return config, commands


def test_scores_of_checkpoints_come_into_the_log_the_page_and_tensorboard(measured) -> None:
    config, commands = measured
    before = (config.folder / "checkpoints/step_00000006/manifest.json").read_bytes()
    assert finish_hooks(config, "none") is True
    run = config.folder
    assert [words[4] for words in commands] == [f"{run}/checkpoints/step_{step:08}" for step in (4, 6)]
    said = " ".join(commands[0])
    assert f"--output {run}/evaluation/step_00000004 --quiet --suite jmed-llm --data" in said
    assert said.endswith("--limit 3")
    events = [event for event in event_records(run) if event["event"] == "evaluation"]
    assert [(event["step"], event["scores"]) for event in events] == [
        (step, {"smdis": 0.5, "nrner": 0.25}) for step in (4, 6)
    ]
    [history] = read_histories([run])
    assert history.evaluation == {"smdis": [(4, 0.5), (6, 0.5)], "nrner": [(4, 0.25), (6, 0.25)]}
    assert "トークン数ごとのベンチマーク得点" in page([history])
    found = status(run)
    assert found.state == "finished"
    assert found.events[-1]["scores"]["smdis"] == 0.5
    assert (run / "checkpoints/step_00000006/manifest.json").read_bytes() == before
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = EventAccumulator(str(run / "tensorboard"))
    board.Reload()
    assert [(each.step, each.value) for each in board.Scalars("evaluation/nrner")] == [(4, 0.25), (6, 0.25)]
    assert finish_hooks(config, "none") is True
    assert len(commands) == 2


def test_the_picture_has_the_scores_over_tokens_too(measured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, _ = measured
    finish_hooks(config, "none")
    figures = []

    class Kept(Figure):
        def savefig(self, *arguments, **options):
            figures.append(self)
            super().savefig(*arguments, **options)

    monkeypatch.setattr(plot_png, "Figure", Kept)
    histories = read_histories([config.folder])
    draw(histories, tmp_path / "loss.png", recheck=lambda: None)
    assert is_page_or_picture(tmp_path / "loss.png")
    losses, by_token, scores = figures[0].axes
    samples = config.schedule.global_batch_size * config.data.sequence_length
    drawn = {line.get_label(): list(zip(*line.get_data(), strict=True)) for line in scores.get_lines()}
    assert drawn == {
        task: [(step * samples, pytest.approx(value)) for step in (4, 6)] for task, (_, _, value) in SCORES.items()
    }
    assert [text.get_text() for text in scores.get_legend().get_texts()] == list(drawn)
    assert scores.get_xlabel() == by_token.get_xlabel() == "tokens seen"
    assert len(losses.get_lines()) == len(by_token.get_lines())


def test_scores_that_a_stop_kept_from_the_log_come_with_the_next_start(measured) -> None:
    config, _ = measured
    finish_hooks(config, "none")
    (config.folder / "hooks/step_00000006.evaluate.log").unlink()
    with CheckpointHooks(config, Reporter()) as hooks:
        assert hooks.finish() is True
    assert len([event for event in event_records(config.folder) if event["event"] == "evaluation"]) == 3
    [history] = read_histories([config.folder])
    assert [step for step, _ in history.evaluation["smdis"]] == [4, 6]


def test_a_config_says_what_is_measured(tmp_path: Path, make_config) -> None:
    assert make_config().evaluation is None
    with pytest.raises(Exception, match="every"):
        make_config(evaluation={"data": "benchmarks"})
    file = tmp_path / "a.yaml"
    file.write_text("evaluation: {every: 4, data: b, suit: igakuqa}\n")
    with pytest.raises(ConfigError, match="suit"):
        TrainConfig.load(file)
    rare = make_config(evaluation={"every": 4, "data": "b"}, checkpoints={"save_interval": 2, "keep_interval": 3})
    assert rare.warnings[-1].startswith("evaluation.every 4: no such step has a checkpoint that is kept for ever")
    often = make_config(evaluation={"every": 4, "data": "b"}, checkpoints={"save_interval": 2, "keep_interval": 2})
    assert often.warnings == []
    missing = make_config(evaluation={"every": 4, "data": str(tmp_path / "none")})
    with pytest.raises(ConfigError, match="no folder"), CheckpointHooks(missing, Reporter()):
        pass
