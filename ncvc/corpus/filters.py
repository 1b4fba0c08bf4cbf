"""Options of the filters; docs/filters.md has their sources and examples."""

import json
from pathlib import Path
from typing import Annotated, Literal

import pydantic

from ncvc.config import Config
from ncvc.corpus.quality import Quality
from ncvc.errors import ConfigError

ADULT_WORDS = Path(__file__).with_name("adult_words.txt")

Fraction = Annotated[float, pydantic.Field(ge=0, le=1)]
Count = Annotated[int, pydantic.Field(ge=0)]
Length = Annotated[int, pydantic.Field(ge=1, le=1000)]


class CopyrightNotices(Config):
    """Filter of texts with a notice that they may not be used."""

    remove: Literal["document", "line"] = "document"
    """Remove the whole document, as in the papers, or the line with the notice."""


class UnfinishedSentences(Config):
    """Filter of teasers that go on elsewhere, and of text without sentences."""

    remove: Literal["document", "sentence"] = "document"
    """Remove a document that ends in a cut-off sentence or has too many of them, or only these sentences."""
    most_cut_off: Fraction = 0.2
    """Largest fraction of sentences that may be cut off; for `remove: document`."""
    most_unended: Fraction = 1.0
    """Largest fraction of characters in lines without the end of a sentence; 1 lets all pass, as notes in telegram
    style have none."""


class TooShort(Config):
    """Filter of documents too short to teach anything."""

    least_characters: Count = 10
    """Smallest number of characters, without white space."""


class Japanese(Config):
    """Filter of documents in other scripts."""

    least_japanese: Fraction = 0.3
    """Smallest fraction of kana and kanji among the letters of all scripts."""
    least_hiragana: Fraction = 0.05
    """Smallest fraction of hiragana among the characters."""
    hiragana_from: Count = 100
    """Length in characters below which no hiragana is needed: clinical findings are kanji, numbers and units."""


class Repetition(Config):
    """Filter of documents that repeat themselves."""

    least_characters: Count = 200
    """Length in characters below which documents pass."""
    most_lines: Fraction = 0.3
    """Largest fraction of repeated lines."""
    most_line_characters: Fraction = 0.2
    """Largest fraction of characters in repeated lines."""
    most_paragraphs: Fraction = 0.3
    """Largest fraction of repeated paragraphs."""
    most_paragraph_characters: Fraction = 0.2
    """Largest fraction of characters in repeated paragraphs."""
    frequent_length: Length = 8
    """Length in characters of the n-grams of which the most frequent one is counted."""
    most_frequent_characters: Fraction = 0.16
    """Largest fraction of characters in the most frequent n-gram."""
    repeated_length: Length = 20
    """Length in characters of the n-grams that are searched for repetitions."""
    most_repeated_characters: Fraction = 0.3
    """Largest fraction of characters in repeated n-grams."""


class AdultWords(Config):
    """Filter of pornography, by weighted words."""

    list: str | None = None
    """File of words and weights, relative to the config; null for the list that comes with ncvc."""
    least_weight: Annotated[float, pydantic.Field(ge=0)] = 10.0
    """Smallest weight for which a document is dropped: in all up to 1,000 characters, per 1,000 beyond."""
    least_words: Annotated[int, pydantic.Field(ge=1)] = 3
    """Smallest number of different words of weight 3 or more for which a document is dropped."""


class FiltersConfig(Config):
    """Filters in the order in which they run; null switches one off."""

    copyright_notices: CopyrightNotices | None = CopyrightNotices()
    """Drops documents, or removes lines, with a copyright notice."""
    unfinished_sentences: UnfinishedSentences | None = UnfinishedSentences()
    """Drops documents, or removes sentences, that are cut off."""
    too_short: TooShort | None = TooShort()
    """Drops short documents."""
    japanese: Japanese | None = Japanese()
    """Drops documents in other languages."""
    repetition: Repetition | None = Repetition()
    """Drops documents that repeat themselves."""
    adult_words: AdultWords | None = AdultWords()
    """Drops pornography."""
    quality: Quality | None = None
    """Drops documents of low quality, by a model that `ncvc quality fit` trained."""

    def options(self, folder: Path) -> str:
        """Returns the options in the JSON that `ncvc._native.Filters` takes; paths are relative to `folder`.

        The text of the word list and the SHA-256 of the quality model are part of it, so that equal options filter
        alike on every machine. Raises `ConfigError` if the list or the model cannot be read.
        """
        options = self.model_dump()
        # Left out, it is as in versions that did not have it: their runs go on.
        del options["quality"]
        if self.quality is not None:
            options["quality"] = self.quality.options(folder)
        if self.adult_words is not None:
            name = self.adult_words.list
            path = ADULT_WORDS if name is None else folder / name
            try:
                text = path.read_text(encoding="utf-8")
            except OSError as error:
                raise ConfigError(f"{path}: cannot read the list of adult words: {error.strerror}") from None
            except UnicodeDecodeError:
                raise ConfigError(f"{path}: the list of adult words is not UTF-8; save it as UTF-8") from None
            del options["adult_words"]["list"]
            options["adult_words"] |= {"list_name": name or ADULT_WORDS.name, "list": text}
        return json.dumps(options, ensure_ascii=False)
