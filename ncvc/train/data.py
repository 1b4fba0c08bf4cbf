"""Training samples: indexed datasets → samples in their order → micro-batches, determined by the step alone."""

import contextlib
import hashlib
import json
import signal
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from megatron.core.datasets.blended_megatron_dataset_builder import BlendedMegatronDatasetBuilder
from megatron.core.datasets.gpt_dataset import GPTDataset, GPTDatasetConfig
from torch.utils.data import DataLoader, Dataset

from ncvc.checkpoint.manifest import Change
from ncvc.files import whole_folder
from ncvc.indexed import IndexedDataset
from ncvc.model.parallel import Ranks
from ncvc.train.blend import StagedBlend, blend_of, cuts_of
from ncvc.train.config import TrainConfig
from ncvc.train.datasets import DatasetFacts
from ncvc.train.elastic.heartbeat import IO_ALLOWANCE, announce_wait, send_heartbeat
from ncvc.train.epochs import EpochSamples
from ncvc.train.step_plan import StepPlan, plans


class _Tokenizer:
    """Attributes that GPTDataset reads of a tokenizer.

    `pad` is missing on purpose: the papers pad with the end of text, and GPTDataset would take that id out of the loss
    and replace it by 0 wherever it ends a document.
    """

    vocab_size = None
    eod = None  # read, but not used, as attention crosses documents
    unique_identifiers: dict[str, str] = {}  # noqa: RUF012


def build_dataset(
    config: TrainConfig, facts: list[DatasetFacts], ranks: Ranks, changes: Iterable[Change] = ()
) -> Dataset[Any]:
    """Builds the run's samples in the order `data.order`, with the `changes` of their stages; all ranks call it."""
    if config.data.order == "megatron":
        return _indexed_samples(config, facts, ranks)
    versions = plans(config, changes)
    tokens = [fact.tokens for fact in facts]
    datasets = [
        EpochSamples(IndexedDataset.open(fact.prefix), fact.documents, cuts, (config.seed, number))
        for number, (fact, cuts) in enumerate(zip(facts, cuts_of(versions, tokens), strict=True))
    ]
    return EpochDataset(datasets, blend_of(versions[-1][1], tokens), document_mask=config.data.document_mask)


class EpochDataset(Dataset[dict[str, torch.Tensor]]):
    """Training samples of all datasets, by their number in the run."""

    def __init__(self, datasets: Sequence[EpochSamples], blend: StagedBlend, *, document_mask: bool = False) -> None:
        """Takes the order of the datasets; with `document_mask` positions start at 0 in each document."""
        self._datasets = datasets
        self._blend = blend
        self._document_mask = document_mask

    def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
        """Returns `tokens`, `labels` and `position_ids`, int64 [sequence_length]."""
        dataset, own = self._blend[number]
        pieces = self._datasets[dataset].pieces(own)
        ids = torch.from_numpy(np.concatenate(pieces))
        within = [len(piece) for piece in pieces] if self._document_mask else [len(ids)]
        positions = torch.cat([torch.arange(length) for length in within])
        return {"tokens": ids[:-1], "labels": ids[1:], "position_ids": positions[:-1]}


def _indexed_samples(config: TrainConfig, facts: list[DatasetFacts], ranks: Ranks) -> Dataset[Any]:
    """Builds megatron-core's GPTDataset.

    The index of the samples is cached in the run folder under a name made from the datasets' contents: megatron-core
    goes by paths, and would read a rewritten dataset by the old index. The folder appears whole, since megatron-core
    writes its files under their final names, where another rank could read half of one.
    """
    samples = StepPlan(config).samples(config.schedule.train_iters)
    key = json.dumps(
        [
            [(fact.prefix, fact.sha256) for fact in facts],
            [samples, config.data.sequence_length, config.seed, version("megatron-core")],
            [config.data.weights, config.data.validation_split],
        ]
    )
    folder = config.folder / "data_index" / hashlib.sha256(key.encode()).hexdigest()[:16]
    # The first rank decides: other machines may see a shared disk as it was a moment ago.
    announce_wait()
    there = [folder.exists()]
    dist.broadcast_object_list(there)
    if ranks.is_first:
        send_heartbeat("building the index of the samples", allowance=IO_ALLOWANCE)  # the others wait in megatron-core
    if there[0]:
        for path in folder.glob("*.npy"):
            np.load(path, mmap_mode="r", allow_pickle=False)  # megatron-core would unpickle a file of somebody else
        return _megatron_dataset(config, facts, samples, folder)
    with shared_folder(folder, ranks) as partial:
        return _megatron_dataset(config, facts, samples, partial)


