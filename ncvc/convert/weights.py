"""The weights of a Hugging Face folder, by Megatron's names."""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ncvc.convert import mapping
from ncvc.convert.config import model_config
from ncvc.convert.shards import Shards
from ncvc.errors import ConvertError
from ncvc.files import sha256
from ncvc.hf.folder import EMBEDDING, TOKENIZER, ModelFolder, read_config, read_manifest, verify
from ncvc.manifest import MANIFEST
from ncvc.model.config import ModelConfig

ROWS = 4096
"""Rows of an embedding that are compared at a time."""


class HuggingFaceWeights:
    """A folder of one of `ncvc.convert.config.ARCHITECTURES`, open for reading; a weight is read when it is asked for.

    Every weight of a folder of ours comes back bit for bit: the embedding's rows too where the folder still has those
    that they were made from (`ncvc/embedding.safetensors`); others are divided by √d.
    """

    def __init__(self, folder: Path, *, as_stored: bool = False) -> None:
        """Raises `ConvertError` where the folder is no such model; `as_stored`: see `model_config`."""
        config = read_config(folder)
        self.folder = folder
        self._config = config
        self.facts = read_manifest(folder)
        """Contents of the folder's manifest; empty if there is none."""
        self.model = model_config(folder / "config.json", config, self.facts.get("model", {}), as_stored=as_stored)
        """The shape of the model."""
        self._shards = Shards(folder)
        llama = config["model_type"] == "llama"
        expected = mapping.all_shapes(self.model, llama=llama)
        self._shards.require_shapes(expected, "its config.json asks for", "copy the folder again")
        self._rows = {row.megatron: row for row in mapping.weights(self.model, llama=llama)}
        self._same = _unchanged_rows(folder, self._shards, self.model)

    @property
    def names(self) -> list[str]:
        """Every weight, by Megatron's names, in the order in which a forward pass uses them."""
        return list(self._rows)

    @property
    def dtype(self) -> torch.dtype:
        """The type that the weights are stored in."""
        return self._shards.tensor(mapping.embedding(self.model).huggingface[0]).dtype

    @property
    def divides_embedding(self) -> bool:
        """True if rows of the embedding are the stored ones divided by √d, exact to one rounding."""
        folded = mapping.embedding(self.model).layout is mapping.FOLDED
        return folded and (self._same is None or not self._same.all().item())

    @property
    def lost_embedding(self) -> bool:
        """True if the model was trained with a scaled embedding, and the folder has only the product of some rows."""
        return self.model.scale_embedding and (self._same is None or not self._same.all().item())

    @property
    def begin_of_text(self) -> bool:
        """True if `<|begin_of_text|>` begins a text of the model."""
        return ModelFolder(self.folder, self._config).begin_of_text

    @property
    def tokenizer(self) -> str | None:
        """SHA-256 of the manifest of the folder's tokenizer, in hexadecimal; None where it has none."""
        path = self.folder / TOKENIZER / MANIFEST
        return sha256(path) if path.is_file() else None

    def verify(self) -> None:
        """Compares the files with the folder's manifest, if it has one; raises `ModelFolderError`."""
        verify(self.folder)

    def weight(self, name: str) -> Tensor:
        """A whole weight by Megatron's name, in float32 on the CPU."""
        if name == mapping.EMBEDDING and self._same is not None and self._same.all():
            return _original(self.folder / EMBEDDING).float()
        row = self._rows[name]
        parts = tuple(self._shards.tensor(part).float() for part in row.huggingface)
        try:
            merged = row.layout.merge(parts, self.model)
        except ConvertError as error:
            raise ConvertError(f"{self.folder}: {row.huggingface[0]}: {error}") from None
        if name == mapping.EMBEDDING and self._same is not None:
            merged = merged.clone()
            for own in torch.split(self._same.nonzero().flatten(), ROWS):
                first, end = int(own[0]), int(own[-1]) + 1
                merged[own] = _original(self.folder / EMBEDDING, first, end)[own - first].float()
        return merged


def _unchanged_rows(source: Path, shards: Shards, model: ModelConfig) -> Tensor | None:
    """True [V] for rows of the embedding that fold to exactly what the folder's model has; None if there are none.

    Rows that were added since are not among them.
    """
    path = source / EMBEDDING
    if not path.exists():
        return None
    row = mapping.embedding(model)
    same = torch.zeros(model.vocab_size, dtype=torch.bool)
    for first in range(0, model.vocab_size, ROWS):
        own = _original(path, first, first + ROWS)
        end = first + len(own)
        if own.shape[1:] != (model.hidden_size,):
            return None
        stored = (shards.rows(name, first, end) for name in row.huggingface)
        equal = [
            (ours.to(rows.dtype) == rows).all(1)
            for ours, rows in zip(row.layout.split(own, model), stored, strict=True)
        ]
        same[first:end] = torch.stack(equal).all(0)
    return same if same.any() else None


def _original(path: Path, first: int = 0, end: int | None = None) -> Tensor:
    """Rows of the embedding before folding; fewer where the file has no more."""
    try:
        with safe_open(path, framework="pt") as file:
            rows: Tensor = file.get_slice(mapping.EMBEDDING)[first:end]
    except (OSError, SafetensorError):
        raise ConvertError(f"{path}: cut off or not ours; copy the folder again, or remove this file") from None
    return rows
