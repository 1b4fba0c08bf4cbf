"""`ncvc init`: the file loads as it is, has every key with its documentation, and overwrites nothing."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from ncvc.cli.init import NEXT
from ncvc.config import SHIPPED, Config
from ncvc.corpus.cleaning import CleaningConfig
from ncvc.corpus.config import PreprocessConfig, SourceConfig
from ncvc.synthesize.config import SynthesizeConfig
from ncvc.train.config import TrainConfig
from ncvc.tune.config import TuneConfig
from tests.conftest import run_ncvc

CONFIGS: dict[str, type[Config]] = {
    "preprocess": PreprocessConfig,
    "synthesize": SynthesizeConfig,
    "train": TrainConfig,
    "tune": TuneConfig,
}


def defaults(cls: type[Config], loaded: Config) -> dict[str, Any]:
    """The defaults of a section, and of those in it, by name; not the required keys."""
    found = {}
    for name, field in cls.model_fields.items():
        value = getattr(loaded, name)
        if isinstance(value, Config):
            found |= {f"{name}.{key}": inner for key, inner in defaults(type(value), value).items()}
        elif not field.is_required() and name != "tokenizer":
            found[name] = field.get_default(call_default_factory=True, validated_data=dict(loaded))
    return found


def pick(loaded: Config, name: str) -> Any:
    value: Any = loaded
    for part in name.split("."):
        value = getattr(value, part)
    return value


@pytest.mark.parametrize("kind", NEXT)
def test_the_file_loads_and_has_every_default(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    assert str(file) in run_ncvc("init", kind, file).stdout
    loaded = CONFIGS[kind].load(file)
    expected = defaults(CONFIGS[kind], loaded)
    assert len(expected) > 10
    assert {name: pick(loaded, name) for name in expected} == expected
    if isinstance(loaded, PreprocessConfig):
        clinical = CleaningConfig(clinical=True)
        assert loaded.sources == [SourceConfig(name="notes", inputs=["raw/"], cleaning=clinical)]
        assert (loaded.tokenizer, loaded.output) == ("tokenizer", "tokens")


def test_a_training_is_the_papers_but_for_its_data(tmp_path: Path) -> None:
    run_ncvc("init", "train", tmp_path / "own.yaml")
    own, papers = TrainConfig.load(tmp_path / "own.yaml"), TrainConfig.load(SHIPPED / "ncvc-slm-1.yaml")
    assert (own.model, own.optimizer, own.schedule) == (papers.model, papers.optimizer, papers.schedule)
    assert own.data.prefixes == ["tokens/notes"]
    assert own.warnings == []


def test_a_tuning_is_the_papers_but_for_its_data_and_places(tmp_path: Path) -> None:
    run_ncvc("init", "tune", tmp_path / "own.yaml")
    own, papers = TuneConfig.load(tmp_path / "own.yaml"), TuneConfig.load(SHIPPED / "tune" / "jmed-llm.yaml")
    assert (own.method, own.optimizer, own.schedule) == (papers.method, papers.optimizer, papers.schedule)
    assert own.data == papers.data.model_copy(update={"train": ["questions/train.jsonl"]})


@pytest.mark.parametrize("kind", NEXT)
def test_every_key_stands_under_its_documentation(kind: str, tmp_path: Path) -> None:
    run_ncvc("init", kind, tmp_path / "own.yaml")
    text = (tmp_path / "own.yaml").read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 120
    keys: set[str] = set()
    before = ""
    for line in text.splitlines():
        if ":" in line and not line.lstrip().startswith("#"):
            assert before.lstrip().startswith("#"), line
            keys.add(line.strip().removeprefix("- ").partition(":")[0])
        before = line

    def every(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(every, value))
        return set(value).union(*map(every, value.values())) if isinstance(value, dict) else set()

    assert keys == every(yaml.safe_load(text))


def test_what_is_there_stays(tmp_path: Path) -> None:
    file = tmp_path / "train.yaml"
    file.write_text("mine")
    refused = run_ncvc("init", "train", file, ok=False)
    assert (refused.returncode, refused.stderr) == (1, f"ncvc: {file}: exists already; name another file\n")
    assert file.read_text() == "mine"
