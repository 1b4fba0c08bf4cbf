"""Samples in epochs: every token of a dataset is read once before any is read again, in a new order each time.

megatron-core's GPTDataset shuffles the samples of all epochs as one pile, so that many are read twice before others are
read at all. Here a dataset is an endless text: all its documents in an order of chance, then all again in another
order, and so on, cut into samples across documents. The samples that begin in one epoch are read in an order of chance,
and then those of the next.
"""

import bisect
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from ncvc.indexed import IndexedDataset

BLOCK = 4096
"""Samples whose datasets are computed at once."""
DOCUMENTS, SAMPLES = 0, 1
"""What is shuffled: numbers in the seeds."""


@dataclass(frozen=True)
class Epoch:
    """One order of a dataset's documents, and of the samples that begin in it."""

    start: int
    """Token of the endless text at which it begins."""
    documents: NDArray[np.int32]
    ends: NDArray[np.int64]
    """Tokens of the epoch up to the end of each document."""
    first: int
    """Number of the first sample that begins in it."""
    samples: NDArray[np.int32]
    """Numbers of its samples from `first` on, in the order in which they are read."""


class EpochSamples:
    """Samples of one dataset, in the order in which they are read: `samples[0]`, `samples[1]`, without an end.

    A sample has `sequence_length` + 1 tokens, of which the last is the first of the sample behind it, as in GPTDataset.
    Takes 12 bytes a document and 4 a sample of an epoch, of two epochs at most.
    """

    def __init__(self, dataset: IndexedDataset, documents: int, sequence_length: int, seed: tuple[int, int]) -> None:
        """Takes the first `documents` of a dataset; `seed` holds the run's and the number of the dataset."""
        self._dataset = dataset
        self._lengths = dataset.lengths[:documents]
        self.tokens = int(self._lengths.sum(dtype=np.int64))
        """Tokens of an epoch."""
        self._length = sequence_length
        self._seed = seed
        self._epoch = lru_cache(maxsize=2)(self._make_epoch)

    def __getitem__(self, number: int) -> NDArray[np.int64]:
        """Returns the sample that is read as `number`, from 0, [sequence_length + 1]."""
        return np.concatenate(self.pieces(number))

    def pieces(self, number: int) -> list[NDArray[np.int64]]:
        """Returns the same sample cut where documents begin."""
        epoch = self._epoch(number * self._length // self.tokens)
        begin = (epoch.first + int(epoch.samples[number - epoch.first])) * self._length
        return list(self._pieces(begin, self._length + 1))

    def _pieces(self, begin: int, count: int) -> Iterator[NDArray[np.int64]]:
        """Yields `count` tokens of the endless text from `begin` on."""
        while count:
            epoch = self._epoch(begin // self.tokens)
            at = begin - epoch.start
            place = int(epoch.ends.searchsorted(at, side="right"))
            left = int(epoch.ends[place]) - at
            ids = self._dataset[int(epoch.documents[place])]
            piece = ids[len(ids) - left :][:count]
            yield piece.astype(np.int64)
            begin, count = begin + len(piece), count - len(piece)

    def _make_epoch(self, number: int) -> Epoch:
        documents = self._shuffled(len(self._lengths), number, DOCUMENTS)
        first, end = (-(-epoch * self.tokens // self._length) for epoch in (number, number + 1))
        return Epoch(
            start=number * self.tokens,
            documents=documents,
            ends=self._lengths[documents].cumsum(dtype=np.int64),
            first=first,
            samples=self._shuffled(end - first, number, SAMPLES),
        )

    def _shuffled(self, count: int, epoch: int, what: int) -> NDArray[np.int32]:
        """Draws an order by numpy's legacy generator, whose numbers stay the same in all versions."""
        order = np.arange(count, dtype=np.int32)
        np.random.RandomState([*self._seed, epoch, what]).shuffle(order)
        return order


class Blend:
    """Datasets of a run's samples, by their weights: after every sample each has its share, to within one sample.

    The dataset of weight w would have its samples at the times 1/2w, 3/2w, 5/2w and so on; all are read by their times.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        exact = [Fraction(weight) for weight in weights]
        common = math.lcm(*(weight.denominator for weight in exact))
        self._weights = [int(weight * common) for weight in exact]
        self._multiple = math.lcm(*self._weights)
        self._block = lru_cache(maxsize=2)(self._make_block)

    def __getitem__(self, number: int) -> tuple[int, int]:
        """Returns the dataset of the sample that is read as `number`, and its number among that dataset's."""
        return self._block(number // BLOCK)[number % BLOCK]

    def counts(self, number: int) -> list[int]:
        """Samples of each dataset among the first `number`."""
        done, coming, skipped = self._from(number // BLOCK)
        for _, dataset, _ in coming[: skipped + number % BLOCK]:
            done[dataset] += 1
        return done

    def _make_block(self, block: int) -> list[tuple[int, int]]:
        _, coming, skipped = self._from(block)
        return [(dataset, number) for _, dataset, number in coming[skipped : skipped + BLOCK]]

    def _from(self, block: int) -> tuple[list[int], list[tuple[int, int, int]], int]:
        """Finds the samples about a block: those read before, those behind them by time, how many precede the block."""
        # Up to the time (start - datasets) / sum of the weights, at most `start` samples are read.
        start = block * BLOCK
        time = Fraction(max(0, start - len(self._weights)), sum(self._weights))
        done = [math.floor(weight * time + Fraction(1, 2)) for weight in self._weights]
        more = start - sum(done) + BLOCK
        total = sum(self._weights)
        coming = [
            ((2 * number + 1) * (self._multiple // weight), dataset, number)
            for dataset, (weight, first) in enumerate(zip(self._weights, done, strict=True))
            for number in range(first, first + more * weight // total + 2 * len(self._weights) + 2)
        ]
        coming.sort()
        return done, coming, more - BLOCK


class StagedBlend:
    """A blend whose weights change at some samples; each dataset goes on where it was."""

    def __init__(self, stages: Sequence[tuple[int, Sequence[float]]]) -> None:
        """Takes the weights of each stage and its first sample, in order; one that begins again replaces the former."""
        self._firsts: list[int] = []
        self._blends: list[Blend] = []
        self._done: list[list[int]] = []
        for first, weights in stages:
            while self._firsts and self._firsts[-1] >= first:
                for own in (self._firsts, self._blends, self._done):
                    own.pop()
            before = [0] * len(weights)
            if self._blends:
                here = self._blends[-1].counts(first - self._firsts[-1])
                before = [old + new for old, new in zip(self._done[-1], here, strict=True)]
            self._firsts.append(first)
            self._blends.append(Blend(weights))
            self._done.append(before)

    def __getitem__(self, number: int) -> tuple[int, int]:
        """Returns the dataset of the sample that is read as `number`, and its number among that dataset's."""
        stage = bisect.bisect_right(self._firsts, number) - 1
        dataset, own = self._blends[stage][number - self._firsts[stage]]
        return dataset, self._done[stage][dataset] + own


class EpochDataset(Dataset[dict[str, torch.Tensor]]):
    """Training samples of all datasets, by their number in the run."""

    def __init__(
        self,
        datasets: Sequence[EpochSamples],
        stages: Sequence[tuple[int, Sequence[float] | None]],
        *,
        document_mask: bool = False,
    ) -> None:
        """Takes the datasets' relative weights from each of some samples on; None is in proportion to their tokens.

        With `document_mask` positions start at 0 in each document.
        """
        self._datasets = datasets
        self._document_mask = document_mask
        tokens = [dataset.tokens for dataset in datasets]
        self._blend = StagedBlend([(first, weights or tokens) for first, weights in stages])

    def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
        """Returns `tokens`, `labels` and `position_ids`, int64 [sequence_length]."""
        dataset, own = self._blend[number]
        pieces = self._datasets[dataset].pieces(own)
        ids = torch.from_numpy(np.concatenate(pieces))
        within = [len(piece) for piece in pieces] if self._document_mask else [len(ids)]
        positions = torch.cat([torch.arange(length) for length in within])
        return {"tokens": ids[:-1], "labels": ids[1:], "position_ids": positions[:-1]}
