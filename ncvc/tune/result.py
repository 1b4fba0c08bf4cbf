"""The tuned model as a folder like that of `ncvc convert --to hf`, through the same gate."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from ncvc import __version__
from ncvc.convert import check, mapping
from ncvc.convert.export import write_folder
from ncvc.convert.shards import DTYPES, Shards, write_shards, write_tensors
from ncvc.convert.source import Source
from ncvc.convert.tokenizer import read_pieces
from ncvc.convert.weights import HuggingFaceWeights
from ncvc.errors import ConvertError
from ncvc.files import sha256, whole_folder, write_json
from ncvc.hf.fixture import LOGITS, fixture_metadata
from ncvc.hf.folder import CONFIG, TOKENIZER, read_json, read_manifest
from ncvc.hf.load import load_model
from ncvc.manifest import HUGGINGFACE, MANIFEST, write_manifest
from ncvc.outputs import require_output, require_untouched
from ncvc.progress import Reporter
from ncvc.tokenizer.grow import grow
from ncvc.tune.base import Base
from ncvc.tune.card import tuned_card, tuning_sentences
from ncvc.tune.config import TuneConfig
from ncvc.tune.methods import Tuning
from ncvc.tune.model import merged_weights
from ncvc.tune.names import stored_weights

MERGE_TOLERANCE = 1e-4
"""Largest difference of a logit between adapters that are applied and merged, relative where it is beyond ±1."""
ADAPTER = "adapter"
"""Folder of the adapters in the result."""
COPIED = (
    *("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "spiece.model", "special_tokens_map.json"),
    *("added_tokens.json", "vocab.json", "vocab.txt", "merges.txt", "tekken.json", "chat_template.jinja"),
    *("generation_config.json", "LICENSE", "LICENSE.txt", "NOTICE"),
)
"""Files of a base of others that the result has unchanged."""


def write_result(tuning: Tuning, reporter: Reporter) -> None:
    """Merges the adapters, writes the folder and compares its logits with those of the model in memory.

    Raises `ConvertError` where they differ, and leaves nothing under the name of the output.
    """
    config, base = tuning.config, tuning.prepared.base
    # Without the wrapper that computes in the type of the products.
    model = tuning.trainer.accelerator.unwrap_model(tuning.trainer.model, keep_fp32_wrapper=False).eval()
    model = model.to("cpu") if config.method != "qlora" else model
    ids = check.batch_of(base_vocabulary(base), config.data.max_length)
    with tempfile.TemporaryDirectory(prefix="ncvc-") as place:
        adapter = _saved_adapter(model, Path(place) / ADAPTER) if config.adapters else None
        applied = _logits(model, ids) if adapter and config.method != "qlora" else None
        merged = merged_weights(model, base)
        if applied is not None:
            _require_merged(applied, _logits(merged, ids), config)
        facts = _facts(tuning)
        out = require_output(
            Path(config.output), HUGGINGFACE, reads=[Path(config.base), config.folder, *config.files], replace=False
        )
        reporter.say(f"writing {config.output}")
        with whole_folder(out, require_untouched) as folder:
            if adapter:
                shutil.copytree(adapter, folder / ADAPTER)
            if base.is_ours:
                _write_own(tuning, merged, folder, out, facts, reporter)
            else:
                _write_stock(tuning, merged, folder, ids, facts)


def base_vocabulary(base: Base) -> int:
    """Rows of the base's embedding with the new ones."""
    return int(base.folder.config["vocab_size"]) + len(base.new_tokens)


def _saved_adapter(model: Any, folder: Path) -> Path:
    """Writes the adapters as PEFT does, without paths of this machine."""
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    settings = read_json(folder / "adapter_config.json")
    write_json(folder / "adapter_config.json", {**settings, "base_model_name_or_path": None})
    return folder


@torch.no_grad()
def _logits(model: Any, ids: Tensor) -> Tensor:
    logits: Tensor = model(input_ids=ids).logits
    return logits.float()


def _require_merged(applied: Tensor, merged: Tensor, config: TuneConfig) -> None:
    """Compares in the type of the weights: what bfloat16 rounds is not an error of the merge."""
    tolerance = MERGE_TOLERANCE if config.compute.dtype == "float32" else 0.1
    found = check.difference(applied, merged)
    if found > tolerance:
        raise ConvertError(
            f"{config.output}: merging the adapters moves a logit by {found:.1e}, more than {tolerance:.0e}; nothing"
            f" was written. The adapters are in the newest checkpoint of {config.run}"
        )


