"""The weights of a Hugging Face folder, by Megatron's names."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ncvc.convert import mapping
from ncvc.convert.config import model_config
from ncvc.convert.shards import Shards
from ncvc.errors import ConvertError
from ncvc.files import sha256
from ncvc.hf.folder import EMBEDDING, TOKENIZER, ModelFolder, read_config, read_manifest, verify
from ncvc.manifest import MANIFEST
from ncvc.model.config import ModelConfig


class HuggingFaceWeights:
    """A folder of one of `ncvc.convert.config.ARCHITECTURES`, open for reading; a weight is read when it is asked for.

    Every weight of a folder of ours comes back bit for bit: the embedding too where the folder still has the one it
    was made from (`ncvc/embedding.safetensors`); otherwise it is divided by √d.
    """

    def __init__(self, folder: Path, *, as_stored: bool = False) -> None:
        """Raises `ConvertError` where the folder is no such model; `as_stored`: see `model_config`."""
        config = read_config(folder)
        self.folder = folder
        self._config = config
        self.facts = read_manifest(folder)
        """What the folder's manifest says; nothing if there is none."""
        self.model = model_config(folder / "config.json", config, self.facts.get("model", {}), as_stored=as_stored)
        """The shape of the model."""
        self._shards = Shards(folder)
        llama = config["model_type"] == "llama"
        _require_weights(folder, self._shards, self.model, llama=llama)
        self._rows = {row.megatron: row for row in mapping.weights(self.model, llama=llama)}
        self._original = _original_embedding(folder, self._shards, self.model)

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
        """True if the embedding is the stored one divided by √d, exact to one rounding."""
        return self._original is None and mapping.embedding(self.model).layout is mapping.FOLDED

    @property
    def lost_embedding(self) -> bool:
        """True if the model was trained with a scaled embedding, and the folder has only the product."""
        return self.model.scale_embedding and self._original is None

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
        if self._original is not None and name == mapping.EMBEDDING:
            return self._original
        row = self._rows[name]
        parts = tuple(self._shards.tensor(part).float() for part in row.huggingface)
        try:
            return row.layout.merge(parts, self.model)
        except ConvertError as error:
            raise ConvertError(f"{self.folder}: {row.huggingface[0]}: {error}") from None


def _require_weights(source: Path, shards: Shards, model: ModelConfig, *, llama: bool) -> None:
    expected = mapping.all_shapes(model, llama=llama)
    found = shards.shapes()
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise ConvertError(
                f"{source}: weight {name} has the shape {found.get(name, 'none')}, and its config.json asks"
                f" for {expected.get(name, 'none')}; copy the folder again"
            )


def _original_embedding(source: Path, shards: Shards, model: ModelConfig) -> Tensor | None:
    """The embedding as it was before folding, if it folds to exactly what the folder's model has."""
    path = source / EMBEDDING
    if not path.exists():
        return None
    try:
        original = load_file(path)[mapping.EMBEDDING]
    except (OSError, KeyError, SafetensorError):
        raise ConvertError(f"{path}: cut off or not ours; copy the folder again, or remove this file") from None
    row = mapping.embedding(model)
    stored = [shards.tensor(name) for name in row.huggingface]
    expected = row.layout.split(original, model)
    fits = all(torch.equal(ours.to(theirs.dtype), theirs) for ours, theirs in zip(expected, stored, strict=True))
    return original if fits else None
