"""From raw Japanese text to your own small language model, on your own machines.

The text engine is in Rust (`ncvc._native`); its Python surface is re-exported here.
"""

from importlib.metadata import version

from ncvc._native import (
    Analyzer,
    DatasetError,
    DictionaryError,
    InputError,
    NcvcError,
    TokenizerError,
    build_dictionary,
)

__all__ = [
    "Analyzer",
    "DatasetError",
    "DictionaryError",
    "InputError",
    "NcvcError",
    "TokenizerError",
    "__version__",
    "build_dictionary",
]
__version__ = version("ncvc")
