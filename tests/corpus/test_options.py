"""Options of the pass: the config models declare names, defaults and ranges; the engine knows the same names and limits."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import annotated_types
import pydantic
import pytest
import yaml

import ncvc._native as native
from ncvc.corpus.config import PreprocessConfig, SourceConfig
from ncvc.corpus.duplicates import DuplicatesConfig
from ncvc.corpus.plan import Plan
from ncvc.documents.sources import NO_LIMIT, Reading
from ncvc.errors import ConfigError, NcvcError

SOURCE = SourceConfig(name="a", inputs=["in"])
RULES = json.loads(Plan(PreprocessConfig(sources=[SOURCE], output="out"), Path(), "text", ()).rules(SOURCE))
OPTIONAL = {"near", *RULES["filters"], "duplicates"}
"""Options that the engine takes for null where they are missing."""


def objects(value: Any, *path: str) -> Iterator[tuple[str, ...]]:
    """Paths of all JSON objects in a value."""
    if isinstance(value, dict):
        yield path
        for key, inner in value.items():
            yield from objects(inner, *path, key)


@pytest.fixture(scope="module")
def analyzer(dictionary: Path) -> native.Analyzer:
    return native.Analyzer.load(dictionary)


def prepare(rules: Any, analyzer: native.Analyzer, folder: Path) -> list[str | None]:
    reading = Reading(part_bytes=NO_LIMIT).to_engine()
    return native.prepare(reading, 0, [], None, None, json.dumps(rules), analyzer, folder, [], False, None)


@pytest.mark.parametrize("path", list(objects(RULES)), ids=".".join)
def test_the_engine_knows_every_option_by_its_name(
    path: tuple[str, ...], analyzer: native.Analyzer, tmp_path: Path
) -> None:
    assert prepare(RULES, analyzer, tmp_path) == []

    def changed(change: Any) -> Any:
        rules = json.loads(json.dumps(RULES))
        inner = rules
        for key in path:
            inner = inner[key]
        change(inner)
        return rules

    with pytest.raises(ValueError, match="unknown field `colour`"):
        prepare(changed(lambda inner: inner.update(colour=1)), analyzer, tmp_path)
    declared = RULES
    for key in path:
        declared = declared[key]
    for key in declared.keys() - OPTIONAL:
        with pytest.raises(ValueError, match=f"missing field `{key}`"):
            prepare(changed(lambda inner, key=key: inner.pop(key)), analyzer, tmp_path)


@pytest.mark.parametrize(
    ("key", "inside", "outside"),
    [
        ("ngram", (1, 6), (0, 7)),
        ("near", (0.1, 1.0), (0.099, 1.001)),
        ("memory", (2**16,), (2**16 - 1,)),
    ],
)
def test_config_and_engine_have_the_same_limits(key: str, inside: Any, outside: Any, tmp_path: Path) -> None:
    default = DuplicatesConfig().model_dump()
    for value in inside:
        native.Deduplication([], DuplicatesConfig(**{key: value}).model_dump_json(), tmp_path)
    for value in outside:
        with pytest.raises(pydantic.ValidationError, match=key):
            DuplicatesConfig(**{key: value})
        with pytest.raises(NcvcError, match=rf"\b{key} is "):
            native.Deduplication([], json.dumps(default | {key: value}), tmp_path)


def limits(model: type[pydantic.BaseModel], *path: Any) -> Iterator[tuple[tuple[Any, ...], float]]:
    """Keys with a value just outside of their range."""
    for name, field in model.model_fields.items():
        inner = next((a for a in (field.annotation, *get_args(field.annotation)) if isinstance(a, type)), None)
        if name == "sources":
            yield from limits(SourceConfig, *path, "sources", 0)
        elif inner is not None and issubclass(inner, pydantic.BaseModel):
            yield from limits(inner, *path, name)
        found = [field.metadata, *(getattr(a, "__metadata__", ()) for a in get_args(field.annotation))]
        for metadata in (m for row in found for part in row for m in getattr(part, "metadata", [part])):
            number = float if "float" in str(field.annotation) else int
            step = number(1)
            if isinstance(metadata, annotated_types.Ge):
                yield (*path, name), number(metadata.ge) - step
            elif isinstance(metadata, annotated_types.Le):
                yield (*path, name), number(metadata.le) + step


LIMITS = list(limits(PreprocessConfig))
NEEDED = {"quality": {"model": "model"}}
"""Section → keys without a default."""


@pytest.mark.parametrize(("path", "value"), LIMITS, ids=lambda value: str(value).replace(" ", ""))
def test_a_value_out_of_range_is_refused_with_file_and_line(path: Any, value: float, tmp_path: Path) -> None:
    config: Any = {"output": "out", "sources": [{"name": "a", "inputs": ["in"]}]}
    inner = config
    for key in path[:-1]:
        inner = inner[key] if isinstance(key, int) else inner.setdefault(key, dict(NEEDED.get(key, {})))
    inner[path[-1]] = value
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if text.strip().startswith(f"{path[-1]}:"))
    with pytest.raises(
        ConfigError, match=rf"^{file}:{line}: '{'.'.join(map(str, path))}' is {value}: input should be "
    ):
        PreprocessConfig.load(file)


def test_every_section_has_its_limits_tested() -> None:
    assert {path[-2] for path, _ in LIMITS if len(path) > 1} >= {"duplicates", "japanese", "repetition", "adult_words"}
    assert len(LIMITS) > 30
