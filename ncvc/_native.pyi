from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal, Self, final

__all__ = [
    "Analyzer",
    "DatasetError",
    "Decisions",
    "Deduplication",
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
    "clean_json_lines",
    "cleaning_rules",
    "cleaning_version",
    "clinical_categories",
    "clusters",
    "count_morphemes",
    "decode_text",
    "encode_part",
    "filters_version",
    "fingerprint_part",
    "join_files",
    "join_tokens",
    "prepare",
    "sentences",
    "source_statistics",
    "write_part",
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

def clean(text: str, *, clinical: bool = False, replacement: Literal["nothing", "tag"] = "nothing") -> str:
    """The cleaned text: ten rules, until none changes anything; white space is ▁ (U+2581).

    With `clinical` the clinical set of private data is replaced too; see `ncvc.corpus.cleaning.CleaningConfig`.
    """

def clean_batch(
    texts: Sequence[str], *, clinical: bool = False, replacement: Literal["nothing", "tag"] = "nothing"
) -> list[str]:
    """The cleaned texts, on all cores."""

def clean_json_lines(
    lines: Sequence[str],
    text_field: str,
    *,
    clinical: bool = False,
    replacement: Literal["nothing", "tag"] = "nothing",
) -> list[str | None]:
    """Each JSON object with the text in `text_field` cleaned and the rest as it was, on all cores.

    An empty line stays empty; what is no object with a text there is `None`.
    """

def cleaning_rules() -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Each rule's name, what it does, and its examples: before, after, why."""

def clinical_categories() -> list[tuple[str, str, str, str, list[tuple[str, str, str]]]]:
    """Each clinical category's name, tag, what it replaces, source, and examples: before, after, why."""

def cleaning_version() -> int:
    """The version of the rules; a tokenizer folder of another version is refused."""

def allowed_characters() -> str:
    """Every character that cleaned text may hold, white space and line feeds apart."""

@final
class Tokenizer:
    """Turns raw text into ids: cleaning, morphological analysis, pieces."""

    @staticmethod
    def load(folder: str | PathLike[str], engine: Literal["lattice", "vibrato"] = "lattice") -> Tokenizer:
        """Loads a folder that `ncvc tokenizer train` wrote; the engines give the same ids.

        Raises `TokenizerError` or `DictionaryError` if it is none, damaged or made with other cleaning rules,
        `OSError` if it cannot be read.
        """

    @property
    def analyzer(self) -> Analyzer:
        """What finds the morphemes."""

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

    def encode_morphemes_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of texts that are cleaned and analysed already, on all cores.

        A text is its morphemes, as `split` gives them, joined by U+001F: what the Hugging Face form of the tokenizer
        takes.
        """

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

def decode_text(data: bytes, encoding: str | None = None) -> str | None:
    """The text of `data` in this encoding, or in a Japanese one that is recognised; None if it is not text in it."""

def prepare(
    reading: Mapping[str, Any],
    number: int,
    files: Sequence[tuple[str | PathLike[str], str]],
    extracted: str | PathLike[str] | None,
    rules: str,
    analyzer: Analyzer | None,
    folder: str | PathLike[str],
    finished: Sequence[str],
    keep_members: bool,
) -> list[str | None]:
    """Cleans the files of task `number` into those parts of `folder` that are not there yet.

    `files` are `ncvc.documents.sources.SourceFile.native()`; `extracted` is what `ncvc.documents.extract` made of them.
    `reading` is `ncvc.documents.sources.Reading.native()`; `rules` are `ncvc.corpus.plan.Plan.rules()`, whose
    filter of adult words needs the analyser; `finished` are the `raw` of the records of the parts that
    are there, in order. Returns the SHA-256 of each file, `None` for one that could not be read to its end.
    Raises `InputError` for what cannot be read or has changed.
    """

def encode_part(reading: Mapping[str, Any], part: Mapping[str, Any], tokenizer: Tokenizer) -> None:
    """Encodes a prepared part: its `text`, less what the `decisions` on it leave out, into `folder/name`."""

def write_part(reading: Mapping[str, Any], part: Mapping[str, Any]) -> None:
    """Writes the text of a prepared part, as `encode_part` encodes it."""

def source_statistics(prepared: Sequence[str | PathLike[str]], finished: Sequence[str | PathLike[str]]) -> str:
    """The statistics of a source's prepared parts and of the same ones finished, in JSON."""

def clusters(origins: str | PathLike[str], decisions: Sequence[str | PathLike[str]], most: int) -> str:
    """The `most` largest groups of documents that repeat one that stays, in JSON."""

def join_tokens(prefix: str | PathLike[str], parts: Sequence[str | PathLike[str]], vocab_size: int) -> tuple[int, int]:
    """Joins encoded parts into `prefix.bin` and `prefix.idx`; returns the number of documents and of tokens."""

def join_files(path: str | PathLike[str], parts: Sequence[str | PathLike[str]]) -> None:
    """Joins files into one."""

def count_morphemes(
    reading: Mapping[str, Any],
    files: Sequence[tuple[str | PathLike[str], str]],
    dictionary: str | PathLike[str],
    path: str | PathLike[str],
) -> str:
    """Writes `path`: a morpheme, a tab and how often it occurs a line, the most frequent first.

    Returns what was seen, in JSON.
    """

def sentences(text: str) -> list[str]:
    """The sentences of a text, which together are the text."""

def fingerprint_part(
    text: str | PathLike[str], text_field: str, options_json: str, folder: str | PathLike[str]
) -> None:
    """Writes the fingerprints of a part's clean text, JSON lines, into the new folder `folder`.

    `options_json` is a `DuplicatesConfig` as JSON. Does nothing if the folder is there.
    """

@final
class Deduplication:
    """Which parts are deduplicated together: steps of tasks that read files and write a folder each."""

    def __new__(
        cls,
        parts: Sequence[tuple[str | PathLike[str], str | PathLike[str], str]],
        options_json: str,
        folder: str | PathLike[str],
    ) -> Self:
        """Parts in input order: the folder of fingerprints, the file of clean text, the member that holds it."""

    def steps(self) -> list[tuple[str, int]]:
        """The steps in order, each with its number of tasks; a step begins when the one before has ended."""

    def run_task(self, step: str, task: int, tell: Callable[[Mapping[str, int]], None] | None = None) -> None:
        """Does one task of a step, unless its files are there; `tell` is called now and then, and may raise."""

    def run(self, threads: int) -> None:
        """Does all steps on threads of this process."""

    def decisions(self, part: int) -> Path:
        """The folder with the decisions on a part."""

@final
class Decisions:
    """The decisions on a part."""

    @staticmethod
    def read(folder: str | PathLike[str]) -> Decisions:
        """Reads the folder with the decisions."""

    def dropped(self) -> list[tuple[int, str, tuple[int, int] | None, float]]:
        """The dropped documents: number, reason, part and number of the earlier one, Jaccard similarity."""

    @property
    def removed_sentences(self) -> int:
        """How many sentences are taken out of documents that stay."""

    def sentences_of(self, document: int) -> list[int]:
        """The numbers of the sentences that a document loses."""

    def apply(self, document: int, text: str) -> str | None:
        """What stays of a document's clean text; None if it is dropped."""

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
