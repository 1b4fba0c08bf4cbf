"""Makes `AutoTokenizer` of transformers exact for folders of ours.

`import ncvc` is enough, before or after transformers; vLLM calls `register` in each of its processes. Nothing of
transformers is imported before it is used.
"""

import os
import sys

from ncvc.auto_tokenizer import EXACT

TYPE_CHECKING = False
if TYPE_CHECKING:  # for type checkers: every command imports this module
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

AUTO = "transformers.models.auto.tokenization_auto"
_FOR_THE_CHOICE = ("config", "tokenizer_type", "trust_remote_code", "use_fast")
"""Arguments by which `AutoTokenizer` chooses a class."""


def register() -> None:
    """Makes `AutoTokenizer.from_pretrained` give `ExactTokenizerFast` for folders with a tokenizer of ours."""
    import importlib

    _register(importlib.import_module(AUTO))


def register_when_imported() -> None:
    """Calls `register` now if transformers' auto classes are there, and otherwise as soon as they are imported."""
    if module := sys.modules.get(AUTO):
        _register(module)
    elif not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder:
    """Finds transformers' module of auto tokenizers as Python does, and registers once it is executed."""

    @staticmethod
    def find_spec(
        name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        """Returns the spec of that one module, and of no other."""
        if name != AUTO:
            return None
        from importlib.machinery import PathFinder

        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_register(module: "ModuleType") -> None:
                execute(module)
                _register(module)

            spec.loader.exec_module = execute_and_register  # type: ignore[method-assign]
        return spec


def _register(module: "ModuleType") -> None:
    """Wraps `from_pretrained`, since no table of transformers goes by what is in a folder.

    The class that `tokenizer_config.json` names is the stock one, so that the folder loads without ncvc too.
    """
    import functools

    auto = module.AutoTokenizer
    stock = auto.from_pretrained.__func__
    if hasattr(stock, "ncvc"):
        return

    @functools.wraps(stock)
    def from_pretrained(cls: type, pretrained_model_name_or_path: "Any", *inputs: "Any", **kwargs: "Any") -> "Any":
        if kwargs.get("subfolder") or not _holds_ours(pretrained_model_name_or_path):
            return stock(cls, pretrained_model_name_or_path, *inputs, **kwargs)
        from ncvc.auto_tokenizer.exact import ExactTokenizerFast

        kwargs = {name: value for name, value in kwargs.items() if name not in _FOR_THE_CHOICE}
        return ExactTokenizerFast.from_pretrained(pretrained_model_name_or_path, *inputs, **kwargs)

    from_pretrained.ncvc = True  # type: ignore[attr-defined]
    auto.from_pretrained = classmethod(from_pretrained)


def _holds_ours(folder: "Any") -> bool:
    """Returns whether it is a folder on this machine with a tokenizer folder of ours in it."""
    return isinstance(folder, str | os.PathLike) and os.path.isfile(f"{os.fspath(folder)}/{EXACT}/dictionary")  # noqa: PTH113 (pathlib is slow to import)
