"""What `ncvc preprocess` is told."""

from typing import Annotated, Literal

import pydantic

from ncvc.config import Config
from ncvc.corpus.cleaning import CleaningConfig
from ncvc.corpus.duplicates import DuplicatesConfig
from ncvc.corpus.filters import FiltersConfig
from ncvc.documents.sources import LONGEST_LINE, OnError, SourceFormat, TextEncoding

PART_BYTES = 256 * 2**20


class SourceConfig(Config):
    """Raw text that becomes one dataset."""

    name: Annotated[str, pydantic.Field(pattern=r"^[\w-][\w.-]*$")]
    """The dataset's name: `output/name.bin` and `output/name.idx`."""
    inputs: Annotated[list[str], pydantic.Field(min_length=1)]
    """Files, folders and patterns; see `format`."""
    text_field: str = "text"
    """The member of each JSON object, or the column of Parquet, that holds the text."""
    format: SourceFormat = "auto"
    """How files hold documents: `jsonl`, `parquet`, `text` (a file a document), `paragraphs` (separated by blank
    lines), `html`, `warc`, or the published `oscar` (23.01) and `wiki40b`. `auto` goes by the names of files, or else
    their beginnings, and recognises the published corpora document by document."""
    encoding: TextEncoding = "auto"
    """The encoding of plain text and HTML; `auto` recognises it file by file."""
    quality_warnings: list[str] = pydantic.Field(default_factory=lambda: ["noisy"])
    """Documents of OSCAR with one of these quality warnings are dropped. The default keeps `tiny`, `short_sentences`,
    `header` and `footer`, which are judged by lines and bytes and hit good Japanese text."""
    cleaning: CleaningConfig = CleaningConfig()
    """How private data is treated."""
    filters: FiltersConfig = FiltersConfig()
    """Which documents are worth learning from."""


class PreprocessConfig(Config):
    """A pass over raw text. Paths are relative to the config file."""

    sources: Annotated[list[SourceConfig], pydantic.Field(min_length=1)]
    """What is read, each with rules and a dataset of its own."""
    output: str
    """The folder to write."""
    tokenizer: str | None = None
    """The tokenizer folder; needed for tokens, not for text."""
    analyzer: Literal["lattice", "vibrato"] = "lattice"
    """What finds morphemes: our own analyser, or vibrato, slower and with the same morphemes, for comparison."""
    duplicates: DuplicatesConfig = DuplicatesConfig()
    """What is removed because it stood before, over all sources together."""
    threads: Annotated[int, pydantic.Field(ge=0)] = 0
    """Worker threads; 0 is one a core. The bytes written do not depend on it."""
    on_error: OnError = "stop"
    """What to do with what cannot be read: stop with an error, or set it aside in `quarantine.jsonl`."""
    longest_line: Annotated[int, pydantic.Field(ge=1)] = LONGEST_LINE
    """The longest line or document that is read, in bytes; longer ones cannot be read."""
    part_bytes: Annotated[int, pydantic.Field(ge=1)] = PART_BYTES
    """About how many bytes of input are finished at a time; a killed run loses at most that much work a thread."""

    @pydantic.model_validator(mode="after")
    def _names_differ(self) -> "PreprocessConfig":
        names = [source.name for source in self.sources]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two sources are named {twice!r}; give each a name of its own")
        return self
