"""From raw Japanese text to your own small language model, on your own machines.

The text engine is in Rust (`ncvc._native`); its Python surface is re-exported here.
"""

from importlib.metadata import version

from ncvc._native import (
    Analyzer,
    Tokenizer,
    build_dictionary,
    clean,
    clean_batch,
)
from ncvc.errors import DatasetError, DictionaryError, InputError, NcvcError, TokenizerError
from ncvc.indexed import IndexedDataset

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
__version__ = version("ncvc")
