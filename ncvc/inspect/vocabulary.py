"""Pieces of a model's tokenizer by id: their texts, the words that stand as one piece, and the ids of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ncvc.errors import NcvcError
from ncvc.hf.tokenizer import TextTokenizer


@dataclass(frozen=True)
class Word:
    """A word of the user's, and the ids whose mean stands for it."""

    text: str
    ids: tuple[int, ...]
    pieces: tuple[str, ...]

    @property
    def note(self) -> str | None:
        """Says that the word is several pieces; None for a word that is one."""
        return None if len(self.ids) == 1 else f"{self.text} is the mean of {' + '.join(self.pieces)}"


class Vocabulary:
    """Pieces with the ids from 0 up to `rows`; ids that the tokenizer does not know have no text."""

    def __init__(self, tokenizer: TextTokenizer, rows: int) -> None:
        self._tokenizer = tokenizer
        self.texts: list[str] = [tokenizer.piece(token) for token in range(rows)]

    def is_word(self, token: int) -> bool:
        """True if the text of a piece, standing alone, is encoded as that piece: a whole morpheme of ours."""
        text = self.texts[token]
        return bool(text) and self._tokenizer.encode(text) == [token]

    def words(self) -> list[int]:
        """Ids for which `is_word` holds."""
        return [token for token in range(len(self.texts)) if self.is_word(token)]

    def word(self, text: str) -> Word:
        """Finds the piece with exactly this text, else those that the text is encoded as, if any."""
        ids = self._tokenizer.encode(text)
        if len(ids) > 1 and (own := self._piece(text)) is not None:
            return Word(text, (own,), (text,))
        return Word(text, tuple(ids), tuple(self.texts[token] for token in ids))

    def find(self, text: str, *, several: bool) -> Word:
        """Finds a word; raises `NcvcError` for one that is no piece, unless `several` allows that, or is nothing."""
        found = self.word(text)
        if not found.ids:
            raise NcvcError(f"{text!r}: nothing is left of the word once it is cleaned; give another one")
        if len(found.ids) > 1 and not several:
            raise NcvcError(
                f"{text}: is no piece of the vocabulary but {len(found.ids)} ({' '.join(found.pieces)}); with --words"
                " it is the mean of them"
            )
        return found

    def _piece(self, text: str) -> int | None:
        """The id of a piece with exactly this text, though the text is encoded as several others."""
        return self.texts.index(text) if text in self.texts else None


def notes(words: Sequence[Word]) -> list[str]:
    """Sentences about words that are no piece."""
    return [word.note for word in words if word.note]
