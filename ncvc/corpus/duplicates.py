"""Options of deduplication. Of duplicates the first in input order stays, over all sources."""

from typing import Annotated, Literal

import pydantic

from ncvc.config import Config


class DuplicatesConfig(Config):
    """Kinds of duplicates to remove, and the memory for finding them."""

    documents: bool = True
    """Drop all but the first of the documents with the same clean text."""
    sentences: bool = True
    """Remove all but the first of the sentences with the same clean text."""
    min_sentence_characters: Annotated[int, pydantic.Field(ge=1, le=10_000)] = 10
    """Keep all sentences of fewer characters; white space does not count."""
    near: Annotated[float, pydantic.Field(ge=0.1, le=1)] | None = None
    """Drop documents whose n-grams have at least this Jaccard similarity with those of an earlier one, such as 0.8."""
    ngram: Annotated[int, pydantic.Field(ge=1, le=6)] = 5
    """Length of an n-gram in characters; white space does not count."""
    memory: Annotated[int, pydantic.Field(ge=2**16)] = 2**29
    """Memory of one task in bytes; as many tasks run at a time as there are threads."""

    def of_source(self, repeated_sentences: Literal["remove", "keep"]) -> "DuplicatesConfig":
        """Returns the options of a source that removes repeated sentences or keeps them."""
        return self if repeated_sentences == "remove" else self.model_copy(update={"sentences": False})

    @property
    def any(self) -> bool:
        """True if deduplication has anything to do."""
        return self.documents or self.sentences or self.near is not None
