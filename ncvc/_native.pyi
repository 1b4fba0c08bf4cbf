from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Literal, Self, final

from ncvc.corpus.stages import PartToFinish
from ncvc.dictionary import DictionaryInfo
from ncvc.documents.sources import EngineReading

__all__ = [
    "Analyzer",
    "DatasetError",
    "Decisions",
    "Deduplication",
    "DictionaryError",
    "Filters",
    "InputError",
    "NcvcError",
    "SourceStream",
    "Tokenizer",
    "TokenizerError",
    "allowed_characters",
    "build_dictionary",
    "clean",
    "clean_batch",
    "clean_json_lines",
    "clean_traced",
    "cleaning_rules",
    "cleaning_steps",
    "cleaning_version",
    "clinical_categories",
    "clusters",
    "compress",
    "count_morphemes",
    "decode_text",
    "decompress_body",
    "deduplication_version",
    "encode_part",
    "extract_page",
    "filters_version",
    "fingerprint_part",
    "parquet_head",
    "prepare",
    "reopen_analyzer",
    "reopen_tokenizer",
    "sentences",
    "source_statistics",
    "split_file",
    "write_part",
]

class NcvcError(Exception):
    """Base of the errors that a user can mend; the message says where, and what to do."""

class InputError(NcvcError):
    """Unreadable input; the message names file and line."""

class DictionaryError(NcvcError):
    """A dictionary cannot be built or loaded."""

class TokenizerError(NcvcError):
    """A tokenizer folder cannot be loaded."""

class DatasetError(NcvcError):
    """An indexed dataset cannot be read or written."""

@final
class Analyzer:
    """A morphological analyser: the morphemes that MeCab finds with the same dictionary.

    A pickle holds path, engine and checksum of the dictionary file; unpickling opens the file again, and raises
    `DictionaryError` if it changed. A copy is the same object.
    """

    def __copy__(self) -> Analyzer: ...
    def __deepcopy__(self, _memo: object, /) -> Analyzer: ...
    @staticmethod
    def load(path: str | PathLike[str], engine: Literal["lattice", "vibrato"] = "lattice") -> Analyzer:
        """Loads a dictionary file for our own analyser, or for vibrato: slower, the same morphemes, for comparison.

        Raises `DictionaryError` if it is none, damaged or of another format, `OSError` if it cannot be read.
        """

    @property
    def info(self) -> DictionaryInfo:
        """Header of the dictionary file."""

    @property
    def terms(self) -> str:
        """Terms that were added, as a MeCab user dictionary in CSV."""

    def split(self, text: str) -> list[str]:
        """Splits `text` into morphemes, line by line; spaces between them are left out."""

    def split_batch(self, texts: Sequence[str]) -> list[list[str]]:
        """Splits every text, on all cores; Ctrl-C stops it between two texts."""

def reopen_analyzer(path: str | PathLike[str], engine: str, checksum: int) -> Analyzer:
    """Opens the dictionary file of a pickled analyser; raises `DictionaryError` if it changed since."""

def build_dictionary(
    output: str | PathLike[str],
    *,
    base: str | PathLike[str],
    base_name: str,
    terms: Sequence[tuple[str | PathLike[str], list[str]]] = ...,
    licences: Sequence[str | PathLike[str]] = ...,
    progress: Callable[[str, int, int], object] | None = None,
) -> DictionaryInfo:
    """Builds a dictionary file from a MeCab dictionary and the terms that were read from files; see ncvc's own."""

_WebNotation = Literal["urls", "accounts", "tags"]

def clean(
    text: str,
    *,
    clinical: bool = False,
    hospitals: bool = False,
    replacement: Literal["nothing", "tag"] = "nothing",
    keep: Sequence[_WebNotation] = ...,
) -> str:
    """Cleans a text: applies ten rules until none changes anything; white space becomes ▁ (U+2581).

    With `clinical`, the clinical set of private data is replaced too, with `hospitals` names of hospitals and wards;
    see `ncvc.corpus.cleaning.CleaningConfig`.
    `keep` lists web notations that stay.
    """

