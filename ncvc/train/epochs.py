"""Samples in epochs: every token of a dataset is read once before any is read again, in a new order each time.

megatron-core's GPTDataset shuffles the samples of all epochs as one pile, so that many are read twice before others are
read at all. Here a dataset is an endless text: all its documents in an order of chance, then all again in another
order, and so on, cut into samples across documents. The samples that begin in one epoch are read in an order of chance,
and then those of the next.

Where the length of a sample changes, the text goes on behind the samples that were read. A change that is planned is
known before the samples of its epoch get their order, so that those before it are the beginning of the epoch's text,
and its rest is in one piece. A change made on purpose in a run finds the samples that were not read yet scattered over
the epoch: their text, in its order, is what is read first.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ncvc.indexed import IndexedDataset

DOCUMENTS, SAMPLES, REST = 0, 1, 2
"""Things that are shuffled: numbers in the seeds."""
NO_STRETCH: NDArray[np.int64] = np.zeros((0, 2), np.int64)


@dataclass(frozen=True)
class Cut:
    """Length of a dataset's samples, from one of them on."""

    first: int
    """Number of that sample among the dataset's."""
    length: int
    """Tokens of a sample."""
    end: int | None = None
    """Number of the sample from which on another length was planned; None if none was."""


class Text:
    """Text that is cut in one way: what was left of an epoch, then the endless text from some token on."""

    def __init__(self, cut: Cut, tokens: int, left: NDArray[np.int64] = NO_STRETCH, tail: int = 0) -> None:
        """Takes the tokens of an epoch; `left` [stretches, 2] has begin and end of each in the endless text."""
        self.cut = cut
        self._tokens = tokens
        self._left = left
        self._ends = (left[:, 1] - left[:, 0]).cumsum()
        self._size = int(self._ends[-1]) if len(left) else 0
        self._tail = tail

    def part(self, number: int) -> tuple[int | None, int, int]:
        """Finds the samples that are shuffled together with one: epoch, first sample, and the one behind the last.

        None stands for what was left of an epoch.
        """
        length, at = self.cut.length, (number - self.cut.first) * self.cut.length
        if at < self._size:
            epoch, begin, end = None, 0, self._size
        else:
            epoch = (self._tail + at - self._size) // self._tokens
            begin = max(self._size, epoch * self._tokens - self._tail + self._size)
            end = (epoch + 1) * self._tokens - self._tail + self._size
        first, stop = (self.cut.first - (-place // length) for place in (begin, end))
        return epoch, first, stop if self.cut.end is None else min(stop, self.cut.end)

    def stretches(self, number: int) -> Iterator[tuple[int, int]]:
        """Yields begin and size of the stretches of the endless text of which a sample is made, in the text's order."""
        at, count = (number - self.cut.first) * self.cut.length, self.cut.length
        while count and at < self._size:
            place = int(self._ends.searchsorted(at, side="right"))
            size = min(count, int(self._ends[place]) - at)
            yield int(self._left[place, 1] - self._ends[place]) + at, size
            at, count = at + size, count - size
        if count:
            yield self._tail + at - self._size, count

    def behind(self, cut: Cut, unread: NDArray[np.int64], stop: int) -> "Text":
        """Returns the text that is left for another cut: of the `unread` samples before `stop`, then all behind."""
        length = self.cut.length
        places = (unread - self.cut.first) * length
        end = (stop - self.cut.first) * length
        spans = np.stack([places, places + length], 1)
        if end < self._size:
            spans = np.concatenate([spans, [[end, self._size]]])
        return Text(cut, self._tokens, self._endless(spans), self._tail + max(0, end - self._size))

    def _endless(self, spans: NDArray[np.int64]) -> NDArray[np.int64]:
        """Translates stretches of this text into those of the endless one; what touches is joined."""
        edges = np.unique(np.concatenate([spans.ravel(), self._ends]))
        begins, ends = edges[:-1], edges[1:]
        within = spans[:, 0].searchsorted(begins, side="right") - 1
        kept = (within >= 0) & (begins < spans[within, 1]) if len(spans) else np.zeros(len(begins), bool)
        begins, sizes = begins[kept], (ends - begins)[kept]
        place = self._ends.searchsorted(begins, side="right")
        offsets = np.append(self._left[:, 1] - self._ends, self._tail - self._size)
        begins = begins + offsets[place]
        ends = begins + sizes
        apart = begins[1:] != ends[:-1]
        return np.stack([begins[np.append(True, apart)[: len(begins)]], ends[np.append(apart, True)[: len(ends)]]], 1)


class EpochSamples:
    """Samples of one dataset, in the order in which they are read: `samples[0]`, `samples[1]`, without an end.

    The last token of a sample is the label of the one before, and the first of the sample behind it, as in GPTDataset.
    Takes 12 bytes a document and 4 a sample of an epoch, of two epochs at most.
    """

    def __init__(self, dataset: IndexedDataset, documents: int, cuts: Sequence[Cut], seed: tuple[int, int]) -> None:
        """Takes the first `documents` of a dataset; `seed` holds the run's and the number of the dataset."""
        self._dataset = dataset
        self._lengths = dataset.lengths[:documents]
        self.tokens = int(self._lengths.sum(dtype=np.int64))
        """Tokens of an epoch."""
        self._seed = seed
        self._documents = lru_cache(maxsize=2)(self._make_documents)
        self._order = lru_cache(maxsize=2)(self._make_order)
        self._firsts = [cut.first for cut in cuts]
        self._texts = [Text(cuts[0], self.tokens)]
        for number, cut in enumerate(cuts[1:]):
            self._texts.append(self._left(number, cut))

    def __getitem__(self, number: int) -> NDArray[np.int64]:
        """Returns the sample that is read as `number`, from 0, [length + 1]."""
        return np.concatenate(self.pieces(number))

    def pieces(self, number: int) -> list[NDArray[np.int64]]:
        """Returns the same sample cut where documents begin, and where texts of two places were joined."""
        which = bisect_right(self._firsts, number) - 1
        text = self._texts[which]
        epoch, first, stop = text.part(number)
        chosen = first + int(self._order(which, epoch, stop - first)[number - first])
        *stretches, (begin, size) = text.stretches(chosen)
        stretches.append((begin, size + 1))
        return [ids for begin, size in stretches for ids in self._pieces(begin, size)]

    def _left(self, which: int, cut: Cut) -> Text:
        """Returns what the samples before a cut leave of the text that is cut in another way."""
        text = self._texts[which]
        epoch, first, stop = text.part(cut.first - 1)
        unread: NDArray[np.int64] = np.zeros(0, np.int64)
        if cut.first < stop:
            unread = first + np.sort(self._order(which, epoch, stop - first)[cut.first - first :]).astype(np.int64)
        return text.behind(cut, unread, stop)

    def _pieces(self, begin: int, count: int) -> Iterator[NDArray[np.int64]]:
        """Yields `count` tokens of the endless text from `begin` on."""
        while count:
            epoch, at = divmod(begin, self.tokens)
            documents, ends = self._documents(epoch)
            place = int(ends.searchsorted(at, side="right"))
            left = int(ends[place]) - at
            ids = self._dataset[int(documents[place])]
            piece = ids[len(ids) - left :][:count]
            yield piece.astype(np.int64)
            begin, count = begin + len(piece), count - len(piece)

    def _make_documents(self, epoch: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Draws the order of an epoch's documents; returns also its tokens up to the end of each."""
        documents = self._shuffled(len(self._lengths), epoch, DOCUMENTS)
        return documents, self._lengths[documents].cumsum(dtype=np.int64)

    def _make_order(self, which: int, epoch: int | None, count: int) -> NDArray[np.int32]:
        """Draws the order of `count` samples of a text that are shuffled together."""
        seed = (which, REST) if epoch is None else (epoch, SAMPLES, *([which] if which else []))
        return self._shuffled(count, *seed)

    def _shuffled(self, count: int, *seed: int) -> NDArray[np.int32]:
        """Draws an order by numpy's legacy generator, whose numbers stay the same in all versions."""
        order = np.arange(count, dtype=np.int32)
        np.random.RandomState([*self._seed, *seed]).shuffle(order)
        return order
