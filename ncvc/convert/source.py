"""A model to be converted: a checkpoint of training, or a Hugging Face folder, with its tokenizer."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ncvc import __version__
from ncvc.checkpoint.manifest import Manifest
from ncvc.checkpoint.reader import Checkpoint
from ncvc.convert import check, mapping
from ncvc.convert.chat_template import CHAT_TEMPLATE, read_chat_template
from ncvc.convert.kinds import named_tokenizer
from ncvc.convert.shards import Shapes
from ncvc.convert.tokenizer import Piece, write_tokenizer
from ncvc.convert.tokenizer_folder import copy_tokenizer, read_own_pieces
from ncvc.convert.weights import HuggingFaceWeights
from ncvc.errors import ConvertError
from ncvc.hf.conversation import has_chat_tokens
from ncvc.hf.folder import CONFIG, TOKENIZER
from ncvc.manifest import write_manifest
from ncvc.model.config import ModelConfig


@dataclass(frozen=True)
class Source:
    """An open model; weights are read when they are asked for."""

    folder: Path
    model: ModelConfig
    tokenizer: Path
    """The tokenizer folder of its training data."""
    pieces: list[Piece]
    """The tokenizer's pieces, see `read_own_pieces`."""
    step: int
    tokens_seen: int
    begin_of_text: bool
    """True if the documents of the training data begin with `<|begin_of_text|>`."""
    training: dict[str, Any]
    """Facts about the training for the card, by the names of `ncvc.convert.card.Facts`; a folder tells few."""
    read: Callable[[str], Tensor]
    """Megatron's name → the weight in float32."""
    verify: Callable[[], None]
    """Compares the files with the folder's manifest; raises an `NcvcError`."""
    tuned: dict[str, Any] = field(default_factory=dict)
    """Facts about the tuning behind the weights, `description` a sentence; empty for a base model."""
    chat_template: str | None = None
    """Template of conversations in Jinja, of a folder that was tuned."""

    @cached_property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return {row.megatron: mapping.megatron_shape(row, self.model) for row in mapping.weights(self.model)}

    def weight(self, name: str) -> Tensor:
        """A weight by Megatron's name in float32; raises `ConvertError` where its shape is not that of the sizes."""
        weight, expected = self.read(name).float().contiguous(), self._shapes[name]
        if weight.shape != expected:
            raise ConvertError(f"{name}: shape {tuple(weight.shape)} in the model, {expected} by its sizes")
        return weight

    @property
    def parameters(self) -> int:
        """The number of the model's parameters."""
        return sum(map(math.prod, self._shapes.values()))

    @property
    def has_chat_tokens(self) -> bool:
        """True if the tokenizer ends in the tokens of a chat, and so has a template of its own."""
        return has_chat_tokens([piece.text for piece in self.pieces])

    def write_tokenizer(self, folder: Path) -> None:
        """Writes the tokenizer's own folder, its plain form, and the chat's template if the form has none, into one."""
        copy_tokenizer(self.tokenizer, folder / TOKENIZER)
        longest = self.model.max_position_embeddings
        write_tokenizer(self.pieces, folder, longest, begin_of_text=self.begin_of_text)
        if self.chat_template is not None and not self.has_chat_tokens:
            (folder / CHAT_TEMPLATE).write_text(self.chat_template, encoding="utf-8")

    def logits(self, ids: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Megatron's logits [batch, length, V] for ids [batch, length]; see `check.megatron_logits`."""
        return check.megatron_logits(self.model, self.weight, ids, dtype)

    def write_manifest(self, folder: Path, *, format: str, dtype: str, logits: dict[str, Any]) -> None:  # noqa: A002
        """Writes the manifest of a converted folder; paths of this machine stay out, since the folder may travel."""
        write_manifest(
            folder,
            format=format,
            ncvc=__version__,
            dtype=dtype,
            model=self.model.model_dump(mode="json"),
            step=self.step,
            tokens_seen=self.tokens_seen,
            **({"tuned": self.tuned} if self.tuned else {}),
            begin_of_text=self.begin_of_text,
            **({"document_mask": True} if self.training.get("document_mask") else {}),
            logits=logits,
        )

    def huggingface(self, *, llama: bool) -> tuple[Shapes, Callable[[str], Tensor]]:
        """Shapes by Hugging Face's names, and the reader of a weight in float32; see `mapping.weights`."""
        rows = {name: row for row in mapping.weights(self.model, llama=llama) for name in row.huggingface}
        last: dict[str, dict[str, Tensor]] = {}  # the weights of one row are asked for in a row

        def read(name: str) -> Tensor:
            row = rows[name]
            if row.megatron not in last:
                last.clear()
                parts = row.layout.split(self.weight(row.megatron), self.model)
                last[row.megatron] = dict(zip(row.huggingface, parts, strict=True))
            return last[row.megatron][name]

        return mapping.all_shapes(self.model, llama=llama), read


def open_source(folder: Path, tokenizer: Path | None = None) -> Source:
    """Opens a checkpoint or a Hugging Face folder; `tokenizer` stands for the one that it names or holds.

    Where a folder has lost the embedding that √d was multiplied into, the product is taken as it is.
    Raises an `NcvcError` where it is neither, or another architecture, or its tokenizer is another one.
    """
    if (folder / CONFIG).is_file():
        return _of_folder(folder, tokenizer or folder / TOKENIZER)
    checkpoint = Checkpoint.open(folder)
    _require_parameters(checkpoint)
    manifest = checkpoint.manifest
    tokenizer = tokenizer or named_tokenizer(folder, manifest)
    return Source(
        folder,
        checkpoint.model,
        tokenizer,
        read_own_pieces(tokenizer, checkpoint.model.vocab_size, manifest.tokenizer),
        manifest.step,
        manifest.tokens_seen,
        manifest.begin_of_text,
        _training(manifest),
        checkpoint.weight,
        checkpoint.verify,
    )


def _of_folder(folder: Path, tokenizer: Path) -> Source:
    weights = HuggingFaceWeights(folder)
    if weights.lost_embedding:
        weights = HuggingFaceWeights(folder, as_stored=True)
    if not tokenizer.is_dir():
        raise ConvertError(f"{folder}: no {TOKENIZER} in it; give the tokenizer folder with --tokenizer")
    pieces = read_own_pieces(tokenizer, weights.model.vocab_size, weights.tokenizer, folder / TOKENIZER)
    step, tokens_seen = (weights.facts.get(name, 0) for name in ("step", "tokens_seen"))
    begin, tuned = weights.begin_of_text, weights.facts.get("tuned", {})
    return Source(
        folder,
        weights.model,
        tokenizer,
        pieces,
        step,
        tokens_seen,
        begin,
        {"document_mask": weights.facts.get("document_mask") is True},
        weights.weight,
        weights.verify,
        tuned,
        read_chat_template(folder),
    )


def _training(manifest: Manifest) -> dict[str, Any]:
    config = manifest.config or {}
    return {
        "ema": manifest.ema,
        "average_of": tuple(averaged.step for averaged in manifest.average_of),
        "document_mask": manifest.document_mask,
        "optimizer": config.get("optimizer", {}).get("name", "adamw"),
    }


def _require_parameters(checkpoint: Checkpoint) -> None:
    """The checkpoint has the weights of the table, no more and no less."""
    expected = {row.megatron for row in mapping.weights(checkpoint.model)}
    found = set(checkpoint.parameters())
    if found != expected:
        name = min(found ^ expected)
        lacks = "lacks" if name in expected else "has the unknown weight"
        raise ConvertError(f"{checkpoint.folder}: {lacks} {name}; not a checkpoint of this architecture")
