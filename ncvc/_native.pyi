from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, final

class NcvcError(Exception): ...
class InputError(NcvcError): ...
class DictionaryError(NcvcError): ...
class TokenizerError(NcvcError): ...
class DatasetError(NcvcError): ...

@final
class Analyzer:
    """A morphological analyser: the morphemes that MeCab finds with the same dictionary."""

    @staticmethod
    def load(path: str | PathLike[str]) -> Analyzer:
        """Loads a dictionary file.

        Raises `DictionaryError` if it is none, damaged or of another format, `OSError` if it cannot be read.
        """

    @property
    def info(self) -> dict[str, Any]:
        """What the dictionary was made of: base, rows, terms, skipped, inputs, licences, settings."""

    @property
    def terms(self) -> str:
        """The terms that were added, as a MeCab user dictionary in CSV."""

    def split(self, text: str) -> list[str]:
        """The morphemes of `text`, line by line; the spaces between them are left out."""

    def split_batch(self, texts: Sequence[str]) -> list[list[str]]:
        """The morphemes of each text, on all cores; Ctrl-C is heard."""

def build_dictionary(
    output: str | PathLike[str],
    *,
    base: str | PathLike[str],
    base_name: str,
    terms: Sequence[str | PathLike[str]] = ...,
    licences: Sequence[str | PathLike[str]] = ...,
    progress: Callable[[str, int, int], object] | None = None,
) -> dict[str, Any]:
    """Makes a dictionary file of a MeCab dictionary (compiled or sources) and lists of terms.

    Terms go through `ncvc.clean` first, so that they match cleaned text. `progress` is called with what is being
    done, how much of it is done and of how much (0 where that is not counted); an exception of its stops the work.
    Returns what `Analyzer.info` says of the file. Raises `DictionaryError`, `InputError` or `OSError`.
    """
