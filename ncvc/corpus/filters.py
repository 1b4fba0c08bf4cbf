"""Which filters a source goes through, and how strict they are; docs/filters.md has sources and examples."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic

from ncvc.config import Config
from ncvc.errors import ConfigError

ADULT_WORDS = Path(__file__).with_name("adult_words.txt")

Fraction = Annotated[float, pydantic.Field(ge=0, le=1)]
Count = Annotated[int, pydantic.Field(ge=0)]
Length = Annotated[int, pydantic.Field(ge=1, le=1000)]


class CopyrightNotices(Config):
    """Texts that say that they may not be used."""

    remove: Literal["document", "line"] = "document"
    """What goes: the whole document, as in the papers, or the line with the notice."""


class UnfinishedSentences(Config):
    """Teasers that go on elsewhere, and text without sentences."""

    remove: Literal["document", "sentence"] = "document"
    """What goes where a sentence is cut off: a document that ends so or has too many of them, or the sentence."""
    most_cut_off: Fraction = 0.2
    """The largest fraction of sentences that may be cut off; for `remove: document`."""
    most_unended: Fraction = 1.0
    """The largest fraction of characters that may be in lines without the end of a sentence; 1 lets all pass,
    as notes in telegram style have none."""


class TooShort(Config):
    """Documents too short to teach anything."""

    least_characters: Count = 10
    """The smallest number of characters, white space apart."""


class Japanese(Config):
    """Documents in other scripts."""

    least_japanese: Fraction = 0.3
    """The smallest fraction of letters, whatever their script, that are kana or kanji."""
    least_hiragana: Fraction = 0.05
    """The smallest fraction of characters that are hiragana."""
    hiragana_from: Count = 100
    """Shorter documents, in characters, need no hiragana: clinical findings are kanji, numbers and units."""


class Repetition(Config):
    """Documents that repeat themselves."""

    least_characters: Count = 200
    """Documents with fewer characters are not judged."""
    most_lines: Fraction = 0.3
    """The largest fraction of lines that stood before."""
    most_line_characters: Fraction = 0.2
    """The largest fraction of characters in lines that stood before."""
    most_paragraphs: Fraction = 0.3
    """The largest fraction of paragraphs that stood before."""
    most_paragraph_characters: Fraction = 0.2
    """The largest fraction of characters in paragraphs that stood before."""
    frequent_length: Length = 8
    """The length of the n-grams whose most frequent one is weighed, in characters."""
    most_frequent_characters: Fraction = 0.16
    """The largest fraction of characters that the most frequent n-gram may take."""
    repeated_length: Length = 20
    """The length of the n-grams that are looked for a second time, in characters."""
    most_repeated_characters: Fraction = 0.3
    """The largest fraction of characters in n-grams that stood before."""


class AdultWords(Config):
    """Pornography, by words."""

    list: str | None = None
    """The file with the words and their weights, relative to the config; none is the list that comes with ncvc."""
    least_weight: Annotated[float, pydantic.Field(ge=0)] = 10.0
    """The smallest weight for which a document goes: in all up to 1,000 characters, per 1,000 beyond."""
    least_words: Annotated[int, pydantic.Field(ge=1)] = 3
    """The smallest number of different words of weight 3 or more for which a document goes."""


class FiltersConfig(Config):
    """The filters, in the order in which they run; null switches one off."""

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

    def options(self, folder: Path) -> str:
        """What `ncvc._native.Filters` and the engine are told, in JSON; `folder` is what paths are relative to.

        The text of the word list is part of it, so that options that are equal filter alike, on whatever machine.
        Raises `ConfigError` if the list cannot be read.
        """
        options: dict[str, Any] = self.model_dump()
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
