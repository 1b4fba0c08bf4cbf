"""Checks the datasets of a run: read from end to end, and compared with what `ncvc preprocess` wrote."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ncvc.errors import DatasetError, TokenizerError
from ncvc.files import sha256
from ncvc.indexed import IndexedDataset
from ncvc.manifest import MANIFEST, PREPROCESS, is_ours, own_manifest
from ncvc.special_tokens import BEGIN_OF_TEXT, BEGIN_OF_TEXT_ID
from ncvc.train.config import TrainConfig, require_files, training_documents
from ncvc.train.elastic.heartbeat import IO_ALLOWANCE, send_heartbeat

CHUNK = 1 << 24  # bytes read at a time


@dataclass(frozen=True)
class DatasetFacts:
    """Size and content hash of one indexed dataset."""

    prefix: str
    documents: int
    """Documents for training: the first ones, without those reserved for validation."""
    tokens: int
    """Tokens of these documents."""
    sha256: str
    """SHA-256 of the .idx and the .bin, one after the other, in hexadecimal."""
    verified: bool = True
    """False without a manifest of `ncvc preprocess`: structure and ids were checked, and not that it is as written."""
    begin_of_text: bool = False
    """True if each document begins with `<|begin_of_text|>`."""


@dataclass(frozen=True)
class TokenizerFacts:
    """Size and content hash of a tokenizer."""

    pieces: int
    """Pieces of its vocabulary."""
    sha256: str
    """SHA-256 of the folder's manifest, which holds the hash of every file, in hexadecimal."""


def inspect_tokenizer(config: TrainConfig) -> TokenizerFacts:
    """Reads the manifest of the config's tokenizer.

    Raises `TokenizerError` if the folder is no tokenizer, or has more pieces than the model's vocabulary.
    """
    folder = Path(config.data.tokenizer)
    path = folder / MANIFEST
    try:
        pieces = json.loads(path.read_bytes())["vocab_size"]
    except (OSError, ValueError, LookupError, TypeError):
        raise TokenizerError(
            f"{folder}: not a tokenizer; make one with `ncvc tokenizer train` or correct data.tokenizer"
        ) from None
    if pieces > config.model.vocab_size:
        raise TokenizerError(
            f"{folder}: has {pieces} pieces, but model.vocab_size is {config.model.vocab_size}; raise it to {pieces}"
        )
    return TokenizerFacts(pieces, sha256(path))


def inspect_all(config: TrainConfig, tokenizer: str) -> list[DatasetFacts]:
    """Inspects every dataset of the config from end to end; returns those for training, in the config's order.

    `tokenizer` is the SHA-256 of the manifest of the config's tokenizer. Raises `DatasetError` for whatever `inspect`
    refuses, for too few tokens for a sample, for two datasets with the same content, and for datasets of which some
    begin their documents with `<|begin_of_text|>` and some do not.
    """
    data, vocabulary = config.data, config.model.vocab_size
    held_out = [inspect(prefix, vocabulary, tokenizer) for prefix in data.validation_prefixes]
    facts = [inspect(prefix, vocabulary, tokenizer, data.validation_split) for prefix in data.prefixes]
    _require_different(facts, held_out)
    _require_one_beginning([*facts, *held_out])
    for fact in facts:
        require_a_sample(fact.prefix, fact.tokens, config.longest_sequence, "for training")
    return facts


def _require_different(facts: list[DatasetFacts], held_out: list[DatasetFacts]) -> None:
    """Raises `DatasetError` for two names of one content."""
    seen = {fact.sha256: fact.prefix for fact in held_out}
    for fact in facts:
        other = seen.setdefault(fact.sha256, fact.prefix)
        if other == fact.prefix:
            continue
        if any(other == each.prefix for each in held_out):
            raise DatasetError(f"{fact.prefix}: holds the same as {other}, which is for validation; train on another")
        raise DatasetError(f"{fact.prefix}: holds the same as {other}; name it once, with a larger weight")


def _require_one_beginning(facts: list[DatasetFacts]) -> None:
    """Raises `DatasetError` where only some datasets begin their documents with `<|begin_of_text|>`."""
    without = next((fact for fact in facts if not fact.begin_of_text), None)
    having = next((fact for fact in facts if fact.begin_of_text), None)
    if without and having:
        raise DatasetError(
            f"{without.prefix}: its documents do not begin with {BEGIN_OF_TEXT}, and those of {having.prefix} do;"
            " encode one of them again, with the same `begin_of_text` for both"
        )


