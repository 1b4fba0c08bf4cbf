"""Writes a config file to start from: every key of a typed config, its documentation as a comment, its default."""

import inspect
import textwrap
import types
from collections.abc import Iterator, Mapping
from typing import Any, Literal, Union, get_args, get_origin

import pydantic
import yaml

from ncvc.config import Config, fields_by_key
from ncvc.field_docs import field_docs

WIDTH = 100
"""Columns of a comment."""


def template(cls: type[Config], example: Mapping[str, Any]) -> str:
    """Returns YAML that loads as `cls`: the values of `example`, and for all other keys the defaults.

    `example` has nested mappings for sections and must have the keys without a default.
    """
    return "\n".join(_section(cls, example, "")) + "\n"


def _section(cls: type[Config], values: Mapping[str, Any], indent: str) -> Iterator[str]:
    docs = field_docs(cls)
    for name, field in fields_by_key(cls).items():
        value = (
            values[name]
            if name in values
            else field.get_default(call_default_factory=True, validated_data=dict(values))
        )
        section = next((part for part in _parts(field.annotation) if _is_config(part)), None)
        if indent == "":
            yield ""
        yield from _comment(docs[name], field, section, indent)
        if section is None or not value:
            yield f"{indent}{name}: {_scalar(value)}"
        elif isinstance(value, Config | Mapping):
            yield f"{indent}{name}:"
            yield from _section(section, _mapping(value), indent + "  ")
        else:
            yield f"{indent}{name}:"
            for item in value:
                lines = list(_section(section, _mapping(item), indent + "    "))
                first = next(number for number, line in enumerate(lines) if not line.lstrip().startswith("#"))
                # The dash stands before the item's first key, below that key's comment.
                lines[first] = f"{indent}  - {lines[first].lstrip()}"
                yield from lines


def _comment(doc: str, field: pydantic.fields.FieldInfo, section: type[Config] | None, indent: str) -> Iterator[str]:
    """Yields the field's docstring, else its section's, and the values that it may have if they are few."""
    text = doc or (inspect.getdoc(section) if section else None) or ""
    choices = _choices(field.annotation)
    if choices:
        text += f" One of: {', '.join(choices)}."
    wrapped = textwrap.wrap(" ".join(text.split()), WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    yield from (f"{indent}# {line}" for line in wrapped)


def _choices(annotation: Any) -> list[str]:
    """Returns the values of a `Literal`, alone or among other types; nothing for a type with other values too."""
    found: list[str] = []
    for part in _parts(annotation):
        if get_origin(part) is Literal:
            found += [_scalar(value) for value in get_args(part)]
        elif part is bool:
            found += ["true", "false"]
        elif part is type(None):
            found.append("null")
        else:
            return []
    return found if found not in (["true", "false"], ["null"]) else []


def _parts(annotation: Any) -> Iterator[Any]:
    """Yields the types of a union, of what is annotated, and of a list's items if those are sections."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _parts(part)
    elif origin is list and all(map(_is_config, get_args(annotation))):
        yield from get_args(annotation)
    elif hasattr(annotation, "__metadata__"):
        yield from _parts(get_args(annotation)[0])
    else:
        yield annotation


def _is_config(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, Config)


def _mapping(value: Config | Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(value, Config):
        return value
    return {field.alias or name: getattr(value, name) for name, field in type(value).model_fields.items()}


def _scalar(value: Any) -> str:
    """Writes a value, or a list of values, on one line of YAML."""
    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    return text.removesuffix("...\n").strip()
