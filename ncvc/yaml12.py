"""Reads and writes YAML 1.2 by its core schema: `off`, `0777`, `1:30` and dates are text, `1e-3` is a number.

PyYAML reads YAML 1.1, where they are a truth value, octal, base 60 and a date. Documents that would take without end,
such as aliases of aliases of aliases, are refused before they are expanded.
"""

import re
from typing import Any

import yaml

MOST_NODES = 100_000
"""Values and keys of a document with its aliases written out; the largest config that ships has 150."""
DEEPEST = 50
"""Levels of nesting."""
MOST_DIGITS = 40
"""Digits of a whole number."""

_SCALARS = {
    "null": r"~|null|Null|NULL|",
    "bool": r"true|True|TRUE|false|False|FALSE",
    "int": r"[-+]?(0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+",
    "float": r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)|[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
    "merge": r"<<",
}
"""Forms of plain scalars by tag (YAML 1.2.2, 10.3.2); all others are text, numbers with leading zeros too."""


class YamlError(ValueError):
    """A document that cannot be read; `line` counts from 1, and is 0 where it is not known."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


class _Loader(yaml.SafeLoader):
    def fetch_flow_collection_start(self, TokenClass: Any) -> None:  # noqa: N803
        """Refuses what is nested too deeply where it is read: PyYAML's time grows with the square of the depth."""
        if self.flow_level >= DEEPEST:
            raise YamlError(f"nested deeper than {DEEPEST} levels", self.line + 1)
        super().fetch_flow_collection_start(TokenClass)


# PyYAML's stubs say that it is an attribute of each loader; it is one of the class.
_Loader.yaml_implicit_resolvers = {
    None: [(f"tag:yaml.org,2002:{name}", re.compile(f"(?:{form})\\Z")) for name, form in _SCALARS.items()]
}


def _construct_int(loader: _Loader, node: yaml.ScalarNode) -> int:
    text = node.value
    if len(text) > MOST_DIGITS:
        raise yaml.constructor.ConstructorError(
            None, None, f"a number of {len(text)} digits; the longest has {MOST_DIGITS}", node.start_mark
        )
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


_Loader.add_constructor("tag:yaml.org,2002:int", _construct_int)


class _Dumper(yaml.SafeDumper):
    """Quotes text that either version would read as something else."""


for _name in ("int", "float"):
    _form = re.compile(f"(?:{_SCALARS[_name]})\\Z")
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", _form, list("-+.0123456789"))


def load(text: str) -> tuple[yaml.Node | None, Any]:
    """Returns a document's nodes, for their lines, and its value; None and None for an empty one.

    Raises `YamlError`.
    """
    try:
        root = yaml.compose(text, Loader=_Loader)
        if root is None:
            return None, None
        _require_small(root)
        _refuse_repeated_keys(root)  # before merged keys are among the others
        loader = _Loader("")
        return root, loader.construct_document(root)
    except YamlError:
        raise
    except RecursionError:
        raise YamlError(f"nested deeper than {DEEPEST} levels") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        message = str(getattr(error, "problem", None) or error).splitlines()[0]
        raise YamlError(message, mark.line + 1 if mark else 0) from None
    except (ValueError, TypeError, AttributeError) as error:  # of a value that does not fit its explicit tag
        raise YamlError(str(error).splitlines()[0]) from None


def _refuse_repeated_keys(node: yaml.Node) -> None:
    """Raises `YamlError` for a key that is there twice, which YAML forbids and PyYAML reads."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise YamlError(f"{key.value!r} is written twice; keep one", key.start_mark.line + 1)
                seen.add(key.value)
            _refuse_repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_repeated_keys(value)


def dump(value: Any) -> str:
    """Writes a value; `load` gives it back, and so do readers of YAML 1.1."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True)
    return text


def _require_small(root: yaml.Node) -> None:
    """Raises `YamlError` for a node that holds itself, is nested too deeply, or is too large once it is expanded."""
    sizes: dict[int, int] = {}
    inside: set[int] = set()

    def size(node: yaml.Node, depth: int) -> int:
        line = node.start_mark.line + 1
        if id(node) in inside:
            raise YamlError("an alias that leads back to what it is in", line)
        if depth > DEEPEST:
            raise YamlError(f"nested deeper than {DEEPEST} levels", line)
        if id(node) in sizes or isinstance(node, yaml.ScalarNode):
            return sizes.get(id(node), 1)
        inside.add(id(node))
        children = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
        found = 1 + sum(size(child, depth + 1) for child in children)
        inside.remove(id(node))
        if found > MOST_NODES:
            raise YamlError(f"more than {MOST_NODES:,} values, with its aliases written out", line)
        sizes[id(node)] = found
        return found

    size(root, 1)