def _megatron_dataset(config: TrainConfig, facts: list[DatasetFacts], samples: int, cache: Path) -> Dataset[Any]:
    data = config.data
    # With several datasets and no weights megatron-core would stop after one epoch.
    weights = (data.weights or [float(fact.tokens) for fact in facts]) if len(facts) > 1 else None
    settings = GPTDatasetConfig(
        random_seed=config.seed,
        sequence_length=data.sequence_length,
        blend=([fact.prefix for fact in facts], weights),
        split="1,0,0",
        path_to_cache=str(cache),
        tokenizer=_Tokenizer(),
        reset_position_ids=False,
        reset_attention_mask=False,
        eod_mask_loss=False,
        create_attention_mask=False,
    )
    # By `split` it would build a shuffled validation dataset too; `ncvc.train.validate` reads those documents.
    settings.split_matrix = [(0.0, 1 - data.validation_split), None, None]
    dataset: Dataset[Any] = BlendedMegatronDatasetBuilder(GPTDataset, [samples, 0, 0], lambda: True, settings).build()[
        0
    ]
    return dataset


class _Positions:
    """Batch sampler: this rank's sample numbers, a micro-batch at a time, from the step after `done` to the last."""

    def __init__(self, config: TrainConfig, plan: StepPlan, ranks: Ranks, done: int) -> None:
        self.schedule = config.schedule
        self.plan = plan
        self.ranks = ranks
        self.done = done

    def __iter__(self) -> Iterator[list[int]]:
        size = self.schedule.micro_batch_size
        for step in range(self.done + 1, self.schedule.train_iters + 1):
            first, end = self.plan.samples(step - 1), self.plan.samples(step)
            for start in range(first + self.ranks.dp_rank * size, end, self.ranks.dp_size * size):
                yield list(range(start, start + size))


def batches(
    dataset: Dataset[Any], config: TrainConfig, plan: StepPlan, ranks: Ranks, done: int
) -> Iterator[dict[str, torch.Tensor]]:
    """Iterates over the micro-batches after `done` steps of the plan.

    Each holds `tokens`, `labels` and `position_ids`, int64 [micro-batch, sequence].
    """
    return iter(
        DataLoader(
            dataset,
            batch_sampler=_Positions(config, plan, ranks, done),
            num_workers=config.data.num_workers,
            worker_init_fn=_stay,
            pin_memory=ranks.device.type == "cuda",
            # DataLoader would otherwise draw from the generator that dropout uses.
            generator=torch.Generator().manual_seed(config.seed),
        )
    )


def _stay(worker: int) -> None:
    """Ignores requests to stop, which reach the whole process group; the rank ends its readers after saving."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextlib.contextmanager
def shared_folder(final: Path, ranks: Ranks) -> Iterator[Path]:
    """Yields a `whole_folder` into which every rank may write; it gets its name when all are done."""
    name: list[str] = [""]
    with contextlib.ExitStack() as stack:
        if ranks.is_first:
            name = [str(stack.enter_context(whole_folder(final)))]
        dist.broadcast_object_list(name)
        yield Path(name[0])
        announce_wait()
        dist.barrier()
    dist.barrier()
