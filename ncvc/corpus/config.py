"""What `ncvc preprocess` is told."""

from typing import Annotated

import pydantic

from ncvc.config import Config
from ncvc.corpus.sources import LONGEST_LINE, OnError, SourceFormat, TextEncoding


class PreprocessConfig(Config):
    """A pass over raw text. Paths are relative to the config file."""

    inputs: Annotated[list[str], pydantic.Field(min_length=1)]
    """Files, folders and patterns; see `format`."""
    output: str
    """The folder to write."""
    tokenizer: str | None = None
    """The tokenizer folder; needed for tokens, not for text."""
    name: Annotated[str, pydantic.Field(pattern=r"^[\w.-]+$")] = "corpus"
    """The dataset's name: `output/name.bin` and `output/name.idx`."""
    text_field: str = "text"
    """The member of each JSON object, or the column of Parquet, that holds the text."""
    format: SourceFormat = "auto"
    """How files hold documents: JSON lines, Parquet, a text a file, paragraphs between blank lines, HTML or WARC, or
    the published OSCAR 23.01 and Wiki-40B. `auto` goes by each file's name and each document's form."""
    encoding: TextEncoding = "auto"
    """The encoding of plain text and HTML; `auto` recognises it file by file."""
    quality_warnings: list[str] = pydantic.Field(default_factory=lambda: ["noisy"])
    """Documents of OSCAR with one of these quality warnings are dropped. The default keeps `tiny`, `short_sentences`,
    `header` and `footer`, which are judged by lines and bytes and hit good Japanese text."""
    threads: Annotated[int, pydantic.Field(ge=0)] = 0
    """Worker threads; 0 is one a core. The bytes written do not depend on it."""
    on_error: OnError = "stop"
    """What to do with what cannot be read: stop with an error, or set it aside in `quarantine.jsonl`."""
    longest_line: Annotated[int, pydantic.Field(ge=1)] = LONGEST_LINE
    """The longest line or document that is read, in bytes; longer ones cannot be read."""
