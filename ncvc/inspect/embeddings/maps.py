"""Token embeddings in two dimensions, as in the papers' appendix A.2, and the kinds of their pieces."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ncvc.hf.tokenizer import TextTokenizer
from ncvc.inspect.embeddings.part_of_speech import FUNCTION, PartsOfSpeech
from ncvc.special_tokens import SPECIAL_PIECES

PERPLEXITY = 15.0
NEIGHBOURS = 15
"""The papers' settings of t-SNE and UMAP."""
KINDS = ("other", "function", "special", "term")
"""Kinds of pieces, in the order in which they are drawn."""
METHODS = ("t-SNE", "UMAP")
SECONDS = {"t-SNE": (0.0, 7.0), "UMAP": (60.0, 0.4)}
"""Processor seconds of each method, to begin and for every 1,000 pieces of 1,024 numbers, as measured on thousands."""


@dataclass(frozen=True)
class Piece:
    """A row of the embedding that has a text."""

    id: int
    text: str
    kind: str
    part: str | None
    """Part of speech; None for what the dictionary does not have."""


@dataclass(frozen=True)
class Map:
    """Pieces in two dimensions."""

    method: str
    points: np.ndarray
    """Coordinates [pieces, 2]."""


def classify(texts: Sequence[str], tokenizer: TextTokenizer, terms: Iterable[str]) -> list[Piece]:
    """Tells the kinds of pieces by id; those without a text are left out. Texts of `terms` are cleaned ones, too."""
    parts = PartsOfSpeech()
    known = set(terms)
    found = []
    for token, text in enumerate(texts):
        if not text:
            continue
        part = parts.find(text)
        if text != "\n" and (text in SPECIAL_PIECES or not tokenizer.decode([token])):
            kind = "special"
        elif text in known:
            kind = "term"
        else:
            kind = "function" if part in FUNCTION else "other"
        found.append(Piece(token, text, kind, part))
    return found


def tsne(matrix: np.ndarray, seed: int) -> np.ndarray:
    """Places rows [N, d] by t-SNE, [N, 2]; sums are taken by one thread, so that a seed gives the same bits."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        points: np.ndarray = TSNE(perplexity=PERPLEXITY, random_state=seed, n_jobs=1).fit_transform(matrix)
    return points


def umap(matrix: np.ndarray, seed: int) -> np.ndarray:
    """Places rows [N, d] by UMAP, [N, 2]; one thread, as for `tsne`."""
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of parametric models, which need TensorFlow
        from umap import UMAP

        with threadpool_limits(1):
            points: np.ndarray = UMAP(n_neighbors=NEIGHBOURS, random_state=seed, n_jobs=1).fit_transform(matrix)
    return points


PLACES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = dict(zip(METHODS, (tsne, umap), strict=True))


def expected_seconds(method: str, pieces: int) -> float:
    """Estimates the time that a method takes on one core."""
    first, more = SECONDS[method]
    return first + more * pieces / 1000


def kinship(matrix: np.ndarray, pieces: Sequence[Piece], kind: str) -> tuple[float, float] | None:
    """Measures whether pieces of a kind lie together: the share of their kind among their nearest pieces, and in all.

    The nearest `NEIGHBOURS` are those with the largest cosine in all dimensions. None for fewer than two.
    """
    from sklearn.neighbors import NearestNeighbors

    members = np.array([piece.kind == kind for piece in pieces])
    if members.sum() < 2:
        return None
    count = min(NEIGHBOURS, len(pieces) - 1)
    search = NearestNeighbors(n_neighbors=count + 1, algorithm="brute", metric="cosine").fit(matrix)
    found = search.kneighbors(matrix[members], return_distance=False)
    own = np.flatnonzero(members)[:, None]
    # A row is among its own neighbours, but not always first: others may be equal to it.
    shares = [members[row[row != at][:count]].mean() for row, at in zip(found, own[:, 0], strict=True)]
    return float(np.mean(shares)), float((members.sum() - 1) / (len(pieces) - 1))
