"""Reads the documentation of a config's fields, the string below each, from the source.

Only when somebody asks: pydantic's `use_attribute_docstrings` reads the source of every model at each start, a tenth of
what `ncvc preprocess` takes for one document.
"""

import ast
import inspect
import itertools
import textwrap

import pydantic


def field_docs(cls: type[pydantic.BaseModel]) -> dict[str, str]:
    """Maps the keys of a section, as a file has them, to the documentation of their fields; "" where there is none."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if issubclass(base, pydantic.BaseModel) and base is not pydantic.BaseModel:
            found.update(_own_docs(base))
    return {field.alias or name: found.get(name, "") for name, field in cls.model_fields.items()}


def _own_docs(cls: type[pydantic.BaseModel]) -> dict[str, str]:
    [definition] = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(definition, ast.ClassDef)
    docs: dict[str, str] = {}
    for field, below in itertools.pairwise(definition.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                docs[name] = inspect.cleandoc(text)
    return docs
