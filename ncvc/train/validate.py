"""Validation: the loss on text that training never reads, of each source and overall.

A source's samples are windows of sequence_length + 1 tokens, spread evenly over the documents reserved for validation:
the same ones every time, on any number of ranks. Dropout is off, and no random number is drawn.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from megatron.core.pipeline_parallel import get_forward_backward_func
from numpy.typing import NDArray

from ncvc.indexed import IndexedDataset
from ncvc.train.config import TrainConfig
from ncvc.train.datasets import DatasetFacts, validation_samples
from ncvc.train.elastic.stop_signal import StopRequest
from ncvc.train.metrics.log import RunLog, perplexity
from ncvc.train.setup import Training

ForwardStep = Callable[[Iterator[dict[str, torch.Tensor]], Any], tuple[torch.Tensor, Any]]
"""Function that megatron-core's schedules call for each micro-batch."""


@dataclass(frozen=True)
class Source:
    """Validation samples of one dataset."""

    prefix: str
    weight: float
    """Relative weight of its loss in the overall one."""
    tokens: NDArray[np.integer]
    """Documents reserved for validation, one after the other; a memory map."""
    starts: list[int]
    """Offset of each sample in `tokens`."""
    length: int
    """Tokens of a sample with the last label: sequence_length + 1."""
    document_ends: NDArray[np.int64] | None
    """Offset behind each document in `tokens`; None where attention crosses documents."""

    def sample(self, index: int) -> torch.Tensor:
        """Reads a sample, int64 [sequence_length + 1]."""
        start = self.starts[index]
        return torch.from_numpy(self.tokens[start : start + self.length].astype(np.int64))

    def positions(self, index: int) -> torch.Tensor:
        """Positions of a sample's tokens, int64 [sequence_length]; with `document_ends` from 0 in each document."""
        if self.document_ends is None:
            return torch.arange(self.length - 1)
        start = self.starts[index]
        places = np.arange(start, start + self.length - 1)
        document = self.document_ends.searchsorted(places, side="right")
        begins = np.concatenate([[0], self.document_ends])[document]
        return torch.from_numpy(places - np.maximum(begins, start))


