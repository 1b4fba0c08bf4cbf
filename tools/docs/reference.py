"""Writes the reference of commands, configs and Python names from the program itself, as Markdown."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
import pydantic
import pydantic_core

import ncvc
from ncvc.cli.commands import ncvc as command_line
from ncvc.config import Config, fields_by_key
from ncvc.corpus.config import PreprocessConfig
from ncvc.field_docs import field_docs
from ncvc.synthesize.config import SynthesizeConfig
from ncvc.train.config import TrainConfig
from ncvc.tune.config import TuneConfig

CONFIGS: dict[str, type[Config]] = {
    "ncvc preprocess": PreprocessConfig,
    "ncvc synthesize": SynthesizeConfig,
    "ncvc train": TrainConfig,
    "ncvc tune": TuneConfig,
}


def write(folder: Path) -> None:
    """Writes `commands.md`, `configs.md` and `python.md` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in (("commands", commands()), ("configs", configs()), ("python", names())):
        (folder / f"{name}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def commands() -> Iterator[str]:
    """Yields a section a command, with its `--help` at 100 columns."""
    yield "# Commands\n"
    for path, command in _commands(command_line, "ncvc"):
        context = click.Context(command, info_name=path, max_content_width=100, terminal_width=100)
        yield f"## {path}\n\n```text\n{command.get_help(context)}\n```\n"


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    for name, inner in command.commands.items() if isinstance(command, click.Group) else ():
        yield from _commands(inner, f"{path} {name}")


def configs() -> Iterator[str]:
    """Yields a section a config with a table for each of its sections: key, type, default, meaning."""
    yield "# Configs\n"
    yield "Each key of each config; `--set KEY=VALUE` replaces one, `ncvc init` writes a file to start from.\n"
    for title, config in CONFIGS.items():
        yield f"## {title}\n"
        for prefix, section in _sections(config, ""):
            yield f"### {prefix or 'at the top'}\n\n{inspect.getdoc(section)}\n"
            yield "| key | type | default | meaning |\n| --- | --- | --- | --- |"
            docs = field_docs(section)
            for key, field in fields_by_key(section).items():
                text = " ".join(docs[key].split())
                cells = (f"`{key}`", f"`{_type(field.annotation)}`", _default(field), text)
                yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
            yield ""


def _sections(config: type[pydantic.BaseModel], prefix: str) -> Iterator[tuple[str, type[pydantic.BaseModel]]]:
    yield prefix, config
    for key, field in fields_by_key(config).items():
        for inner, listed in _models(field.annotation, listed=False):
            yield from _sections(inner, f"{prefix}.{key}".lstrip(".") + ("[]" if listed else ""))


def _models(annotation: Any, *, listed: bool) -> Iterator[tuple[type[pydantic.BaseModel], bool]]:
    if inspect.isclass(annotation) and issubclass(annotation, pydantic.BaseModel):
        yield annotation, listed
    for part in get_args(annotation):
        yield from _models(part, listed=listed or get_origin(annotation) in (list, tuple))


def _type(annotation: Any) -> str:
    """Returns a type as the person who writes a config thinks of it."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(parts[0])
    if origin is Literal:
        return " | ".join(str(part) for part in parts)
    if origin in (Union, UnionType):
        return " | ".join("null" if part is NoneType else _type(part) for part in parts)
    if origin is list:
        return f"list of {_type(parts[0])}"
    if origin is dict:
        return f"map of {_type(parts[1])}"
    if origin is not None:
        return re.sub(r"\w+\.", "", str(annotation))
    names = {str: "text", int: "whole number", float: "number", bool: "true | false"}
    is_section = inspect.isclass(annotation) and issubclass(annotation, pydantic.BaseModel)
    return "section" if is_section else names.get(annotation, getattr(annotation, "__name__", str(annotation)))


def _default(field: pydantic.fields.FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default_factory_takes_validated_data:
        return "from other keys"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, pydantic.BaseModel):
        return ""
    return f"`{pydantic_core.to_json(value).decode()}`"


def names() -> Iterator[str]:
    """Yields a section a public name of `ncvc`, with its signature and documentation."""
    yield "# Python\n"
    yield f"{inspect.getdoc(ncvc)}\n"
    for name in ncvc.__all__:
        found = getattr(ncvc, name)
        if name.startswith("__"):
            continue
        yield f"## {name}\n\n{_documented(name, found)}"
        for inner in sorted(vars(found)) if inspect.isclass(found) else ():
            member = getattr(found, inner)
            if not inner.startswith("_") and inspect.getdoc(member):
                yield f"### {name}.{inner}\n\n{_documented(f'{name}.{inner}', member)}"


def _documented(name: str, found: Any) -> str:
    callable_ = callable(found) and not inspect.isclass(found)
    shown = f"```python\n{name}{inspect.signature(found)}\n```\n\n" if callable_ else ""
    return f"{shown}{inspect.getdoc(found)}\n"
