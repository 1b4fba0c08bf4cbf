"""What `ncvc preprocess` is told."""

from typing import Annotated

import pydantic

from ncvc.config import Config
from ncvc.corpus.sources import LONGEST_LINE, OnError


class PreprocessConfig(Config):
    """A pass over raw text. Paths are relative to the config file."""

    inputs: Annotated[list[str], pydantic.Field(min_length=1)]
    """Files, folders and patterns of JSON lines, plain or compressed (.gz, .zst)."""
    output: str
    """The folder to write."""
    tokenizer: str | None = None
    """The tokenizer folder; needed for tokens, not for text."""
    name: Annotated[str, pydantic.Field(pattern=r"^[\w.-]+$")] = "corpus"
    """The dataset's name: `output/name.bin` and `output/name.idx`."""
    text_field: str = "text"
    """The member of each JSON object that holds the text."""
    threads: Annotated[int, pydantic.Field(ge=0)] = 0
    """Worker threads; 0 is one a core. The bytes written do not depend on it."""
    on_error: OnError = "stop"
    """What to do with what cannot be read: stop with an error, or set it aside in `quarantine.jsonl`."""
    longest_line: Annotated[int, pydantic.Field(ge=1)] = LONGEST_LINE
    """The longest line that is read, in bytes; longer ones cannot be read."""