class Validation:
    """Validation of a run; does nothing if the config names nothing to validate on."""

    def __init__(self, config: TrainConfig, facts: list[DatasetFacts], forward: ForwardStep) -> None:
        """Raises `DatasetError` if a source is too short for a sample; `facts` are of `data.prefixes`.

        `forward` is that of training: it takes a micro-batch and returns the loss of each token.
        """
        self.forward = forward
        data = config.data
        self.config = config
        self.sources: list[Source] = []
        if data.validation_split:
            # Weighted as in training, so that both losses compare.
            weights = data.weights or [fact.tokens for fact in facts]
            for fact, weight in zip(facts, weights, strict=True):
                self.sources.append(self._source(fact.prefix, fact.documents, weight))
        for prefix in data.validation_prefixes:
            self.sources.append(self._source(prefix, 0, None))

    def _source(self, prefix: str, first: int, weight: float | None) -> Source:
        """Takes the documents of a dataset from `first` on; their number of tokens is the default weight."""
        data = self.config.data
        dataset = IndexedDataset.open(prefix)
        tokens = dataset.joined(first, len(dataset))
        count = validation_samples(prefix, len(tokens), self.config)
        windows = (len(tokens) - 1) // data.sequence_length
        starts = [index * windows // count * data.sequence_length for index in range(count)]
        ends = dataset.lengths[first:].cumsum(dtype=np.int64) if data.document_mask else None
        weight = len(tokens) if weight is None else weight
        return Source(prefix, weight, tokens, starts, data.sequence_length + 1, ends)

    def when_due(self, training: Training, stop: StopRequest, log: RunLog) -> bool:
        """Validates before the first step, every `schedule.eval_interval` steps and after the last.

        All ranks call it between two steps. Console, log.jsonl (event `validation`) and TensorBoard get the losses:
        mean cross entropy of the tokens in nats, and its exponential, the perplexity. Returns whether any rank was
        asked to stop meanwhile; what was computed by then is dropped.
        """
        step, schedule = training.done, self.config.schedule
        if not self.sources or (step % schedule.eval_interval and step != schedule.train_iters):
            return False
        losses: dict[str, float] = {}
        for source in self.sources:
            mean = self.mean_loss(training, source, stop)
            if mean is None:
                return True
            losses[source.prefix] = mean
        whole = sum(source.weight for source in self.sources)
        loss = sum(source.weight / whole * losses[source.prefix] for source in self.sources)
        words = ", ".join(f"{Path(prefix).name} {own:.4f}" for prefix, own in losses.items())
        log.event(
            "validation",
            f"validation after step {step}: loss {loss:.4f}, perplexity {perplexity(loss):.2f} ({words})",
            step=step,
            loss=loss,
            perplexity=perplexity(loss),
            sources={prefix: {"loss": own, "perplexity": perplexity(own)} for prefix, own in losses.items()},
        )
        log.curve("validation loss", loss, step)
        for prefix, own in losses.items():
            log.curve(f"validation loss/{prefix}", own, step)
        log.start_clock()
        return False

    @torch.no_grad()
    def mean_loss(self, training: Training, source: Source, stop: StopRequest) -> float | None:
        """Mean loss of all tokens of a source's samples in nats, the same on every rank; all ranks call it.

        None if any rank was asked to stop, which is heard after as many micro-batches as the pipeline has stages. The
        ranks add their samples' losses to a vector with one element per sample, so that the sum does not depend on
        their number.
        """
        config, ranks = training.config, training.ranks
        size = config.schedule.micro_batch_size
        at_once = size * ranks.dp_size
        # The pipeline passes on whole micro-batches, so the last ones are padded with samples that do not count.
        rounds = math.ceil(len(source.starts) / at_once)
        own = [range(start, start + size) for start in range(ranks.dp_rank * size, rounds * at_once, at_once)]

        def step(samples: Iterator[dict[str, torch.Tensor]], model: Any) -> tuple[torch.Tensor, Any]:
            return self.forward(samples, model)[0], _means

        found: list[torch.Tensor] = []
        samples = _micro_batches(source, own)
        asked = torch.zeros((), device=ranks.device)
        training.model.eval()
        for begun in range(0, rounds, ranks.pp_size):
            found += get_forward_backward_func()(
                forward_step_func=step,
                data_iterator=samples,
                model=[training.model],
                num_microbatches=min(ranks.pp_size, rounds - begun),
                seq_length=config.data.sequence_length,
                micro_batch_size=size,
                forward_only=True,
            )
            dist.all_reduce(asked.fill_(float(stop.made)))
            if asked:
                break
        training.model.train()
        if asked:
            return None
        losses = torch.zeros(rounds * at_once, dtype=torch.float64, device=ranks.device)
        # Only the last pipeline stage has losses, and tensor-parallel ranks have the same.
        if found and ranks.tp_rank == 0:
            for places, means in zip(own, found, strict=True):
                losses[places.start : places.stop] = means
        dist.all_reduce(losses)
        return float(losses[: len(source.starts)].cpu().mean())


def _micro_batches(source: Source, own: list[range]) -> Iterator[dict[str, torch.Tensor]]:
    """Yields micro-batches like those of training: `tokens`, `labels`, `position_ids`, each [micro-batch, sequence]."""
    last = len(source.starts) - 1
    for places in own:
        numbers = [min(place, last) for place in places]
        batch = torch.stack([source.sample(place) for place in numbers])
        yield {
            "tokens": batch[:, :-1].contiguous(),
            "labels": batch[:, 1:].contiguous(),
            "position_ids": torch.stack([source.positions(place) for place in numbers]),
        }


def _means(token_losses: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Takes the mean of [micro-batch, sequence], for the schedule, and that of each sample."""
    return token_losses.mean(), token_losses.double().mean(1)
