from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import Any, Literal, final

__all__ = [
    "Analyzer",
    "DatasetError",
    "DictionaryError",
    "Filters",
    "InputError",
    "NcvcError",
    "Tokenizer",
    "TokenizerError",
    "allowed_characters",
    "build_dictionary",
    "clean",
    "clean_batch",
    "clean_corpus",
    "cleaning_rules",
    "cleaning_version",
    "count_morphemes",
    "encode_corpus",
    "filters_version",
]

class NcvcError(Exception):
    """Something the user can mend; the base of all others. The message says where and what to do."""

class InputError(NcvcError):
    """A line of an input file cannot be read."""

class DictionaryError(NcvcError):
    """A dictionary cannot be built or loaded."""

class TokenizerError(NcvcError):
    """A tokenizer folder cannot be loaded."""

class DatasetError(NcvcError):
    """An indexed dataset cannot be read or written."""

@final
class Analyzer:
    """A morphological analyser: the morphemes that MeCab finds with the same dictionary."""

    @staticmethod
    def load(path: str | PathLike[str], engine: Literal["lattice", "vibrato"] = "lattice") -> Analyzer:
        """Loads a dictionary file for our own analyser, or for vibrato: slower, the same morphemes, for comparison.

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

def clean(text: str) -> str:
    """The cleaned text: ten rules, until none changes anything; white space is ▁ (U+2581)."""

def clean_batch(texts: Sequence[str]) -> list[str]:
    """The cleaned texts, on all cores."""

def cleaning_rules() -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Each rule's name, what it does, and its examples: before, after, why."""

def cleaning_version() -> int:
    """The version of the rules; a tokenizer folder of another version is refused."""

def allowed_characters() -> str:
    """Every character that cleaned text may hold, white space and line feeds apart."""

@final
class Tokenizer:
    """Turns raw text into ids: cleaning, morphological analysis, pieces."""

    @staticmethod
    def load(folder: str | PathLike[str]) -> Tokenizer:
        """Loads a folder that `ncvc tokenizer train` wrote.

        Raises `TokenizerError` or `DictionaryError` if it is none, damaged or made with other cleaning rules,
        `OSError` if it cannot be read.
        """

    @property
    def vocab_size(self) -> int:
        """The number of pieces, the special ones included."""

    @property
    def bos_id(self) -> int:
        """The id of `<|begin_of_text|>`."""

    @property
    def eos_id(self) -> int:
        """The id of `<|end_of_text|>`, which ends every document and pads."""

    @property
    def unk_id(self) -> int:
        """The id of `<unk>`, which cleaned text never needs."""

    def split(self, text: str) -> list[str]:
        """The morphemes of the cleaned text; joined they are `clean(text)`. ▁ and line feeds stand alone."""

    def split_batch(self, texts: Sequence[str]) -> list[list[str]]:
        """`split` of every text, on all cores."""

    def encode(self, text: str) -> list[int]:
        """The ids of the morphemes' pieces, one morpheme after the other; no special ids are added."""

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """`encode` of every text, on all cores."""

    def pieces(self, text: str) -> list[str]:
        """The pieces whose ids `encode` gives; joined they are `clean(text)`."""

    def pieces_batch(self, texts: Sequence[str]) -> list[list[str]]:
        """`pieces` of every text, on all cores."""

    def decode(self, ids: Sequence[int]) -> str:
        """The cleaned text of ids; special ids are nothing. `ValueError` for an id outside the vocabulary."""

    def decode_batch(self, ids: Sequence[Sequence[int]]) -> list[str]:
        """`decode` of every list of ids."""

    def id_to_piece(self, piece_id: int) -> str | None:
        """The piece with this id."""

    def piece_to_id(self, piece: str) -> int | None:
        """The id of this piece."""

def encode_corpus(source: Mapping[str, Any], tokenizer: Tokenizer, folder: str | PathLike[str], name: str) -> str:
    """Encodes documents into `folder/name.bin` and `folder/name.idx`; see `ncvc.corpus.sources.run_pass`.

    Like the next two it writes `dropped.jsonl` and `quarantine.jsonl` and returns a summary in JSON.
    """

def clean_corpus(source: Mapping[str, Any], folder: str | PathLike[str], name: str) -> str:
    """Writes the documents with cleaned text to `folder/name.jsonl.zst`."""

def count_morphemes(
    source: Mapping[str, Any], dictionary: str | PathLike[str], folder: str | PathLike[str], name: str
) -> str:
    """Writes `folder/name`: a morpheme, a tab and how often it occurs a line, the most frequent first."""

@final
class Filters:
    """Filters, to try them on single documents; a pass runs the same ones."""

    def __new__(cls, options: str, analyzer: Analyzer | None = None) -> Filters:
        """Filters for options as `FiltersConfig.options` writes them; adult words need the analyser.

        Raises `InputError` for a mistake in the list of adult words, `NcvcError` where the analyser is missing.
        """

    def apply(self, text: str) -> tuple[str | None, str | None]:
        """For a cleaned text: what stays of it and `None`, or `None` and the reason for which it goes."""

    def apply_batch(self, texts: Sequence[str]) -> list[tuple[str | None, str | None]]:
        """`apply` of every text, on all cores."""

    def count(self, texts: Sequence[str]) -> str:
        """What each filter does with these texts, in JSON.

        A list of filter, seen, changed, dropped, dropped_bytes, removed (lines or sentences) and removed_bytes.
        """

def filters_version() -> int:
    """The version of the filters; it changes whenever some text's verdict under the same options does."""
