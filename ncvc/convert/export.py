"""A model → Hugging Face folder."""

from pathlib import Path

import torch

from ncvc.convert import check, mapping
from ncvc.convert.card import Facts, model_card
from ncvc.convert.config import Architecture, architecture, huggingface_config, special_ids
from ncvc.convert.memory import comparing_limit, in_at_most, writing_limit
from ncvc.convert.plain_cost import plain_cost
from ncvc.convert.shards import DTYPES, Dtype, write_safetensors, write_shards, write_tensors
from ncvc.convert.source import Source, open_source
from ncvc.files import whole_folder, write_json
from ncvc.hf.fixture import LOGITS, fixture_metadata
from ncvc.hf.folder import EMBEDDING
from ncvc.manifest import HUGGINGFACE
from ncvc.outputs import require_output, require_untouched
from ncvc.progress import Reporter
from ncvc.special_tokens import first_id


def to_huggingface(
    source: Path,
    out: Path,
    *,
    tokenizer: Path | None = None,
    dtype: Dtype = "float32",
    llama: bool = False,
    replace: bool = False,
    reporter: Reporter | None = None,
) -> check.Check:
    """Writes the folder `out` from a checkpoint or another folder and a tokenizer, and compares the models.

    `tokenizer` is by default the folder that the training config names, or the model's; it must be the one of the data.
    `llama` writes Llama's class where the model has one of its own, for engines that know no other.
    `replace` allows `out` to exist.
    Reads and writes one tensor at a time; the comparison then holds one fp32 model in memory at a time.
    Raises `ConvertError` where the logits differ, and leaves nothing under the name `out`.
    """
    opened = open_source(source, tokenizer)
    architecture(opened.model, llama=llama)  # refuses a form that there is not
    with whole_folder(
        require_output(out, HUGGINGFACE, reads=[source, opened.tokenizer], replace=replace), require_untouched
    ) as folder:
        return write_folder(opened, folder, out, dtype=dtype, llama=llama, reporter=reporter or Reporter())


def write_folder(
    opened: Source, folder: Path, out: Path, *, dtype: Dtype, llama: bool, reporter: Reporter
) -> check.Check:
    """Writes the files into `folder`, which will be called `out`, and compares the models; see `to_huggingface`."""
    model = opened.model
    entry = architecture(model, llama=llama)
    opened.write_tokenizer(folder)
    reporter.say("checking the SHA-256 of what is converted")
    opened.verify()
    reporter.say(f"writing {model.num_layers} layers in {dtype}, {in_at_most(writing_limit(model))}")
    shapes, read = opened.huggingface(llama=llama)
    write_shards(folder, shapes, DTYPES[dtype], read)
    if model.scale_embedding:
        shape = {mapping.EMBEDDING: (model.vocab_size, model.hidden_size)}
        write_safetensors(folder / EMBEDDING, shape, torch.float32, opened.weight)
    config = huggingface_config(model, dtype, begin_of_text=opened.begin_of_text, llama=llama)
    write_json(folder / "config.json", config)
    write_json(folder / "generation_config.json", special_ids(begin_of_text=opened.begin_of_text))
    reporter.say(f"comparing the logits with Megatron's, {in_at_most(comparing_limit(model))}")
    found = _compare(opened, folder, out, DTYPES[dtype])
    write_tensors(folder / LOGITS, {"ids": found.ids, "logits": found.logits}, fixture_metadata(config))
    reporter.say("measuring the plain tokenizer on raw lines")
    _write_card(opened, folder, dtype, found, entry)
    logits = {"tokens": found.tokens, "difference": found.difference, "rounding": found.rounding}
    opened.write_manifest(folder, format=HUGGINGFACE, dtype=dtype, logits=logits)
    return found


def _compare(source: Source, folder: Path, out: Path, dtype: torch.dtype) -> check.Check:
    """Both models in fp32 with the same weights: for 16 bits, with the weights as they were rounded.

    `folder` will be called `out`.
    """
    ids = check.batch(source.model)
    ours = source.logits(ids, dtype)
    found = check.require_equal(ours, check.huggingface_logits(folder, ids), out)
    rounding = None if dtype == torch.float32 else (ours - source.logits(ids)).abs().max().item()
    return check.Check(difference=found, rounding=rounding, ids=ids, logits=ours)


def _write_card(source: Source, folder: Path, dtype: Dtype, found: check.Check, entry: Architecture) -> None:
    facts = Facts(
        parameters=source.parameters,
        dtype=dtype,
        weight_bytes=sum(path.stat().st_size for path in folder.glob("model*.safetensors")),
        step=source.step,
        tokens_seen=source.tokens_seen,
        **source.training,
        tuned=source.tuned.get("description", ""),
        begin_of_text=source.begin_of_text,
        chat=source.chat_template is not None,
        plain=plain_cost(
            folder,
            source.tokenizer,
            first_id(begin_of_text=source.begin_of_text),
            source.model.max_position_embeddings,
            lambda ids: check.huggingface_logits(folder, ids),
        ),
        check=found,
        architecture=entry,
    )
    (folder / "README.md").write_text(model_card(source.model, facts), encoding="utf-8")
