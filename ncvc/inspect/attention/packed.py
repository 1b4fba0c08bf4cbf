"""Several texts in one sequence, as training packs documents."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ncvc.errors import PromptError
from ncvc.hf.tokenizer import TextTokenizer, require_characters


@dataclass(frozen=True)
class Packed:
    """A sequence of documents."""

    ids: list[int]
    documents: NDArray[np.int64]
    """Number of the document of each position, from 0, shape [tokens]; its end of text belongs to it."""
    is_end: NDArray[np.bool_]
    """True at the ends of texts, shape [tokens]."""
    is_begin: NDArray[np.bool_]
    """True at what begins a text (`<|begin_of_text|>`), shape [tokens]; nowhere if the training data had none."""
    pieces: list[str]
    """Text of each position."""
    document_mask: bool = False
    """True if attention stays within a document."""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def visible(self) -> NDArray[np.bool_]:
        """Marks the positions that each one may attend to, shape [tokens, tokens]: row asks column."""
        causal = np.tril(np.ones((len(self), len(self)), bool))
        return causal & (self.documents[:, None] == self.documents) if self.document_mask else causal


def pack(tokenizer: TextTokenizer, texts: Sequence[str], *, document_mask: bool = False) -> Packed:
    """Joins texts, each ended by the end of text and begun as documents of the training data were.

    A model whose data had nothing at the beginning of a document gets nothing there. Raises `PromptError` for a text
    of which cleaning leaves nothing.
    """
    end = min(tokenizer.end_ids)
    ids: list[int] = []
    documents: list[int] = []
    begins: list[bool] = []
    for number, text in enumerate(texts):
        require_characters(text)
        own = tokenizer.encode(text)
        if not own:
            raise PromptError(f"text {number + 1} is nothing once it is cleaned; give it letters, digits or kanji")
        begun = tokenizer.begin(own)
        before = [token for token in begun[: len(begun) - len(own)] if token != end]
        whole = [*before, *own, end]
        ids += whole
        documents += [number] * len(whole)
        begins += [place < len(before) for place in range(len(whole))]
    pieces = [tokenizer.piece(token) for token in ids]
    ends = [token == end for token in ids]
    return Packed(ids, np.array(documents), np.array(ends), np.array(begins), pieces, document_mask)
