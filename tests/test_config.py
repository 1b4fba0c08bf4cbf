"""Configs: what is read, and the one sentence for each mistake with file, line and what to do."""

from pathlib import Path
from typing import Annotated

import pydantic
import pytest

from ncvc import NcvcError
from ncvc.config import Config, ConfigError


class Layer(Config):
    """A part of a model."""

    width: int
    """Units."""
    dropout: float = 0.0
    """Probability."""


class Model(Config):
    """A model."""

    name: str
    """What it is called."""
    layer: Layer
    """Its first layer."""
    others: tuple[Layer, ...] = pydantic.Field(default=(), strict=False)
    """Its other layers."""
    rate: Annotated[float, pydantic.Field(gt=0)] = 1.0
    """Learning rate."""

    @pydantic.model_validator(mode="after")
    def check(self) -> "Model":
        """A name that is reserved is refused."""
        if self.name == "reserved":
            raise ValueError("'reserved' is taken; choose another name")
        return self


GOOD = """\
name: 小さな模型
layer:
  width: 8
others:
  - width: 4
  - width: 2
    dropout: 0.5
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.yaml"


def load(file: Path, text: str, *overrides: str) -> Model:
    file.write_text(text, encoding="utf-8")
    return Model.load(file, overrides)


def test_a_config_is_read_with_its_defaults(file: Path) -> None:
    model = load(file, GOOD)
    assert (model.name, model.layer.width, model.layer.dropout) == ("小さな模型", 8, 0.0)
    assert [layer.dropout for layer in model.others] == [0.0, 0.5]


def test_a_config_does_not_change(file: Path) -> None:
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        load(file, GOOD).name = "other"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("  width: 8", "  widht: 8", 3, "unknown key 'layer.widht'; did you mean 'width'?"),
        ("  width: 8", "  width: 8\n  zzz: 1", 4, "unknown key 'layer.zzz'; known keys: width, dropout"),
        ("name: 小さな模型\n", "", 1, "'name' is missing; add it"),
        ("  - width: 4", "  - dropout: 0.1", 5, "'others.0.width' is missing; add it"),
        ("  - width: 4", "  - widht: 4", 5, "unknown key 'others.0.widht'; did you mean 'width'?"),
        ("  width: 8", "  width: '8'", 3, "'layer.width' is '8': input should be a valid integer"),
        ("  width: 8", "  width: 8.5", 3, "'layer.width' is 8.5: input should be a valid integer"),
        (
            "    dropout: 0.5",
            "    dropout: .nan",
            7,
            "'others.1.dropout' is nan: input should be a finite number",
        ),
        (
            "name: 小さな模型",
            "name: 小さな模型\nrate: -1.0",
            2,
            "'rate' is -1.0: input should be greater than 0",
        ),
        ("name: 小さな模型", "name: reserved", 1, "'reserved' is taken; choose another name"),
        ("  width: 8", "  width: [8", 4, "not valid YAML: "),
        ("name: 小さな模型", "name: !!python/object/apply:os.getcwd []", 1, "not valid YAML: "),
    ],
)
def test_a_mistake_is_one_sentence(file: Path, old: str, new: str, line: int, message: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as raised:
        load(file, GOOD.replace(old, new, 1))
    assert str(raised.value).startswith(f"{file}:{line}: {message}")
    assert len(str(raised.value).splitlines()) == 1
    assert isinstance(raised.value, NcvcError)


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words\n"])
def test_what_is_no_mapping_is_refused(file: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"model\.yaml:1: a config is a list of `key: value` lines"):
        load(file, text)


def test_an_empty_file_lacks_its_keys(file: Path) -> None:
    with pytest.raises(ConfigError, match="'name' is missing"):
        load(file, "")


def test_a_missing_file_is_named(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"model\.yaml: cannot read the config: No such file"):
        Model.load(file)


def test_another_encoding_is_refused(file: Path) -> None:
    file.write_bytes("name: 模型\n".encode("shift_jis"))
    with pytest.raises(ConfigError, match=r"model\.yaml: not valid YAML: "):
        Model.load(file)


def test_overrides_replace_and_add(file: Path) -> None:
    model = load(file, GOOD, "layer.dropout=0.25", "name=別の模型", "others=[]", "rate=0.5")
    assert (model.layer.width, model.layer.dropout) == (8, 0.25)
    assert (model.name, model.others, model.rate) == ("別の模型", (), 0.5)


def test_an_override_makes_a_section(file: Path) -> None:
    assert load(file, "name: a\n", "layer.width=3").layer.width == 3


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("layer", "--set layer: write it as --set key=value"),
        ("name.first=a", "--set name.first=a: name is not a section"),
        ("layer.widht=2", "unknown key 'layer.widht'; did you mean 'width'?"),
        ("layer.width=[", "--set layer.width=[: not valid YAML: "),
    ],
)
def test_a_wrong_override_is_named(file: Path, override: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(file, GOOD, override)
    assert message in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_a_key_that_is_written_twice_is_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"model\.yaml:3: 'name' is written twice"):
        load(file, "layer: {width: 1}\nname: a\nname: b\n")


def test_numbers_with_an_exponent_are_numbers(tmp_path: Path) -> None:
    class Rate(Config):
        lr: float
        text: str

    (tmp_path / "c.yaml").write_text("lr: 1e-3\ntext: 1e3x\n")
    assert Rate.load(tmp_path / "c.yaml") == Rate(lr=0.001, text="1e3x")
    assert Rate.load(tmp_path / "c.yaml", ("lr=2.5E2",)).lr == 250.0


def test_a_list_is_overridden_by_number(file: Path) -> None:
    assert [layer.width for layer in load(file, GOOD, "others.1.width=16").others] == [4, 16]
    assert load(file, GOOD, "others.0={width: 32}").others[0].width == 32
    for wrong in ("others.2.width=1", "others.x={width: 1}"):
        with pytest.raises(ConfigError, match="is not a number from 0 to 1"):
            load(file, GOOD, wrong)
