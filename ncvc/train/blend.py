"""Order in which the samples of several datasets are read, by their weights, and how each dataset is cut for it."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from ncvc.train.epochs import Cut
from ncvc.train.step_plan import StepPlan

BLOCK = 4096
"""Samples whose datasets are computed at once."""


class Blend:
    """Datasets of a run's samples, by their weights: after every sample each has its share, to within one sample.

    The dataset of weight w would have its samples at the times 1/2w, 3/2w, 5/2w and so on; all are read by their times.
    One of weight 0 has none.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        exact = [Fraction(weight) for weight in weights]
        common = math.lcm(*(weight.denominator for weight in exact))
        self._weights = [int(weight * common) for weight in exact]
        self._multiple = math.lcm(*filter(None, self._weights))
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
            if weight
            for number in range(first, first + more * weight // total + 2 * len(self._weights) + 2)
        ]
        coming.sort()
        return done, coming, more - BLOCK


class StagedBlend:
    """A blend whose weights change at some samples; each dataset goes on where it was."""

    def __init__(self, stages: Sequence[tuple[int, Sequence[float]]]) -> None:
        """Takes the weights of each stage and its first sample, in order."""
        self._firsts = [first for first, _ in stages]
        self._blends = [Blend(weights) for _, weights in stages]
        self._done = [[0] * len(stages[0][1])]
        for first in self._firsts[1:]:
            self._done.append(self.counts(first))

    def __getitem__(self, number: int) -> tuple[int, int]:
        """Returns the dataset of the sample that is read as `number`, and its number among that dataset's."""
        stage = bisect_right(self._firsts, number) - 1
        dataset, own = self._blends[stage][number - self._firsts[stage]]
        return dataset, self._done[stage][dataset] + own

    def counts(self, number: int) -> list[int]:
        """Samples of each dataset among the first `number`."""
        stage = max(bisect_left(self._firsts, number) - 1, 0)
        here = self._blends[stage].counts(number - self._firsts[stage])
        return [before + own for before, own in zip(self._done[stage], here, strict=True)]


def blend_of(plan: StepPlan, tokens: Sequence[int]) -> StagedBlend:
    """Returns the blend of a plan's samples, from datasets of so many `tokens`."""
    stages: list[tuple[int, Sequence[float]]] = []
    for stretch in plan.stretches:
        weights = stretch.weights or tokens
        if not stages or stages[-1][1] != weights:
            stages.append((stretch.samples, weights))
    return StagedBlend(stages)


def cuts_of(plans: Sequence[tuple[int, StepPlan]], tokens: Sequence[int]) -> list[list[Cut]]:
    """Returns how each dataset of so many `tokens` is cut into samples, by the plans of a run from some steps on."""
    found: list[list[Cut]] = [[] for _ in tokens]
    for begin, plan in plans:
        blend = blend_of(plan, tokens)
        coming = [(plan.samples(begin), plan.at(begin + 1).sequence_length)]
        coming += [(each.samples, each.sequence_length) for each in plan.stretches if each.begin > begin]
        counted = [(blend.counts(samples), length) for samples, length in coming]
        for dataset, own in enumerate(found):
            _change(own, [(counts[dataset], length) for counts, length in counted])
    return found


def _change(cuts: list[Cut], planned: Sequence[tuple[int, int]]) -> None:
    """Changes the cuts of a dataset from a sample on to what is planned: first sample and length of each."""
    standing: list[tuple[int, int]] = []
    for first, length in planned:
        if standing and standing[-1][0] == first:
            standing.pop()
        if not standing or standing[-1][1] != length:
            standing.append((first, length))
    ends = [first for first, _ in standing[1:]]
    coming = [Cut(first, length, end) for (first, length), end in zip(standing, [*ends, None], strict=True)]
    while cuts and cuts[-1].first >= coming[0].first:
        cuts.pop()
    # What goes on as it was planned keeps its order.
    goes_on = cuts and (cuts[-1].length, cuts[-1].end) == (coming[0].length, coming[0].end)
    cuts += coming[1:] if goes_on else coming
