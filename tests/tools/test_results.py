"""The recipe of docs/results.md: its four trainings differ in analysis and medical text alone, and its stages fit."""

from pathlib import Path

import pytest

from ncvc.corpus.config import PreprocessConfig
from ncvc.recipe.config import lies_in, load_recipe
from ncvc.train.config import TrainConfig
from ncvc.tune.config import TuneConfig

FOLDER = Path(__file__).parents[2] / "tools/results"
RUNS = ("full", "no-analysis", "no-medical", "neither")


def test_every_stage_reads_what_is_there_or_was_made() -> None:
    recipe = load_recipe(FOLDER)
    there = [place.path for place in recipe.inputs]
    for stage in recipe.stages:
        for name in stage.reads:
            assert (FOLDER / name).exists() or lies_in(name, there), (stage.name, name)
        there.append(stage.makes)


def test_trainings_differ_in_their_data_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    runs = {name: TrainConfig.load(Path(f"train-{name}.yaml")) for name in RUNS}
    assert {name: (run.data.tokenizer, run.data.prefixes) for name, run in runs.items()} == {
        "full": ("tokenizer", ["tokens/general", "tokens/medical"]),
        "no-analysis": ("tokenizer-plain", ["tokens-plain/general", "tokens-plain/medical"]),
        "no-medical": ("tokenizer", ["tokens/general"]),
        "neither": ("tokenizer-plain", ["tokens-plain/general"]),
    }
    same = [
        run.model_dump(exclude={"run": True, "data": {"prefixes", "weights", "tokenizer"}}) for run in runs.values()
    ]
    assert all(one == same[0] for one in same)
    steps = {f"run-{name}/checkpoints/step_{run.schedule.train_iters:08}" for name, run in runs.items()}
    named = {word for stage in load_recipe(FOLDER).stages for word in stage.arguments if "checkpoints/" in word}
    assert named == steps


def test_tunings_differ_in_their_base_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    tunings = [TuneConfig.load(Path(f"tune-{name}.yaml")) for name in RUNS]
    same = [one.model_dump(exclude={"run", "base", "output"}) for one in tunings]
    assert all(one == same[0] for one in same)


def test_corpora_differ_in_their_tokenizer_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    with_analysis, without = (
        PreprocessConfig.load(Path(name)).model_dump(exclude={"tokenizer", "output"})
        for name in ("preprocess.yaml", "preprocess-plain.yaml")
    )
    assert with_analysis == without
