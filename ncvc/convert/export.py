"""Megatron checkpoint → Hugging Face folder."""

import math
import shutil
from functools import lru_cache
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from ncvc import __version__
from ncvc.checkpoint.reader import Checkpoint
from ncvc.convert import check, mapping
from ncvc.convert.card import Facts, model_card
from ncvc.convert.config import generation_config, huggingface_config
from ncvc.convert.shards import write_shards
from ncvc.convert.tokenizer import write_tokenizer
from ncvc.errors import ConvertError
from ncvc.files import sha256, whole_folder, write_json
from ncvc.hf.folder import EMBEDDING, LOGITS, TOKENIZER
from ncvc.hf.load import DTYPES, Dtype
from ncvc.manifest import HUGGINGFACE, MANIFEST, write_manifest
from ncvc.outputs import require_output, require_untouched
from ncvc.progress import Reporter


def to_huggingface(
    source: Path,
    out: Path,
    *,
    tokenizer: Path | None = None,
    dtype: Dtype = "float32",
    replace: bool = False,
    reporter: Reporter | None = None,
) -> check.Check:
    """Writes the folder `out` from the checkpoint `source` and a tokenizer folder, and compares the models.

    `tokenizer` is by default the folder that the training config names; it must be the one of the data.
    `replace` allows `out` to exist.
    Reads and writes one tensor at a time; the comparison then holds one fp32 model in memory at a time.
    Raises `ConvertError` where the logits differ, and leaves nothing under the name `out`.
    """
    reporter = reporter or Reporter()
    checkpoint = Checkpoint.open(source)
    _require_parameters(checkpoint)
    tokenizer = tokenizer or _named_tokenizer(checkpoint)
    with whole_folder(
        require_output(out, HUGGINGFACE, reads=[source, tokenizer], replace=replace), require_untouched
    ) as folder:
        (folder / TOKENIZER).parent.mkdir()
        _copy_tokenizer(tokenizer, folder, checkpoint)
        reporter.say("checking the checkpoint's SHA-256")
        checkpoint.verify()
        reporter.say(f"writing {checkpoint.model.num_layers} layers in {dtype}")
        _write_weights(checkpoint, folder, DTYPES[dtype])
        write_json(folder / "config.json", huggingface_config(checkpoint.model, dtype))
        write_json(folder / "generation_config.json", generation_config())
        reporter.say("comparing the logits with Megatron's")
        found = _compare(checkpoint, folder, out, DTYPES[dtype])
        _save(folder / LOGITS, {"ids": found.ids, "logits": found.logits})
        _write_card(checkpoint, folder, dtype, found)
        _write_manifest(checkpoint, folder, dtype, found)
    return found


def _require_parameters(checkpoint: Checkpoint) -> None:
    """The checkpoint has the weights of the table, no more and no less."""
    expected = {row.megatron for row in mapping.weights(checkpoint.model)}
    found = set(checkpoint.parameters())
    if found != expected:
        name = min(found ^ expected)
        lacks = "lacks" if name in expected else "has the unknown weight"
        raise ConvertError(f"{checkpoint.folder}: {lacks} {name}; not a checkpoint of this architecture")


def _named_tokenizer(checkpoint: Checkpoint) -> Path:
    config = checkpoint.manifest.config
    if config is None:
        raise ConvertError(f"{checkpoint.folder}: it names no tokenizer; give one with --tokenizer")
    folder = Path(config["data"]["tokenizer"])
    if not folder.is_dir():
        raise ConvertError(f"{folder}: the tokenizer that the checkpoint names is not there; use --tokenizer")
    return folder


def _copy_tokenizer(tokenizer: Path, folder: Path, checkpoint: Checkpoint) -> None:
    model = checkpoint.model
    pieces = write_tokenizer(tokenizer, folder, model.max_position_embeddings)
    if pieces != model.vocab_size:
        raise ConvertError(
            f"{tokenizer}: {pieces} pieces, but the model has a vocabulary of {model.vocab_size}; "
            "give the tokenizer folder that the training data was made with"
        )
    trained = checkpoint.manifest.tokenizer
    if trained is not None and sha256(tokenizer / MANIFEST) != trained:
        raise ConvertError(
            f"{tokenizer}: not the tokenizer that the training data was made with, though as large;"
            " its manifest.json has another SHA-256 than the checkpoint says"
        )
    shutil.copytree(tokenizer, folder / TOKENIZER)