def clean_batch(
    texts: Sequence[str],
    *,
    clinical: bool = False,
    hospitals: bool = False,
    replacement: Literal["nothing", "tag"] = "nothing",
    keep: Sequence[_WebNotation] = ...,
) -> list[str]:
    """Cleans every text, on all cores; Ctrl-C stops it between two texts."""

def clean_json_lines(
    lines: Sequence[str],
    text_field: str,
    *,
    clinical: bool = False,
    hospitals: bool = False,
    replacement: Literal["nothing", "tag"] = "nothing",
    keep: Sequence[_WebNotation] = ...,
) -> list[str | None]:
    """Cleans the text in `text_field` of every JSON object and keeps the rest, on all cores.

    An empty line stays empty; `None` stands for a line that is no object with a text there.
    """

def clean_traced(
    text: str,
    *,
    clinical: bool = False,
    hospitals: bool = False,
    replacement: Literal["nothing", "tag"] = "nothing",
) -> tuple[str, list[tuple[int, int, str, bool]]]:
    """Cleans a text and tells the places of private data in the given text, in its characters.

    A place is start, end, kind, and False if it holds characters beside the data, which a rule wrote as one with it.
    """

def cleaning_rules() -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Lists the rules: name, description, and examples of text before, text after and reason."""

def cleaning_steps(text: str) -> list[tuple[str, int, str]]:
    """Lists the rules that change a text, in the order of application: name, number of edits, whole text after it.

    A rule comes again where a later one uncovers something for it. Spaces are plain; with ▁ for them the last text is
    `clean(text)`, and so is the given one if nothing changes it.
    """

def clinical_categories() -> list[tuple[str, str, str, str, list[tuple[str, str, str]]]]:
    """Lists the clinical categories: name, tag, description, source, and examples as in `cleaning_rules`."""

def cleaning_version() -> int:
    """Returns the version of the rules; a tokenizer folder of another version is refused."""

def allowed_characters() -> str:
    """Returns every character that cleaned text may hold, except white space and line feeds."""

@final
class Tokenizer:
    """Encodes raw text as ids: cleaning, morphological analysis, pieces.

    A pickle holds path, engine and checksum of the folder; unpickling opens the folder again, and raises
    `TokenizerError` if it changed. A copy is the same object. Ctrl-C stops a batch between two texts.
    """

    def __copy__(self) -> Tokenizer: ...
    def __deepcopy__(self, _memo: object, /) -> Tokenizer: ...
    @staticmethod
    def load(folder: str | PathLike[str], engine: Literal["lattice", "vibrato"] = "lattice") -> Tokenizer:
        """Loads a folder that `ncvc tokenizer train` wrote, or one with the same files; the engines give the same ids.

        Raises `TokenizerError` or `DictionaryError` if it is none, is not as its manifest says, was made with other
        cleaning rules or lacks pieces for characters of cleaned text, `OSError` if it cannot be read.
        """

    @property
    def analyzer(self) -> Analyzer:
        """Morphological analyser."""

    @property
    def vocab_size(self) -> int:
        """Number of pieces, the special ones included."""

    @property
    def bos_id(self) -> int:
        """Id of `<|begin_of_text|>`."""

    @property
    def eos_id(self) -> int:
        """Id of `<|end_of_text|>`, which ends every document and pads."""

    @property
    def unk_id(self) -> int:
        """Id of `<unk>`, which cleaned text never needs."""

    def split(self, text: str) -> list[str]:
        """Splits the cleaned text into morphemes; joined they are `clean(text)`. ▁ and line feeds stand alone."""

    def split_batch(self, texts: Sequence[str]) -> list[list[str]]:
        """Splits every text, on all cores."""

    def encode(self, text: str) -> list[int]:
        """Encodes a text, morpheme by morpheme; adds no special ids."""

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Encodes every text, on all cores."""

    def encode_morphemes_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Encodes texts that are cleaned and split already, on all cores.

        A text is its morphemes, as `split` gives them, joined by U+001F, as for the Hugging Face form of the tokenizer.
        """

    def pieces(self, text: str) -> list[str]:
        """Splits a text into the pieces whose ids `encode` gives; joined they are `clean(text)`."""

    def pieces_batch(self, texts: Sequence[str]) -> list[list[str]]:
        """Splits every text into pieces, on all cores."""

    def decode(self, ids: Sequence[int]) -> str:
        """Decodes ids to cleaned text, without special ids. Raises `ValueError` for anything that is no id."""

    def decode_batch(self, ids: Sequence[Sequence[int]]) -> list[str]:
        """Decodes every list of ids."""

    def id_to_piece(self, piece_id: int) -> str | None:
        """Returns the piece with this id; None outside the vocabulary."""

    def piece_to_id(self, piece: str) -> int | None:
        """Returns the id of this piece; None if there is no such piece."""

@final
class SourceStream:
    """Bytes of a file, decompressed if it begins like gzip, bzip2, xz or Zstandard."""

    @staticmethod
    def open(path: str | PathLike[str]) -> SourceStream:
        """Opens a file; raises `OSError`."""

    @staticmethod
    def open_text(path: str | PathLike[str], encoding: str | None = None) -> SourceStream:
        """Opens a file of text in `encoding`, or in a recognised one, as UTF-8 without a byte order mark.

        A byte that is not valid in it becomes 0xFF. Raises `OSError`, and `ValueError` for what is no text.
        """

    def read(self, size: int) -> bytes:
        """Reads at most `size` bytes; none at the end.

        Raises `OSError`, without an `errno` for damaged compressed data.
        """

def parquet_head(path: str | PathLike[str], text_field: str, most: int) -> tuple[int, list[str]]:
    """Returns the number of rows of a Parquet file, and at most `most` of the first as JSON objects.

    One whose text, in `text_field`, is not UTF-8 is left out. Raises `OSError` for a file that does not open, and
    `ValueError` for one that is damaged or not Parquet.
    """

def compress(data: bytes) -> bytes:
    """Compresses bytes into a Zstandard frame; frames one after another decompress to all of them."""

def decompress_body(body: bytes, coding: Literal["br", "zstd"], most: int) -> bytes:
    """Decompresses at most `most` bytes of a body; raises `ValueError` if it is damaged."""

def extract_page(html: str) -> tuple[str, str | None] | None:
    """Extracts the main text and the title of a page; None if it is nested too deeply or has too many elements."""

def reopen_tokenizer(folder: str | PathLike[str], engine: str, checksum: int) -> Tokenizer:
    """Opens the folder of a pickled tokenizer; raises `TokenizerError` if it changed since."""

def decode_text(data: bytes, encoding: str | None = None) -> str | None:
    """Decodes `data` in this encoding, or in a detected Japanese one; None if it is not valid in it."""

def split_file(reading: EngineReading, file: tuple[str | PathLike[str], str], size: int, count: int) -> str:
    """Splits a file into `count` ranges of lines of about `size` bytes on disk; returns `FileSplit` in JSON."""

def prepare(
    reading: EngineReading,
    number: int,
    files: Sequence[tuple[str | PathLike[str], str]],
    file_range: str | None,
    extracted: str | PathLike[str] | None,
    rules: str,
    analyzer: Analyzer | None,
    folder: str | PathLike[str],
    finished: Sequence[str],
    keep_members: bool,
    kept_fields: Sequence[str] | None,
) -> list[str | None]:
    """Cleans and filters the files of task `number` into the parts of `folder` that are not there yet.

    `files` come from `SourceFile.to_engine`, `reading` from `Reading.to_engine`, `rules` from `Plan.rules`, whose
    adult-word filter needs the analyser. `file_range` is the `FileRange` of the only file, in JSON, if it is not read
    whole, `extracted` the file that `ncvc.documents.extract` wrote for them, if any. `finished` are the `raw` of the
    parts that are there, in order. Returns the SHA-256 of each file, `None` for one that could not be read to its end.
    Raises `InputError` for input that cannot be read or has changed.
    """

def encode_part(reading: EngineReading, part: PartToFinish, tokenizer: Tokenizer, begin_of_text: bool) -> None:
    """Encodes a prepared part without its duplicates, into `folder/name`; see `PreprocessConfig.begin_of_text`."""

def write_part(reading: EngineReading, part: PartToFinish) -> None:
    """Writes the text of a prepared part without its duplicates, into `folder/name`."""

def source_statistics(prepared: Sequence[str | PathLike[str]], finished: Sequence[str | PathLike[str]]) -> str:
    """Merges the statistics of the prepared and the finished parts of a source; returns `Statistics` in JSON."""

def clusters(origins: str | PathLike[str], decisions: Sequence[str | PathLike[str]], most: int) -> str:
    """Returns the `most` largest clusters of duplicates, as a JSON list of `Cluster`."""

def count_morphemes(
    reading: EngineReading,
    files: Sequence[tuple[str | PathLike[str], str]],
    dictionary: str | PathLike[str],
    path: str | PathLike[str],
) -> str:
    """Writes lines of a morpheme, a tab and its frequency into `path`, in descending order.

    Returns `ncvc.tokenizer.train.MorphemeCounts` and more counts in JSON.
    """

def sentences(text: str) -> list[str]:
    """Splits a text into sentences; joined they are the text."""

def deduplication_version() -> int:
    """Returns the version of deduplication, sentences included."""

def fingerprint_part(
    text: str | PathLike[str],
    text_field: str,
    options_json: str,
    folder: str | PathLike[str],
    least_characters: int = 0,
) -> None:
    """Writes the fingerprints of a part, JSON lines of cleaned text, into the new folder `folder`.

    `options_json` is a `DuplicatesConfig` as JSON; a document that loses sentences and has fewer than
    `least_characters` left is dropped. Does nothing if the folder exists.
    """

@final
class Deduplication:
    """Deduplication of parts together, in steps of tasks; each task reads files and writes a folder."""

    def __new__(
        cls,
        parts: Sequence[tuple[str | PathLike[str], str | PathLike[str], str]],
        options_json: str,
        folder: str | PathLike[str],
    ) -> Self:
        """Takes parts in input order: folder of fingerprints, file of cleaned text, member that holds the text."""

    def steps(self) -> list[tuple[str, int]]:
        """Lists the steps in order, each with its number of tasks; a step needs all tasks of the one before."""

    def run_task(self, step: str, task: int, tell: Callable[[Mapping[str, int]], None] | None = None) -> None:
        """Runs one task of a step unless its output exists; `tell` is called often, and may raise to stop it."""

    def run(self, threads: int) -> None:
        """Runs all steps on `threads` threads of this process."""

    def decisions(self, part: int) -> Path:
        """Returns the folder with the decisions on a part."""

@final
class Decisions:
    """Decisions on the documents of a part."""

    @staticmethod
    def read(folder: str | PathLike[str]) -> Decisions:
        """Reads the folder with the decisions."""

    def dropped(self) -> list[tuple[int, str, tuple[int, int] | None, float]]:
        """Lists the dropped documents: number, reason, part and number of the earlier one, Jaccard similarity."""

    @property
    def removed_sentences(self) -> int:
        """Number of sentences removed from documents that stay."""

    def sentences_of(self, document: int) -> list[int]:
        """Lists the numbers of the removed sentences of a document."""

    def apply(self, document: int, text: str) -> str | None:
        """Removes a document's duplicate sentences from its cleaned text; None if the document is dropped."""

@final
class Filters:
    """Filters of a pass, to try them on single documents."""

    def __new__(cls, options: str, analyzer: Analyzer | None = None) -> Filters:
        """Takes the JSON of `FiltersConfig.options`; the adult-word filter needs the analyser.

        Raises `InputError` for a mistake in the list of adult words, `NcvcError` if the analyser is missing.
        """

    def apply(self, text: str) -> tuple[str | None, str | None]:
        """Filters a cleaned text: returns the text that stays and None, or None and the reason of the drop."""

    def apply_batch(self, texts: Sequence[str]) -> list[tuple[str | None, str | None]]:
        """Filters every text, on all cores."""

    def quality(self, texts: Sequence[str]) -> list[float | None]:
        """Returns the probability of high quality of every cleaned text, on all cores; None where there is no score."""

    def count(self, texts: Sequence[str]) -> str:
        """Counts the effect of each filter on these texts, in JSON.

        Rows of filter, seen, changed, dropped, dropped_bytes, removed (lines or sentences) and removed_bytes.
        """

def filters_version() -> int:
    """Returns the version of the filters; it changes whenever equal options filter some text differently."""