def _facts(tuning: Tuning) -> dict[str, Any]:
    """Facts on the tuning for the manifest; paths of this machine stay out, since the folder may travel."""
    config = tuning.config
    files = {Path(name).name: digest for name, digest in tuning.promises.facts["data"].items()}
    manifest = Path(config.base) / MANIFEST
    facts = {
        "method": config.method,
        "template": config.template,
        "steps": config.schedule.train_iters,
        "global_batch_size": config.schedule.global_batch_size,
        "tokens": tuning.promises.tokens,
        "samples": tuning.prepared.count,
        "set_aside": len(tuning.prepared.bad),
        "neftune_alpha": config.neftune_alpha,
        "lr": config.optimizer.lr,
        "new_tokens": list(tuning.prepared.base.new_tokens),
        "data": files,
        "base": Path(config.base).name,
        "base_manifest": sha256(manifest) if manifest.is_file() else None,
    }
    return {"description": tuning_sentences(facts), **facts}


def _write_own(
    tuning: Tuning, model: PreTrainedModel, folder: Path, out: Path, facts: dict[str, Any], reporter: Reporter
) -> None:
    """Writes a model of ncvc by the converter, with Megatron's logits as the reference."""
    base = tuning.prepared.base
    before = HuggingFaceWeights(base.folder.path)
    recorded = before.model.model_copy(update={"vocab_size": base_vocabulary(base)})
    llama = base.folder.config["model_type"] == "llama"
    rows = {row.megatron: row for row in mapping.weights(recorded, llama=llama)}
    weights = model.state_dict()

    def read(name: str) -> Tensor:
        row = rows[name]
        parts = tuple(weights[part].detach().float().cpu() for part in row.huggingface)
        return row.layout.merge(parts, recorded)

    with _tokenizer(base) as tokenizer:
        source = Source(
            folder=base.folder.path,
            model=recorded,
            tokenizer=tokenizer,
            pieces=read_pieces(tokenizer),
            step=before.facts.get("step", 0),
            tokens_seen=before.facts.get("tokens_seen", 0),
            begin_of_text=before.begin_of_text,
            training={},
            read=read,
            verify=lambda: None,
            tuned=facts,
        )
        write_folder(source, folder, out, dtype=tuning.config.output_dtype, llama=False, reporter=reporter)


@contextlib.contextmanager
def _tokenizer(base: Base) -> Iterator[Path]:
    """The base's tokenizer folder, grown by its new tokens."""
    before = base.folder.path / TOKENIZER
    if not base.new_tokens:
        yield before
        return
    with tempfile.TemporaryDirectory(prefix="ncvc-") as place:
        grow(before, Path(place) / "tokenizer", base.new_tokens)
        yield Path(place) / "tokenizer"


def _write_stock(tuning: Tuning, model: PreTrainedModel, folder: Path, ids: Tensor, facts: dict[str, Any]) -> None:
    """Writes a model of others: its own config and tokenizer, and weights under the names that it had."""
    base, dtype = tuning.prepared.base, tuning.config.output_dtype
    weights = stored_weights(model)
    names = [name for name in Shards(base.folder.path).shapes() if name in weights]
    shapes = {name: tuple(weights[name].shape) for name in names}
    write_shards(folder, shapes, DTYPES[dtype], lambda name: weights[name].detach().float().cpu())
    config = read_json(base.folder.path / CONFIG) | {"dtype": dtype, "torch_dtype": dtype}
    write_json(folder / CONFIG, config)
    for name in COPIED:
        if (base.folder.path / name).is_file():
            shutil.copyfile(base.folder.path / name, folder / name)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.data = parameter.data.to(DTYPES[dtype]).float()
    ours = _logits(model, ids)
    found = check.require_equal(ours, _logits(load_model(folder), ids), folder)
    (folder / LOGITS).parent.mkdir()
    write_tensors(folder / LOGITS, {"ids": ids, "logits": ours}, fixture_metadata(config))
    parameters = sum(parameter.numel() for parameter in model.parameters())
    (folder / "README.md").write_text(tuned_card(config, parameters, dtype, facts), encoding="utf-8")
    write_manifest(
        folder,
        format=HUGGINGFACE,
        ncvc=__version__,
        dtype=dtype,
        tuned=facts,
        before=read_manifest(base.folder.path).get("tuned"),
        logits={"tokens": ids.numel(), "difference": found, "rounding": None},
    )
