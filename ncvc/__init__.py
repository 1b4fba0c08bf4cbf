"""From raw Japanese text to your own small language model, on your own machines.

The text engine is in Rust (`ncvc._native`); its Python surface is re-exported here, and loaded when it is used.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:  # for type checkers: importing `typing`, the engine or numpy would slow every command down
    from ncvc._native import Analyzer, Tokenizer, clean, clean_batch
    from ncvc.dictionary.build import build_dictionary
    from ncvc.errors import DatasetError, DictionaryError, InputError, NcvcError, TokenizerError
    from ncvc.indexed import IndexedDataset

    __version__: str
else:
    from ncvc.auto_tokenizer.register import register_when_imported

    register_when_imported()

    def __getattr__(name: str) -> object:
        """Loads a name of `__all__` when it is first used (PEP 562)."""
        import importlib

        if name == "__version__":
            value = importlib.import_module("importlib.metadata").version("ncvc")
        elif name == "IndexedDataset":
            value = importlib.import_module("ncvc.indexed").IndexedDataset
        elif name == "build_dictionary":
            value = importlib.import_module("ncvc.dictionary.build").build_dictionary
        elif name in __all__:
            value = getattr(importlib.import_module("ncvc._native"), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


__all__ = [
    "Analyzer",
    "DatasetError",
    "DictionaryError",
    "IndexedDataset",
    "InputError",
    "NcvcError",
    "Tokenizer",
    "TokenizerError",
    "__version__",
    "build_dictionary",
    "clean",
    "clean_batch",
]
