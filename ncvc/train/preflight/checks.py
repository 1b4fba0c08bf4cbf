"""Checks of a dry run: refuses what a start would refuse of tokenizer, data, run folder and initial weights.

Reads every file of the data, as a start does, and needs no torch. What is not prepared yet is no mistake here.
"""

from collections.abc import Set
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ncvc.checkpoint.manifest import Manifest, checkpoint_folders, read_at_its_place, read_manifest, require_checkpoints
from ncvc.errors import CheckpointError
from ncvc.indexed import IndexedDataset
from ncvc.manifest import MANIFEST
from ncvc.train.changes import CHANGEABLE
from ncvc.train.config import TrainConfig, require_files
from ncvc.train.datasets import DatasetFacts, TokenizerFacts, inspect_all, inspect_tokenizer, validation_samples
from ncvc.train.packages import require_packages
from ncvc.train.same_model import open_hugging_face, require_same_checkpoint, require_same_hugging_face
from ncvc.train.same_run import as_begun, require_none_lost, require_same_run


@dataclass(frozen=True)
class Prepared:
    """Parts of a run that are there before it starts."""

    missing: list[Path]
    """Files without which the run would not start; nothing of the data is there then."""
    tokenizer: TokenizerFacts | None = None
    datasets: list[DatasetFacts] = field(default_factory=list)
    """Datasets for training."""
    validation: list[int] = field(default_factory=list)
    """Samples that a validation reads of each source."""
    newest: Manifest | None = None
    """Newest checkpoint of the run, or the one from which it branches off; None for a new one."""


def inspect_prepared(config: TrainConfig, changed: Set[str] = frozenset()) -> Prepared:
    """Inspects what is prepared for a run, of which the keys in `changed` may differ from before.

    Raises the errors of a start; where no dataset is there, only those of the tokenizer and the run folder.
    """
    newest = newest_manifest(config.folder)
    if newest is None and config.checkpoints.branch_from is not None:
        newest, changed = read_manifest(Path(config.checkpoints.branch_from)), frozenset(CHANGEABLE)
    config = as_begun(config, newest)
    require_packages(config)
    prefixes = [*config.data.prefixes, *config.data.validation_prefixes]
    files = [Path(f"{prefix}{suffix}") for prefix in prefixes for suffix in (".idx", ".bin")]
    missing = [path for path in files if not path.is_file()]
    manifest = Path(config.data.tokenizer) / MANIFEST
    if len(missing) == len(files):
        tokenizer = inspect_tokenizer(config) if manifest.exists() else None
        return Prepared([*([] if tokenizer else [manifest]), *missing], tokenizer, newest=newest)
    tokenizer = inspect_tokenizer(config)
    require_files(prefixes)
    datasets = inspect_all(config, tokenizer.sha256)
    if newest:
        require_same_run(config, tokenizer.sha256, datasets, newest, changed)
    elif config.checkpoints.init_from:
        _require_initial_weights(config, tokenizer.sha256)
    return Prepared([], tokenizer, datasets, _validation(config, datasets), newest)


def newest_manifest(run: Path) -> Manifest | None:
    """Reads the manifest of a run's newest checkpoint that has one, without comparing its files; None for a new run.

    Raises `CheckpointError` if no checkpoint has a whole manifest, though one was saved.
    """
    require_checkpoints(run)
    damage: CheckpointError | None = None
    for folder in checkpoint_folders(run):
        try:
            return read_at_its_place(folder)
        except CheckpointError as error:
            damage = damage or error
    if damage:
        raise damage
    require_none_lost(run)
    return None


def _require_initial_weights(config: TrainConfig, tokenizer: str) -> None:
    """Raises the error of a start from `checkpoints.init_from`, by what the folder says of its weights."""
    folder = Path(config.checkpoints.init_from or "")
    if (folder / "config.json").is_file():
        require_same_hugging_face(open_hugging_face(folder), config, tokenizer)
    else:
        require_same_checkpoint(folder, read_manifest(folder), config, tokenizer)


def _validation(config: TrainConfig, datasets: list[DatasetFacts]) -> list[int]:
    """Samples that a validation reads of each source; raises `DatasetError` if one is too short."""
    data = config.data
    sources = [(prefix, 0) for prefix in data.validation_prefixes]
    if data.validation_split:
        sources += [(fact.prefix, fact.documents) for fact in datasets]
    lengths = [(prefix, IndexedDataset.open(prefix).lengths[first:]) for prefix, first in sources]
    return [validation_samples(prefix, int(own.sum(dtype=np.int64)), config) for prefix, own in lengths]