def _write_weights(checkpoint: Checkpoint, folder: Path, dtype: torch.dtype) -> None:
    model = checkpoint.model
    rows = {name: row for row in mapping.weights(model) for name in row.huggingface}
    shapes = {
        name: shape for row in mapping.weights(model) for name, shape in mapping.huggingface_shapes(row, model).items()
    }

    @lru_cache(maxsize=1)  # linear_qkv is asked for three times in a row
    def parts(row: mapping.Weight) -> dict[str, Tensor]:
        split = row.layout.split(_read(checkpoint, row), model)
        return dict(zip(row.huggingface, split, strict=True))

    write_shards(folder, shapes, dtype, lambda name: parts(rows[name])[name])
    if model.scale_embedding:
        _save(folder / EMBEDDING, {mapping.EMBEDDING: _read(checkpoint, mapping.embedding(model))})


def _save(path: Path, tensors: dict[str, Tensor]) -> None:
    """Unlike safetensors' own `save_file`, with the permissions that new files have here, not 0600."""
    path.write_bytes(save(tensors))


def _read(checkpoint: Checkpoint, row: mapping.Weight) -> Tensor:
    """The Megatron weight of `row` in fp32, with the shape that the model's sizes ask for."""
    weight = checkpoint.weight(row.megatron).float().contiguous()
    expected = mapping.megatron_shape(row, checkpoint.model)
    if weight.shape != expected:
        raise ConvertError(f"{row.megatron}: shape {tuple(weight.shape)} in the checkpoint, {expected} by its sizes")
    return weight


def _compare(checkpoint: Checkpoint, folder: Path, out: Path, dtype: torch.dtype) -> check.Check:
    """Both models in fp32 with the same weights: for bfloat16, with the weights as they were rounded.

    `folder` will be called `out`.
    """
    rows = {row.megatron: row for row in mapping.weights(checkpoint.model)}

    def logits(dtype: torch.dtype) -> Tensor:
        return check.megatron_logits(checkpoint.model, lambda name: _read(checkpoint, rows[name]), ids, dtype)

    ids = check.batch(checkpoint.model)
    ours = logits(dtype)
    found = check.require_equal(ours, check.huggingface_logits(folder, ids), out)
    rounding = None if dtype == torch.float32 else (ours - logits(torch.float32)).abs().max().item()
    return check.Check(difference=found, rounding=rounding, ids=ids, logits=ours)


def _write_card(checkpoint: Checkpoint, folder: Path, dtype: Dtype, found: check.Check) -> None:
    model = checkpoint.model
    shapes = [mapping.megatron_shape(row, model) for row in mapping.weights(model)]
    config = checkpoint.manifest.config or {}
    facts = Facts(
        parameters=sum(map(math.prod, shapes)),
        dtype=dtype,
        weight_bytes=sum(path.stat().st_size for path in folder.glob("model*.safetensors")),
        step=checkpoint.manifest.step,
        tokens_seen=checkpoint.manifest.tokens_seen,
        ema=checkpoint.manifest.ema,
        document_mask=config.get("data", {}).get("document_mask", False),
        optimizer=config.get("optimizer", {}).get("name", "adamw"),
        average_of=tuple(source.step for source in checkpoint.manifest.average_of),
        check=found,
    )
    (folder / "README.md").write_text(model_card(model, facts), encoding="utf-8")


def _write_manifest(checkpoint: Checkpoint, folder: Path, dtype: Dtype, found: check.Check) -> None:
    """Paths of the machine it was made on stay out: the folder may travel."""
    write_manifest(
        folder,
        format=HUGGINGFACE,
        ncvc=__version__,
        dtype=dtype,
        model=checkpoint.model.model_dump(mode="json"),
        step=checkpoint.manifest.step,
        tokens_seen=checkpoint.manifest.tokens_seen,
        logits={"tokens": found.tokens, "difference": found.difference, "rounding": found.rounding},
    )
