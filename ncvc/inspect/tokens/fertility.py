"""Fertility: the number of pieces that a tokenizer makes of the same text, by character and by morpheme."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ncvc import Tokenizer
from ncvc._native import clean_batch
from ncvc.inspect.tokens.other import OtherTokenizer

SIGNS = frozenset("▁\n")
"""Morphemes that stand for white space, and are counted neither as characters nor as morphemes."""


@dataclass(frozen=True)
class Fertility:
    """Counts of a tokenizer over texts."""

    name: str
    vocab_size: int
    characters: int
    """Of the cleaned texts, white space left out: the same for all tokenizers."""
    morphemes: int
    """By the dictionary of the tokenizer that the others stand beside: the same for all."""
    pieces: int
    unknown: int
    """Unknown pieces."""

    @property
    def per_character(self) -> float:
        """Pieces per character."""
        return self.pieces / self.characters

    @property
    def per_morpheme(self) -> float:
        """Pieces per morpheme."""
        return self.pieces / self.morphemes

    @property
    def characters_per_piece(self) -> float:
        """Characters per piece; 0 without pieces."""
        return self.characters / self.pieces if self.pieces else 0.0

    @property
    def unknown_share(self) -> float:
        """Share of the pieces that are unknown; 0 without pieces."""
        return self.unknown / self.pieces if self.pieces else 0.0

    def dump(self) -> dict[str, Any]:
        """Returns it as a JSON value."""
        return asdict(self) | {
            "pieces_per_character": self.per_character,
            "pieces_per_morpheme": self.per_morpheme,
            "characters_per_piece": self.characters_per_piece,
            "unknown_share": self.unknown_share,
        }


def fertility(own: Tokenizer, texts: Sequence[str], tokenizers: Sequence[OtherTokenizer]) -> list[Fertility]:
    """Measures tokenizers on the same texts: cleaned, and with spaces for ▁.

    `own`: the tokenizer by whose dictionary morphemes are counted. Texts without a character give an empty list.
    """
    cleaned = [text.replace("▁", " ") for text in clean_batch(texts)]
    found = [surface for morphemes in own.split_batch(texts) for surface in morphemes if surface not in SIGNS]
    characters = sum(map(len, found))
    if not characters:
        return []
    measured = []
    for each in tokenizers:
        pieces, unknown = each.count(cleaned)
        measured.append(Fertility(each.name, each.vocab_size, characters, len(found), pieces, unknown))
    return measured
