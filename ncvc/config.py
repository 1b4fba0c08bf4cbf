"""Reads a YAML file into a typed config; reports a mistake in one sentence with file, line and remedy.

A config is a pydantic model whose fields carry their documentation and units; this module is the only
place that turns text into one.
"""

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, get_args

import pydantic
import yaml

from ncvc.errors import ConfigError
from ncvc.yaml12 import YamlError, load

SHIPPED = Path(__file__).parent.parent / "megatron_configs"
"""Folder of the training configs that come with the package, beside it in a checkout and in site-packages."""


class Config(pydantic.BaseModel):
    """Base of every config: refuses unknown keys, coerces no types, is immutable."""

    model_config = pydantic.ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        # A key that is a word of Python, such as `from`, is the alias of its field.
        serialize_by_alias=True,
    )

    extendable: ClassVar[bool] = False
    """True if a file may extend another one, `extends: other.yaml`, and state only the differences."""

    @classmethod
    def load(cls, path: str | Path, overrides: tuple[str, ...] = (), changes: tuple[str, ...] = ()) -> Self:
        """Reads `path`, applies `a.b=value` of `--set` and then of `--change`, and validates.

        Raises `ConfigError` with the file and line of the first mistake.
        """
        files = _read(Path(path), cls.extendable)
        values: dict[str, Any] = {}
        for file in reversed(files):
            values = _merge(values, file.values)
        options = [*(f"--set {text}" for text in overrides), *(f"--change {text}" for text in changes)]
        for option in options:
            _apply(values, option)
        try:
            return cls.model_validate(_with_whole_numbers(cls, values))
        except pydantic.ValidationError as error:
            # A mistyped key is also missing under its right name; the typing error is what helps.
            errors = sorted(error.errors(), key=lambda error: error["type"] != "extra_forbidden")
            raise ConfigError(_explain(cls, files, options, _joined(cls, errors))) from None


def _with_whole_numbers(annotation: Any, value: Any) -> Any:
    """Returns a value with 1e3 and 1000.0 as whole numbers where the type asks for one."""
    if isinstance(value, dict):
        fields: dict[str, Any] = next((fields_by_key(part) for part in _parts(annotation) if _is_model(part)), {})
        return {
            name: _with_whole_numbers(fields[name].annotation if name in fields else None, part)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [_with_whole_numbers(annotation, part) for part in value]
    takes_whole = isinstance(value, float) and value.is_integer() and int in _parts(annotation)
    return int(value) if takes_whole and float not in _parts(annotation) else value


def fields_by_key(cls: type[pydantic.BaseModel]) -> dict[str, pydantic.fields.FieldInfo]:
    """Maps the keys of a section, as a file has them, to their fields."""
    return {field.alias or name: field for name, field in cls.model_fields.items()}


def _parts(annotation: Any) -> list[Any]:
    """Lists a type, and the types in its brackets: of a list, of a choice."""
    return [annotation, *(part for inner in get_args(annotation) for part in _parts(inner))]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel)


@dataclass(frozen=True)
class _File:
    """One file of a config."""

    path: Path
    root: yaml.Node | None
    values: dict[str, Any]


def _read(path: Path, extendable: bool, extended_by: tuple[Path, ...] = ()) -> list[_File]:
    """Reads the file at `path`, and then those that it extends."""
    try:
        text = path.read_text(encoding="utf-8")
        root, values = load(text)
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the config: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8; save it as UTF-8") from None
    except YamlError as error:
        raise ConfigError(f"{path}{f':{error.line}' if error.line else ''}: not valid YAML: {error}") from None
    values = {} if values is None else values
    if not isinstance(values, dict):
        raise ConfigError(f"{path}:1: a config is a list of `key: value` lines")
    file = _File(path, root, values)
    if not extendable or "extends" not in values:
        return [file]
    where = f"{path}:{_line(root, ['extends'])[1]}"
    name = values.pop("extends")
    if not isinstance(name, str):
        raise ConfigError(f"{where}: 'extends' is {name!r}: write the name of another config, relative to this one")
    base = path.parent / name
    if not base.is_file():
        raise ConfigError(f"{where}: 'extends': there is no file {base}; the name is relative to this config")
    chain = (*extended_by, path.resolve())
    if base.resolve() in chain:
        raise ConfigError(f"{where}: 'extends': {base} leads back to this config; leave it out in one of them")
    return [file, *_read(base, extendable, chain)]


