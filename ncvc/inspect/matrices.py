"""Weights of a model by Hugging Face's names, one in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from ncvc.convert.mapping import EMBEDDING
from ncvc.errors import ModelFolderError
from ncvc.hf.folder import read_manifest
from ncvc.inspect.model import FoundModel, require_finite
from ncvc.model.config import ModelConfig
from ncvc.model.initial_std import initial_std

EMBEDDINGS = ("embed_tokens.weight", "embed_in.weight", "wte.weight", "word_embeddings.weight", "tok_embeddings.weight")
HEADS = ("lm_head.weight", "embed_out.weight", "output.weight")
"""Ends of the names that architectures of transformers give to both matrices with a row for each piece."""


@dataclass(frozen=True)
class Matrices:
    """Weights of one model, read when they are asked for."""

    model: FoundModel
    shapes: Mapping[str, tuple[int, ...]]
    """Name → shape; a head that is the embedding itself is not among them."""
    _read: Callable[[str], Tensor]
    step: int | None = None
    """Step of the training, as far as the folder says it."""
    initial_deviation: float | None = None
    """Standard deviation that the embedding's numbers had at first, as far as the config says it."""

    def read(self, name: str) -> np.ndarray:
        """Reads a whole weight in float32; a number as a vector of one.

        Raises `ModelFolderError` where a number is not finite: no norm, cosine or rank is one then.
        """
        found = self._read(name).float()
        require_finite(self.model.path, name, found)
        return np.atleast_1d(found.numpy())

    @property
    def embedding(self) -> str:
        """Name of the input embedding [V, d]; raises `ModelFolderError` where none is known."""
        name = next((name for name in self.shapes if name.endswith(EMBEDDINGS) and len(self.shapes[name]) == 2), None)
        if name is None:
            raise ModelFolderError(
                f"{self.model.path}: no weight is known as its embedding ({', '.join(EMBEDDINGS)}); give a decoder that"
                " has one"
            )
        return name

    @property
    def head(self) -> str:
        """Name of the output embedding [V, d]; that of the input embedding where both are one matrix."""
        return next((name for name in self.shapes if name.endswith(HEADS)), self.embedding)


def open_matrices(model: FoundModel) -> Matrices:
    """Opens the weights of a model; those of a checkpoint are the optimizer's where it kept its own.

    As in the Hugging Face form, √d is multiplied into an embedding that is scaled.
    Raises an `NcvcError` for files that are missing, damaged or of another architecture.
    """
    if model.folder is None:
        from ncvc.convert.source import open_source

        source = open_source(model.path, model.given_tokenizer)
        source.verify()
        shapes, read = source.huggingface(llama=False)
        return Matrices(model, shapes, read, source.step, _deviation(source.model))
    from ncvc.convert.shards import Shards

    shards = Shards(model.path)
    tied = model.folder.config.get("tie_word_embeddings", False)
    shapes = {name: shape for name, shape in shards.shapes().items() if not (tied and name.endswith(HEADS))}
    facts = read_manifest(model.path)
    deviation = model.folder.config.get("initializer_range")
    if "model" in facts:
        deviation = _deviation(ModelConfig.model_construct(**facts["model"]))
    return Matrices(model, shapes, shards.tensor, facts.get("step"), deviation)


def _deviation(model: ModelConfig) -> float:
    """The embedding's at first, as the Hugging Face form has it: √d multiplied in."""
    scale = model.hidden_size**0.5 if model.scale_embedding else 1.0
    return initial_std(EMBEDDING, model) * scale
