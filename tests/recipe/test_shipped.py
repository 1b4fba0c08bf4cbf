"""Recipes that ship: what their stages read is provided, their commands and options exist, their configs load."""

from pathlib import Path

import click
import pytest

from ncvc.cli.commands import ncvc
from ncvc.config import Config
from ncvc.corpus.config import PreprocessConfig
from ncvc.errors import RecipeError
from ncvc.recipe.config import RecipeConfig, Stage, lies_in, load_recipe
from ncvc.recipe.digests import extended
from ncvc.recipe.shipped import copy_recipe, shipped_recipes
from ncvc.synthesize.config import SynthesizeConfig
from ncvc.train.config import TrainConfig
from ncvc.train.preflight.flops import parameters
from ncvc.tune.config import TuneConfig
from tests.conftest import run_ncvc

NAMES = ["clinical-notes", "continued-pretraining", "cpu-tiny", "ncvc-slm-1"]
CONFIGS: dict[str, type[Config]] = {
    "preprocess": PreprocessConfig,
    "synthesize": SynthesizeConfig,
    "train": TrainConfig,
    "tune": TuneConfig,
}


@pytest.fixture(params=NAMES)
def copied(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe's copy, in which the commands would run."""
    copy_recipe(request.param, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


def configs(recipe: RecipeConfig) -> list[tuple[Stage, Path]]:
    return [(stage, Path(word)) for stage in recipe.stages for word in stage.arguments if word.endswith(".yaml")]


def named_in(config: Config) -> tuple[list[str], str]:
    """What a config makes its command read, and what it makes."""
    match config:
        case PreprocessConfig():
            models = [source.filters.quality.model for source in config.sources if source.filters.quality]
            names = [*(name for source in config.sources for name in source.inputs), *models]
            return [*names, *([config.tokenizer] if config.tokenizer else [])], config.output
        case SynthesizeConfig():
            return [name for task in config.tasks for name in task.topics], config.output
        case TrainConfig():
            return [*config.data.prefixes, config.data.tokenizer], config.run
        case TuneConfig():
            return [*config.data.train, config.base], config.output
    raise AssertionError(config)


def test_list_names_them() -> None:
    assert [recipe.name for recipe in shipped_recipes()] == NAMES
    shown = run_ncvc("recipe", "list").stdout
    assert all(f"{name}: " in shown for name in NAMES)


def test_every_config_loads_and_names_what_its_stage_reads_and_makes(copied: Path) -> None:
    recipe = load_recipe(copied)
    found = configs(recipe)
    assert found
    for stage, file in found:
        assert str(file) in stage.reads
        reads, makes = named_in(CONFIGS[stage.arguments[0]].load(file))
        assert makes == stage.makes
        for name in reads:
            assert lies_in(name, stage.reads), (stage.name, name)


def test_every_file_is_used(copied: Path) -> None:
    recipe = load_recipe(copied)
    used = {
        Path("recipe.yaml"),
        *(Path(name) for stage in recipe.stages for name in stage.reads if Path(name).is_file()),
    }
    for _, file in configs(recipe):
        chain: Path | None = file
        while chain is not None:
            used.add(chain)
            chain = extended(chain)
    assert {path.relative_to(copied) for path in copied.rglob("*") if path.is_file()} == used


def test_every_command_and_option_exists(copied: Path) -> None:
    for stage in load_recipe(copied).stages:
        if stage.arguments[0] == "inspect" and "inspect" not in ncvc.commands:
            continue
        command: click.Command = ncvc
        for word in stage.arguments:
            if not isinstance(command, click.Group):
                break
            command = command.commands.get(word) or command.commands["run"]
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in stage.arguments if word.startswith("-")} <= known, stage.name


def test_paths_of_a_command_are_read_or_made(copied: Path) -> None:
    recipe = load_recipe(copied)
    places = [*(stage.makes for stage in recipe.stages), *(place.path for place in recipe.inputs)]
    for stage in recipe.stages:
        for word in stage.arguments:
            if word != stage.arguments[0] and lies_in(word, places):
                assert lies_in(word, [*stage.reads, stage.makes]) or word == stage.arguments[1], (stage.name, word)


def test_checkpoints_are_those_that_a_training_keeps(copied: Path) -> None:
    recipe = load_recipe(copied)
    steps = {
        int(word[-8:]) for stage in recipe.stages for word in stage.arguments if word.startswith("run/checkpoints/")
    }
    for stage, file in configs(recipe):
        if stage.arguments[0] != "train":
            continue
        config = TrainConfig.load(file)
        assert config.warnings == []
        last = config.schedule.train_iters
        kept = {step for step in range(1, last) if config.checkpoints.is_kept(step)}
        assert steps
        assert steps <= {*kept, last}


def test_cpu_tiny_is_of_the_size_that_it_says(tmp_path: Path) -> None:
    """By hand: embedding and head; in a layer queries and output, keys and values, the MLP, two norms; the last norm."""
    copy_recipe("cpu-tiny", tmp_path / "copy")
    layer = 2 * 256 * 256 + 2 * 256 * 128 + 2 * 256 * 1024 + 2 * 256
    assert 2 * 16384 * 256 + 8 * layer + 256 == 14_160_128
    assert parameters(TrainConfig.load(tmp_path / "copy/train.yaml").model) == 14_160_128


def test_the_papers_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers of the technical report that no other test compares: 2.1 and 2.4.2."""
    copy_recipe("ncvc-slm-1", tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    synthesis = SynthesizeConfig.load("synthesize.yaml")
    assert [task.count(len(task.writers or synthesis.writers)) for task in synthesis.tasks] == [5, 5]
    runs = {name: TuneConfig.load(f"tune-{name}.yaml") for name in ("20b", "50b", "20b-exercises", "50b-exercises")}
    steps = [(run.schedule.train_iters, run.schedule.global_batch_size) for run in runs.values()]
    assert steps == [(890, 256), (890, 256), (4850, 1024), (4850, 1024)]
    assert {run.neftune_alpha for run in runs.values()} == {5}
    train = TrainConfig.load("train.yaml")
    assert [step * 1024 * train.data.sequence_length / 1e9 for step in (9600, 24000)] == pytest.approx(
        [20.1, 50.3], abs=0.05
    )


@pytest.mark.parametrize("there", ["file", "folder"])
def test_a_copy_overwrites_nothing(tmp_path: Path, there: str) -> None:
    copy = tmp_path / "copy"
    if there == "file":
        copy.write_text("mine")
    else:
        copy.mkdir()
        (copy / "手紙.txt").write_text("mine")
    done = run_ncvc("recipe", "copy", "cpu-tiny", copy, ok=False)
    assert (done.returncode, done.stderr) == (
        1,
        f"ncvc: {copy}: exists already; nothing was changed; name a new folder\n",
    )
    assert (copy if there == "file" else copy / "手紙.txt").read_text() == "mine"


def test_an_unknown_name_is_told_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"huge: is no recipe .*choose clinical-notes, .*, ncvc-slm-1$"):
        copy_recipe("huge", tmp_path / "copy")
