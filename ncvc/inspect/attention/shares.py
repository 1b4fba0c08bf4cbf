"""Shares of attention that go to special places, of each layer and head.

A share is the mean, over the positions that ask, of the weights that go to the places in question. Beside it stands
that of a head that attends to all earlier positions alike, from which a share alone says little: the ends of texts are
more of a short sequence than of a long one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ncvc.inspect.attention.packed import Packed

LABELS = {
    "first_token": ("first token", "先頭トークン"),
    "end_of_text": ("end of text", "文書末トークン"),
    "begin_of_text": ("begin of text", "文書頭トークン"),
    "earlier_documents": ("earlier documents", "前の文書全体"),
    "earlier_text": ("text of earlier documents", "前の文書の本文"),
}
"""First position that can be seen; ends of texts; what begins texts, but for the former; all of the documents before
the own one; of these only the text, without any of the former."""


@dataclass(frozen=True)
class Share:
    """Attention to one kind of places."""

    kind: str
    uniform: float
    """The share if all earlier positions and the own one got the same."""
    positions: int
    """Number of positions that ask: those that have such a place before them or are one."""
    values: NDArray[np.float64]
    """Share by layer and head, shape [layers, heads]."""


def targets(packed: Packed) -> dict[str, NDArray[np.bool_]]:
    """Marks, for each kind, the places that a position may attend to, shape [tokens, tokens] each: row asks column."""
    visible = packed.visible
    first = visible.sum(1) == 1
    earlier = visible & (packed.documents[:, None] > packed.documents)
    special = first | packed.is_end | packed.is_begin
    return {
        "first_token": visible & first,
        "end_of_text": visible & packed.is_end,
        "begin_of_text": visible & (packed.is_begin & ~first),
        "earlier_documents": earlier,
        "earlier_text": earlier & ~special,
    }


def shares(packed: Packed, weights: list[NDArray[np.float32]]) -> list[Share]:
    """Computes the shares from weights, [heads, tokens, tokens] for each layer; kinds without a place are left out.

    A position that can attend to itself alone asks nothing.
    """
    found = []
    visible = packed.visible.sum(1)
    for kind, places in targets(packed).items():
        asks = places.any(1) & (visible > 1)
        if not asks.any():
            continue
        values = np.stack([_mean(layer[:, asks], places[asks]) for layer in weights])
        uniform = float((places[asks].sum(1) / visible[asks]).mean())
        found.append(Share(kind, uniform, int(asks.sum()), values))
    return found


def _mean(weights: NDArray[np.float32], places: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean over the asking positions of the weights at their places, shape [heads]."""
    return np.where(places, weights, 0.0).sum(2, dtype=np.float64).mean(1)
