"""Config of `ncvc preprocess`.

Defaults and ranges are declared here and in the sections only, so that every mistake is reported with file and line.
The engine knows names and types, and checks only the limits of deduplication again, on which its results depend.
"""

from pathlib import Path
from typing import Annotated, Literal

import pydantic
from pydantic_core import PydanticCustomError

from ncvc.config import Config
from ncvc.corpus.cleaning import CleaningConfig
from ncvc.corpus.duplicates import DuplicatesConfig
from ncvc.corpus.filters import FiltersConfig
from ncvc.corpus.oscar import DROPPED_WARNINGS, Category, QualityWarning
from ncvc.documents.sources import LONGEST_LINE, OnError, SourceFormat, TextEncoding

PART_BYTES = 256 * 2**20


def _is_column(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool) and value >= 1)


def _require_columns(value: object) -> object:
    """Raises an error with one message for all the types that the key may have."""
    if _is_column(value) or (isinstance(value, list) and value and all(map(_is_column, value))):
        return value
    raise PydanticCustomError("columns", "Input should be a name, the number of a column, from 1, or a list of these")


TextField = Annotated[str | int | list[str | int], pydantic.BeforeValidator(_require_columns)]


class SourceConfig(Config):
    """A source of raw text, which becomes one dataset."""

    name: Annotated[str, pydantic.Field(pattern=r"^[\w-][\w.-]*$")]
    """The dataset's name: `output/name.bin` and `output/name.idx`."""
    inputs: Annotated[list[str], pydantic.Field(min_length=1)]
    """Files, folders and patterns."""
    text_field: TextField = "text"
    """The member of each JSON object, or the column of Parquet, CSV, TSV and Excel, that holds the text. In the last
    three a column may be named by its number, from 1, and several, as in `[主訴, 現病歴]`, are joined by line feeds."""
    header: bool = True
    """True if the first row of CSV, TSV and Excel names the columns; without names `text_field` is a number."""
    format: SourceFormat = "auto"
    """Format of the files: `jsonl`, `parquet`, `text` (a file a document), `paragraphs` (separated by blank
    lines), `csv`, `tsv`, `excel`, `docx`, `pdf`, `html`, `warc`, `wikipedia` (XML dumps), or the published `oscar`
    (23.01) and `wiki40b`. `auto` goes by the name of a file, or else by its beginning, and recognises the published
    corpora document by document."""
    encoding: TextEncoding = "auto"
    """Encoding of plain text, JSON lines, CSV, TSV and HTML; `auto` recognises it file by file."""
    quality_warnings: list[QualityWarning] = pydantic.Field(default_factory=lambda: [*DROPPED_WARNINGS])
    """Drop documents of OSCAR with one of these quality warnings. The default keeps `tiny`, `short_sentences`, `header`
    and `footer`, which are judged by lines and bytes and hit good Japanese text."""
    categories: list[Category] = pydantic.Field(default_factory=list)
    """Drop documents of OSCAR whose web site is in one of these categories, such as `adult`, of the blocklists of
    Université Toulouse Capitole."""
    least_harmful_pp: Annotated[float, pydantic.Field(gt=0)] | None = None
    """Drop documents of OSCAR whose `harmful_pp` is smaller: the perplexity in a model of harmful text."""
    cleaning: CleaningConfig = CleaningConfig()
    """Treatment of private data."""
    filters: FiltersConfig = FiltersConfig()
    """Filters of documents."""
    keep_fields: list[str] | Literal["all"] | None = None
    """Members besides the text, such as `[id, date]`, that `--to text` keeps; `all` keeps all. Without it none are kept
    with `clinical: true`, as cleaning sees the text alone, and all otherwise."""
    repeated_sentences: Literal["remove", "keep"] = "remove"
    """Treatment of sentences that occurred before. `keep` is for forms and notes that fill in a template: this source
    loses no sentence, and no other source loses one for standing here."""

    @property
    def columns(self) -> tuple[str | int, ...]:
        """Columns of a table that make the text."""
        return tuple(self.text_field) if isinstance(self.text_field, list) else (self.text_field,)

    @property
    def kept_fields(self) -> list[str] | None:
        """Members that `--to text` keeps besides the text; None for all."""
        if self.keep_fields is None:
            return [] if self.cleaning.clinical else None
        return None if self.keep_fields == "all" else self.keep_fields

    @pydantic.model_validator(mode="after")
    def _columns_exist(self) -> "SourceConfig":
        if not self.header and any(isinstance(column, str) for column in self.columns):
            raise ValueError("with `header: false` columns have no names; give their numbers in `text_field`, from 1")
        return self


class PreprocessConfig(Config):
    """Config of a pass over raw text. Paths are relative to the config file."""

    sources: Annotated[list[SourceConfig], pydantic.Field(min_length=1)]
    """Sources, each with rules and a dataset of its own."""
    output: str
    """Output folder."""
    clinical: bool | None = None
    """`clinical` of every source that does not set its own in `cleaning`."""
    hospitals: bool | None = None
    """`hospitals` of every source that does not set its own in `cleaning`."""
    tokenizer: str | None = None
    """Tokenizer folder; needed for tokens, not for text."""
    begin_of_text: bool = True
    """True if each document begins with `<|begin_of_text|>`; it ends with `<|end_of_text|>` in any case."""
    analyzer: Literal["lattice", "vibrato"] = "lattice"
    """Morphological analyser: our own, or vibrato, slower and with the same morphemes, for comparison."""
    duplicates: DuplicatesConfig = DuplicatesConfig()
    """Deduplication, over all sources together."""
    threads: Annotated[int, pydantic.Field(ge=0, le=4096)] = 0
    """Worker threads, 0 for one a core; the bytes written do not depend on it."""
    on_error: OnError = "stop"
    """Treatment of unreadable input: stop with an error, or list it in `quarantine.jsonl`."""
    longest_line: Annotated[int, pydantic.Field(ge=1, lt=2**63)] = LONGEST_LINE
    """Longest line or document in bytes; longer ones count as unreadable."""
    part_bytes: Annotated[int, pydantic.Field(ge=1, lt=2**63)] = PART_BYTES
    """Approximate size in bytes of a part of the input; a killed run loses at most one part a thread."""

    @pydantic.field_validator("output")
    @classmethod
    def _names_a_folder(cls, output: str) -> str:
        if any(ord(character) < ord(" ") for character in output) or Path(output).name in ("", ".."):
            raise ValueError(f"{output!r} names no new folder; write a name such as tokens")
        return output

    @pydantic.model_validator(mode="after")
    def _sets_cleaning(self) -> "PreprocessConfig":
        for_all = {"clinical": self.clinical, "hospitals": self.hospitals}
        for number, source in enumerate(self.sources):
            missing = {
                name: value
                for name, value in for_all.items()
                if value is not None and getattr(source.cleaning, name) is None
            }
            if missing:
                cleaning = source.cleaning.model_copy(update=missing)
                self.sources[number] = source.model_copy(update={"cleaning": cleaning})
        return self

    @pydantic.model_validator(mode="after")
    def _names_differ(self) -> "PreprocessConfig":
        names = [source.name for source in self.sources]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two sources are named {twice!r}; give each a name of its own")
        return self
