"""Counts how often n-grams of tokens stand in datasets: one scan, blocks of bounded size, numpy alone.

A polynomial hash of every window of a block, modulo 2^64, is looked up among those of the n-grams; what is found is
compared token by token, and a window that reaches over the end of a document does not count.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ncvc.indexed import IndexedDataset
from ncvc.progress import Reporter

BLOCK = 1 << 21
"""Tokens of a block: about 100 MB of hashes and what they are made from."""
ROWS = 1 << 18
"""Windows that are compared at a time."""
BASE = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that it has an inverse modulo 2^64; the golden ratio's digits."""


def count_ngrams(
    ngrams: Sequence[tuple[int, ...]],
    datasets: Sequence[IndexedDataset],
    *,
    block: int = BLOCK,
    reporter: Reporter | None = None,
) -> dict[tuple[int, ...], int]:
    """Counts n-grams, all of one length, over all datasets; overlapping occurrences count too."""
    counts = dict.fromkeys(ngrams, 0)
    if not counts:
        return counts
    size = len(next(iter(counts)))
    keys: dict[int, list[tuple[int, ...]]] = {}
    for ngram in counts:
        keys.setdefault(int(_hashes(np.array(ngram, np.uint64), size)[0]), []).append(ngram)
    known = np.array(sorted(keys), np.uint64)
    total = sum(dataset.tokens for dataset in datasets)
    progress = (reporter or Reporter()).progress("counting in the data")
    done = 0
    for dataset in datasets:
        for start in range(0, dataset.tokens, block):
            # Windows that begin in this block may end in the next one.
            tokens = dataset.stretch(start, min(start + block + size - 1, dataset.tokens))
            places, which = _candidates(tokens, size, known)
            inside = dataset.are_one_document(start + places, size)
            for key, windows in _by_key(tokens, places[inside], which[inside], size):
                for ngram in keys[int(known[key])]:
                    counts[ngram] += int((windows == np.array(ngram)).all(1).sum())
            done += min(block, dataset.tokens - start)
            progress.items(done, total)
    progress.close()
    return counts


def _candidates(
    tokens: NDArray[np.integer], size: int, known: NDArray[np.uint64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Finds the windows whose hash is known: their places, and those of their hashes among the known ones."""
    if len(tokens) < size:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    hashes = _hashes(tokens.astype(np.uint64), size)
    which = np.searchsorted(known, hashes)
    which[which == len(known)] = 0
    places = np.flatnonzero(known[which] == hashes)
    return places, which[places]


def _by_key(
    tokens: NDArray[np.integer], places: NDArray[np.intp], which: NDArray[np.intp], size: int
) -> Iterator[tuple[int, NDArray[np.integer]]]:
    """Yields each hash that was found, by its place, with the windows that have it, shape [windows, size]."""
    order = np.argsort(which, kind="stable")
    firsts = np.flatnonzero(np.diff(which[order], prepend=-1))
    for rows in np.split(order, firsts[1:]):
        for some in range(0, len(rows), ROWS):
            own = rows[some : some + ROWS]
            yield int(which[own[0]]), tokens[places[own][:, None] + np.arange(size)]


def _hashes(tokens: NDArray[np.uint64], size: int) -> NDArray[np.uint64]:
    """Hash of each window: its tokens, plus 1, times the powers of the base from its own first one, shape [windows].

    The sum of a window is a difference of two sums from the beginning, each times the powers from the first token, and
    is shifted to the window's own powers by those of the inverse.
    """
    inverse = np.uint64(pow(int(BASE), -1, 1 << 64))
    powers = _powers(BASE, len(tokens))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum((tokens + np.uint64(1)) * powers, dtype=np.uint64)])
    windows = len(tokens) - size + 1
    found: NDArray[np.uint64] = (sums[size:] - sums[:windows]) * _powers(inverse, windows)
    return found


def _powers(base: np.uint64, count: int) -> NDArray[np.uint64]:
    """1, base, base², …, modulo 2^64."""
    factors = np.full(count, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors, dtype=np.uint64)