def _merge(base: Any, own: Any) -> Any:
    """Joins two sections key by key; a value of `own` replaces one of `base`."""
    if not isinstance(base, dict) or not isinstance(own, dict):
        return own
    return base | {key: _merge(base.get(key), value) for key, value in own.items()}


def _apply(values: dict[str, Any], option: str) -> None:
    """Sets what an option such as `--set a.b=value` says."""
    flag, _, assignment = option.partition(" ")
    name, separator, text = assignment.partition("=")
    if not separator:
        raise ConfigError(f"{option}: write it as {flag} key=value")
    *parents, last = name.split(".")
    section: Any = values
    for parent in parents:
        section = _item(section, parent, option)
        if not isinstance(section, dict | list):
            raise ConfigError(f"{option}: {parent} is not a section")
    if isinstance(section, list):
        _item(section, last, option)
    try:
        _, section[int(last) if isinstance(section, list) else last] = load(text)
    except YamlError as error:
        raise ConfigError(f"{option}: not valid YAML: {error}") from None


def _item(section: Any, name: str, option: str) -> Any:
    """Returns the value of a section's key or of a list's index; a missing key becomes a new section."""
    if isinstance(section, dict):
        return section.setdefault(name, {})
    if not name.isdecimal() or int(name) >= len(section):
        raise ConfigError(f"{option}: {name} is not a number from 0 to {len(section) - 1}")
    return section[int(name)]


def _joined(cls: type[pydantic.BaseModel], errors: list[Any]) -> Any:
    """Returns the first error; of a value that may have several types, with what each type wants.

    pydantic names the type behind the key, such as `constrained-int`.
    """
    first = errors[0]
    *place, kind = first["loc"] or ("",)
    alternatives = [error["msg"] for error in errors if error["loc"][:-1] == tuple(place)]
    is_type = isinstance(kind, str) and first["type"] != "extra_forbidden" and kind not in _keys(cls, place)
    if len(alternatives) == 1 or not is_type:
        return first
    others = [message.removeprefix("Input should be ") for message in alternatives[1:]]
    return first | {"loc": tuple(place), "msg": " or ".join([alternatives[0], *others])}


def _explain(cls: type[pydantic.BaseModel], files: list[_File], options: list[str], error: Any) -> str:
    """Puts an error of pydantic's into one sentence, at the file that has most of its location."""
    location = [part for part in error["loc"] if isinstance(part, str | int)]
    name = ".".join(map(str, location))
    where = _set_by(options, name)
    if where is None:
        places = [(*_line(file.root, location), file.path) for file in files]
        _, line, path = max(places, key=lambda place: place[0])
        where = f"{path}:{line}"
    match error["type"]:
        case "extra_forbidden":
            known = _keys(cls, location[:-1])
            near = difflib.get_close_matches(str(location[-1]), known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
            return f"{where}: unknown key {name!r}; {hint}"
        case "missing":
            return f"{where}: {name!r} is missing; add it"
        case "invalid_key":
            return f"{where}: the key {error['input']!r} is not text; write it in quotes"
        case "value_error":
            return f"{where}: {name + ': ' if name else ''}{error['ctx']['error']}"
        case _:
            return f"{where}: {name!r} is {error['input']!r}: {error['msg'][0].lower()}{error['msg'][1:]}"


def _set_by(options: list[str], name: str) -> str | None:
    """Returns the last option that gave a key, the section that it is in, or a part of it; None if the files did."""
    for option in reversed(options):
        key = option.partition(" ")[2].partition("=")[0]
        if not name or f"{name}.".startswith(f"{key}.") or key.startswith(f"{name}."):
            return option
    return None


def _keys(cls: type[pydantic.BaseModel], location: list[str | int]) -> list[str]:
    for part in location:
        field = fields_by_key(cls).get(str(part))
        annotation = field.annotation if field else None
        # A list of sections, an optional section: what is in the brackets counts.
        for inner in (annotation, *get_args(annotation)):
            if isinstance(inner, type) and issubclass(inner, pydantic.BaseModel):
                cls = inner
    return list(fields_by_key(cls))


def _line(node: yaml.Node | None, location: list[str | int]) -> tuple[int, int]:
    """Returns the number of leading parts of `location` that the file has, and the line of the last."""
    line, depth = 1, 0
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
        depth += 1
    return depth, line