def validation_samples(prefix: str, tokens: int, config: TrainConfig) -> int:
    """Number of samples that a validation reads of a dataset's `tokens` reserved for it.

    Raises `DatasetError` if there is not even one.
    """
    require_a_sample(prefix, tokens, config.data.sequence_length, "for validation")
    windows = (tokens - 1) // config.data.sequence_length
    return min(windows, config.schedule.eval_iters * config.schedule.global_batch_size)


def require_a_sample(prefix: str, tokens: int, length: int, what: str) -> None:
    """Raises `DatasetError` if `tokens` are too few to be cut into samples of so many."""
    if tokens <= length:
        raise DatasetError(
            f"{prefix}.bin: holds {tokens} tokens {what}, and a sample takes data.sequence_length + 1 ="
            f" {length + 1}; leave the dataset out, or change sequence_length or validation_split"
        )


def inspect(prefix: str, vocab_size: int, tokenizer: str, validation_split: float = 0.0) -> DatasetFacts:
    """Hashes a dataset, checks its ids, and compares it with its manifest, in one pass.

    Raises `DatasetError` if it is missing, damaged, empty, not as `ncvc preprocess` wrote it, made with another
    tokenizer, or holds ids outside a vocabulary of `vocab_size`.
    """
    send_heartbeat("reading the data", allowance=IO_ALLOWANCE)
    idx, bin_ = Path(f"{prefix}.idx"), Path(f"{prefix}.bin")
    require_files([prefix])
    manifest = _manifest(Path(prefix), tokenizer)
    dataset = IndexedDataset.open(prefix)
    documents = training_documents(len(dataset), validation_split)
    tokens = int(dataset.lengths[:documents].sum(dtype=np.int64))
    if not dataset.lengths.any():
        raise DatasetError(f"{bin_}: holds no tokens; there is nothing to train on")
    with idx.open("rb") as file:
        index = hashlib.file_digest(file, "sha256")
    ids, both = hashlib.sha256(), index.copy()
    dtype = dataset[0].dtype
    with bin_.open("rb") as file, ThreadPoolExecutor(2) as pool:
        while chunk := file.read(CHUNK):
            send_heartbeat("reading the data")
            hashing = [pool.submit(digest.update, chunk) for digest in (ids, both)]
            _require_known(np.frombuffer(chunk, dtype), vocab_size, bin_)
            for each in hashing:
                each.result()
    for path, digest in ((idx, index), (bin_, ids)):
        if manifest is not None and manifest["files"][path.name]["sha256"] != digest.hexdigest():
            raise DatasetError(f"{path}: not as its {MANIFEST} says; copy it again, or run `ncvc preprocess` again")
    begin = _begins(dataset) if manifest is None else manifest["run"].get("config", {}).get("begin_of_text", False)
    return DatasetFacts(prefix, documents, tokens, both.hexdigest(), manifest is not None, begin)


def _begins(dataset: IndexedDataset) -> bool:
    """Returns whether the longest document begins with `<|begin_of_text|>`."""
    return bool(dataset[int(dataset.lengths.argmax())][0] == BEGIN_OF_TEXT_ID)


def _require_known(ids: NDArray[np.integer], vocab_size: int, path: Path) -> None:
    """Raises `DatasetError` for an id outside the vocabulary."""
    if ids.min() < 0 or ids.max() >= vocab_size:
        wrong = int(ids.min()) if ids.min() < 0 else int(ids.max())
        raise DatasetError(
            f"{path}: holds the id {wrong}, but the model's vocabulary has {vocab_size}; encode the"
            " text with data.tokenizer, or set model.vocab_size to the tokenizer's"
        )


def _manifest(prefix: Path, tokenizer: str) -> dict[str, Any] | None:
    """Returns the manifest of what `ncvc preprocess` wrote; None for a dataset without one of ours.

    Raises `DatasetError` if the manifest is damaged, lacks the dataset, or names another tokenizer.
    """
    path = prefix.parent / MANIFEST
    manifest = own_manifest(prefix.parent)
    if manifest is None:
        if is_ours(path):
            raise DatasetError(f"{path}: damaged; copy the folder again, or run `ncvc preprocess` again")
        return None
    if manifest.get("stage") != PREPROCESS:
        raise DatasetError(f"{prefix.parent}: not a folder of `ncvc preprocess`; correct data.prefixes")
    if not {f"{prefix.name}.idx", f"{prefix.name}.bin"} <= manifest["files"].keys():
        raise DatasetError(f"{prefix}: not among what `ncvc preprocess` wrote into {prefix.parent}; move it elsewhere")
    if manifest["run"]["tokenizer"] != tokenizer:
        raise DatasetError(
            f"{prefix}: was encoded with another tokenizer than data.tokenizer; name that one, or encode the text again"
        )
    return manifest
