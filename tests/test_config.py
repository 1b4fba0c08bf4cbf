"""Configs: what is read, and the one sentence for each mistake with file, line and what to do."""

import time
from pathlib import Path
from typing import Annotated

import pydantic
import pytest

from ncvc import NcvcError
from ncvc.config import Config
from ncvc.errors import ConfigError


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
    with pytest.raises(ConfigError, match=r"model\.yaml: not UTF-8; save it as UTF-8"):
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
        ("layer.widht=2", "--set layer.widht=2: unknown key 'layer.widht'; did you mean 'width'?"),
        ("layer.width=x", "--set layer.width=x: 'layer.width' is 'x': input should be a valid integer"),
        ("layer={widht: 2}", "--set layer={widht: 2}: unknown key 'layer.widht'"),
        ("layer.width=[", "--set layer.width=[: not valid YAML: "),
    ],
)
def test_a_wrong_override_is_named(file: Path, override: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(file, GOOD, override)
    assert message in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_a_key_that_is_written_twice_is_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match=r"model\.yaml:3: not valid YAML: 'name' is written twice"):
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


class Run(Model):
    """A config that may extend another."""

    extendable = True


@pytest.fixture
def family(tmp_path: Path) -> Path:
    """base.yaml, and in folder/: middle.yaml, which extends it, and own.yaml, which extends that."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "base.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "folder" / "middle.yaml").write_text(
        "extends: ../base.yaml\nlayer:\n  dropout: 0.25\n", encoding="utf-8"
    )
    own = tmp_path / "folder" / "own.yaml"
    own.write_text("# mine\nextends: middle.yaml\nname: 子\nothers:\n  - width: 1\n", encoding="utf-8")
    return own


def test_a_config_says_only_what_differs_from_another(family: Path) -> None:
    run = Run.load(family)
    assert (run.name, run.layer.width, run.layer.dropout) == ("子", 8, 0.25)
    assert [layer.width for layer in run.others] == [1]
    assert Run.load(family, ("layer.width=3",)).layer == Layer(width=3, dropout=0.25)
    with pytest.raises(ConfigError, match=r"own.yaml:2: unknown key 'extends'; known keys: name"):
        Model.load(family)


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "message"),
    [
        ("base.yaml", "width: 8", "width: wide", "base.yaml:3", "'layer.width' is 'wide'"),
        ("base.yaml", "width: 8", "widht: 8", "base.yaml:3", "unknown key 'layer.widht'; did you mean 'width'?"),
        ("folder/middle.yaml", "dropout: 0.25", "dropout: x", "folder/middle.yaml:3", "'layer.dropout' is 'x'"),
        ("folder/own.yaml", "width: 1", "width: []", "folder/own.yaml:5", "'others.0.width' is []"),
        ("folder/own.yaml", "middle.yaml", "nowhere.yaml", "folder/own.yaml:2", "'extends': there is no file"),
        ("folder/own.yaml", "middle.yaml", "[a, b]", "folder/own.yaml:2", "'extends' is ['a', 'b']: write the name"),
        ("base.yaml", "name:", "extends: folder/own.yaml\nname:", "base.yaml:1", "leads back to this config"),
        ("base.yaml", "width: 8", "width: 8\n  width: 9", "base.yaml:4", "'width' is written twice; keep one"),
    ],
)
def test_a_mistake_is_named_in_the_file_that_has_it(
    family: Path, file: str, old: str, new: str, where: str, message: str
) -> None:
    top = family.parent.parent
    text = (top / file).read_text(encoding="utf-8")
    assert old in text
    (top / file).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        Run.load(family)
    found, _, said = str(error.value).partition(": ")
    path, _, line = found.rpartition(":")
    assert f"{Path(path).resolve().relative_to(top)}:{line}" == where
    assert said.startswith(message) or message in said


@pytest.mark.parametrize("text", ["1e3", "1000.0", "0x3e8", "1000"])
def test_a_whole_number_is_taken_in_any_form(file: Path, text: str) -> None:
    assert load(file, GOOD.replace("width: 8", f"width: {text}")).layer.width == 1000


@pytest.mark.parametrize("text", ["1.5", "0777", "1:30", "2020-13-45", "off"])
def test_what_is_no_whole_number_is_said_as_it_was_written(file: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"'layer\.width' is '?" + text):
        load(file, GOOD.replace("width: 8", f"width: {text}"))


def test_shared_configs_that_failed_are_one_sentence_at_once(shared: Path) -> None:
    """Bombs, recursion, brackets, digits, dates, NUL, odd keys; none is written by who wrote the loader."""
    from ncvc.corpus.config import PreprocessConfig

    files = sorted((shared.parent / "cases/config").glob("*.yaml"))
    assert len(files) > 30
    refused = {}
    for path in files:
        began = time.process_time()
        try:
            PreprocessConfig.load(path)
        except ConfigError as error:
            refused[path.stem] = str(error).removeprefix(str(path))
        assert time.process_time() - began < 2, path
    assert all("\n" not in words and words.startswith(":") for words in refused.values()), refused
    assert refused.keys() >= {
        *(
            "b",
            "bigint",
            "bomb_unknown",
            "bomb_value",
            "date",
            "deep",
            "dotname",
            "intkey",
            "listkey",
            "mapkey",
            "mem0",
        ),
        *("merge_rec", "multi", "near", "negthreads", "null", "nullkey", "nulraw", "outdot", "outempty", "outnul"),
        *("outparent", "outroot", "recursive", "recursive_map", "sexagesimal", "slashname", "utf16", "hugethreads"),
    }
