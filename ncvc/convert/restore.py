"""Hugging Face folder → Megatron checkpoint of weights alone, which training can start from."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ncvc.convert import check, mapping
from ncvc.convert.config import model_config
from ncvc.convert.errors import ConvertError
from ncvc.convert.huggingface import EMBEDDING, FORMAT, TOKENIZER, read_config
from ncvc.convert.shards import Shards
from ncvc.files import MANIFEST, sha256
from ncvc.train.checkpoint.format import write_weights
from ncvc.train.config import ModelConfig

DIVIDED_TOLERANCE = 10 * check.TOLERANCE
"""For an embedding that had to be divided by √d: its rounding error goes through all layers."""


def to_megatron(
    source: Path, out: Path, *, replace: bool = False, say: Callable[[str], None] = lambda _: None
) -> float:
    """Writes the checkpoint `out` from the folder `source`; returns the largest difference of their logits.

    Every weight comes back bit for bit: the embedding too where the folder still has the one it was made from
    (`ncvc/embedding.safetensors`); otherwise it is divided by √d, which `say` tells.
    Raises `ConvertError` where the folder is no such model or the logits differ.
    """
    config = read_config(source)
    made = _manifest(source)
    model = model_config(source / "config.json", config, made.get("model", {}))
    shards = Shards(source)
    _require_weights(source, shards, model)
    rows = {row.megatron: row for row in mapping.weights(model)}
    (embedding,) = mapping.BEFORE
    original = _original_embedding(source, embedding, shards)
    if original is None:
        say(f"no {EMBEDDING} that fits: dividing the embedding by √{model.hidden_size}, exact to one rounding")

    def weight(name: str) -> Tensor:
        if original is not None and name == embedding.megatron:
            return original
        row = rows[name]
        return row.layout.merge(tuple(shards.tensor(part).float() for part in row.huggingface), model)

    say("comparing the logits with Megatron's")
    ids = check.batch(model)
    dtype = shards.tensor(embedding.huggingface[0]).dtype
    ours = check.megatron_logits(model, weight, ids, dtype)
    theirs = check.huggingface_logits(source, ids)
    tolerance = check.TOLERANCE if original is not None else DIVIDED_TOLERANCE
    found = check.require_equal(ours, theirs, source, tolerance)
    tokenizer = source / TOKENIZER / MANIFEST
    write_weights(
        out,
        model,
        ((name, weight(name)) for name in rows),
        step=made.get("step", 0),
        tokens_seen=made.get("tokens_seen", 0),
        tokenizer=sha256(tokenizer) if tokenizer.is_file() else None,
        replace=replace,
    )
    return found


def _manifest(source: Path) -> dict[str, Any]:
    path = source / MANIFEST
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ConvertError(f"{path}: not a manifest of the format {FORMAT}; copy the folder again")
    return content


def _require_weights(source: Path, shards: Shards, model: ModelConfig) -> None:
    expected = {
        name: shape for row in mapping.weights(model) for name, shape in mapping.huggingface_shapes(row, model).items()
    }
    found = shards.shapes()
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            raise ConvertError(
                f"{source}: weight {name} has the shape {found.get(name, 'none')}, and its config.json asks"
                f" for {expected.get(name, 'none')}; copy the folder again"
            )


def _original_embedding(source: Path, row: mapping.Weight, shards: Shards) -> Tensor | None:
    """The embedding as it was before folding, if it folds to exactly what the folder's model has."""
    path = source / EMBEDDING
    if not path.exists():
        return None
    try:
        original = load_file(path)[row.megatron]
    except (OSError, KeyError, SafetensorError):
        raise ConvertError(f"{path}: cut off or not ours; copy the folder again, or remove this file") from None
    folded = shards.tensor(row.huggingface[0])
    fits = torch.equal(mapping.fold_embedding(original).to(folded.dtype), folded)
    return original if fits else None
