"""Analogies of pieces, a − b + c (arXiv 1301.3781; the papers' appendix A.3), and their score over a file.

Vectors are rows of an embedding. The nearest pieces are those with the largest cosine to a − b + c, without a, b and c.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ncvc.inspect.vocabulary import Vocabulary, Word

TOPS = (1, 5, 10)
"""Places up to which an answer counts."""


@dataclass(frozen=True)
class Neighbour:
    """A piece near to the result of an analogy."""

    id: int
    piece: str
    cosine: float


@dataclass(frozen=True)
class Analogy:
    """a − b + c, and what is nearest to it."""

    words: tuple[Word, Word, Word]
    nearest: tuple[Neighbour, ...]
    expected: str | None = None
    """The answer that the file has."""
    rank: int | None = None
    """Place of the expected answer, from 1; None where it is no candidate."""
    cosine: float | None = None
    """Cosine of the expected answer."""


Reason = Literal["cleaned", "several pieces", "input", "no whole word"]
"""A word of nothing once it is cleaned, of several pieces, an answer among the three words, or one never found."""


@dataclass(frozen=True)
class LeftOut:
    """A line of the file that cannot be computed, and the word that it fails by."""

    line: int
    words: tuple[str, ...]
    word: str
    reason: Reason


@dataclass(frozen=True)
class Scores:
    """Measures over the analogies whose expected answer is a candidate."""

    counted: int
    tops: dict[int, float]
    """n of `TOPS` → share whose expected answer is among the nearest n."""
    mean_reciprocal_rank: float


class Space:
    """Rows of an embedding, among which neighbours are looked for."""

    def __init__(
        self, matrix: np.ndarray, vocabulary: Vocabulary, candidates: Sequence[int] | None = None, *, unit: bool = False
    ) -> None:
        """`matrix` [V, d]; `candidates`: ids that may be found, by default all with a text.

        `unit` scales the vectors of words to length 1 before they are added, as word2vec does.
        """
        self._matrix = matrix
        self._vocabulary = vocabulary
        self._norms = np.linalg.norm(matrix, axis=1)
        self._unit = unit
        self.candidates = np.zeros(len(matrix), bool)
        found = [token for token, text in enumerate(vocabulary.texts) if text] if candidates is None else candidates
        self.candidates[np.array(found, int)] = True

    def vector(self, word: Word) -> np.ndarray:
        """The vector [d] of a word: the mean of its pieces'."""
        found: np.ndarray = self._matrix[list(word.ids)].mean(0)
        norm = float(np.linalg.norm(found))
        return found / norm if self._unit and norm else found

    def solve(self, words: tuple[Word, Word, Word], count: int, expected: Word | None = None) -> Analogy:
        """Finds the `count` candidates that are nearest to a − b + c, and the place of the expected answer."""
        a, b, c = map(self.vector, words)
        target = a - b + c
        scale = self._norms * np.linalg.norm(target)
        cosines = np.divide(self._matrix @ target, scale, out=np.zeros_like(scale), where=scale > 0)
        allowed = self.candidates.copy()
        allowed[[word.ids[0] for word in words if len(word.ids) == 1]] = False
        # Of equal cosines the piece with the lower id, which is the more frequent one, comes first.
        order = np.argsort(-cosines, kind="stable")
        order = order[allowed[order]]
        nearest = tuple(
            Neighbour(int(token), self._vocabulary.texts[token], float(cosines[token])) for token in order[:count]
        )
        if expected is None:
            return Analogy(words, nearest)
        at = np.flatnonzero(order == expected.ids[0]) if len(expected.ids) == 1 else np.empty(0, int)
        if not len(at):
            return Analogy(words, nearest, expected.text)
        return Analogy(words, nearest, expected.text, int(at[0]) + 1, float(cosines[expected.ids[0]]))


def solve_file(
    space: Space,
    vocabulary: Vocabulary,
    lines: Sequence[tuple[int, tuple[str, ...]]],
    count: int,
    *,
    several: bool,
) -> tuple[list[Analogy], list[LeftOut]]:
    """Solves every line whose words can be found; `several`: the first three of several pieces are their mean.

    A line whose expected answer is no candidate is left out too: no place could be right.
    """
    solved, left_out = [], []
    for number, line in lines:
        a, b, c, expected = map(vocabulary.word, line)
        if refused := _refused((a, b, c), expected, several=several):
            left_out.append(LeftOut(number, line, *refused))
            continue
        found = space.solve((a, b, c), count, expected)
        if found.rank is None:
            reason: Reason = "input" if (expected.ids in (a.ids, b.ids, c.ids)) else "no whole word"
            left_out.append(LeftOut(number, line, expected.text, reason))
        else:
            solved.append(found)
    return solved, left_out


def _refused(words: tuple[Word, Word, Word], expected: Word, *, several: bool) -> tuple[str, Reason] | None:
    """The first word that cannot be used, and the reason."""
    for word in (*words, expected):
        if not word.ids:
            return word.text, "cleaned"
        if len(word.ids) > 1 and (word is expected or not several):
            return word.text, "several pieces"
    return None


def measure(solved: Sequence[Analogy]) -> Scores | None:
    """Scores the analogies of a file; None where none could be solved."""
    ranks = [analogy.rank for analogy in solved if analogy.rank is not None]
    if not ranks:
        return None
    tops = {top: sum(rank <= top for rank in ranks) / len(ranks) for top in TOPS}
    return Scores(len(ranks), tops, sum(1 / rank for rank in ranks) / len(ranks))
