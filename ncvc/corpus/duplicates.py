"""Which duplicates are removed from a corpus, over all of its parts: first occurrence in input order stays."""

from typing import Annotated

import pydantic

from ncvc.config import Config


class DuplicatesConfig(Config):
    """What counts as a duplicate, and how much memory finding them may take."""

    documents: bool = True
    """Drop all but the first of the documents with the same clean text."""
    sentences: bool = True
    """Remove all but the first of the sentences with the same clean text."""
    min_sentence_characters: Annotated[int, pydantic.Field(ge=1, le=10_000)] = 10
    """Sentences of fewer characters are never removed; white space does not count."""
    near: Annotated[float, pydantic.Field(ge=0.1, le=1)] | None = None
    """Drop documents whose n-grams have at least this Jaccard similarity with an earlier one's, such as 0.8."""
    ngram: Annotated[int, pydantic.Field(ge=1, le=6)] = 5
    """Characters of an n-gram; white space does not count."""
    memory: Annotated[int, pydantic.Field(ge=2**16)] = 2**29
    """Bytes that the tables of one task may take; as many tasks run at a time as there are threads."""

    @property
    def any(self) -> bool:
        """Whether anything is to be removed."""
        return self.documents or self.sentences or self.near is not None
