"""A model → a folder with its ONNX file, tokenizer, card and what is needed to compare onnxruntime with it."""

from pathlib import Path

from ncvc.convert import check
from ncvc.convert.config import huggingface_config, special_ids
from ncvc.convert.memory import in_at_most, writing_limit
from ncvc.convert.onnx import WEIGHTS, write_onnx
from ncvc.convert.onnx_card import onnx_card
from ncvc.convert.onnx_check import onnx_difference
from ncvc.convert.shards import write_tensors
from ncvc.convert.source import open_source
from ncvc.files import whole_folder, write_json
from ncvc.hf.fixture import LOGITS, fixture_metadata
from ncvc.manifest import ONNX
from ncvc.outputs import require_output, require_untouched
from ncvc.progress import Reporter
from ncvc.units import size


def to_onnx(
    source: Path,
    out: Path,
    *,
    tokenizer: Path | None = None,
    dtype: str = "float32",
    replace: bool = False,
    reporter: Reporter | None = None,
) -> float:
    """Writes the folder `out` with `model.onnx`, and compares it with Megatron before it gets its name.

    `source`, `tokenizer` and `replace` as for `to_huggingface`; `dtype` is float32. Returns the largest difference of
    two logits. Raises `ConvertError` where they differ, and leaves nothing under the name `out`.
    """
    assert dtype == "float32"
    reporter = reporter or Reporter()
    opened = open_source(source, tokenizer)
    model = opened.model
    with whole_folder(
        require_output(out, ONNX, reads=[source, opened.tokenizer], replace=replace), require_untouched
    ) as folder:
        opened.write_tokenizer(folder)
        config = huggingface_config(model, dtype, begin_of_text=opened.begin_of_text)
        write_json(folder / "config.json", config)
        write_json(folder / "generation_config.json", special_ids(begin_of_text=opened.begin_of_text))
        reporter.say("checking the SHA-256 of what is converted")
        opened.verify()
        reporter.say(f"writing {model.num_layers} layers in {dtype}, {in_at_most(writing_limit(model))}")
        write_onnx(model, *opened.huggingface(llama=False), folder)
        weights = (folder / WEIGHTS).stat().st_size
        reporter.say(f"comparing the logits with Megatron's; onnxruntime holds all {size(weights)} of weights")
        ids = check.batch(model)
        ours = opened.logits(ids)
        found = onnx_difference(folder, ids, ours)
        check.require_tolerance(found, out)
        write_tensors(folder / LOGITS, {"ids": ids, "logits": ours}, fixture_metadata(config))
        (folder / "README.md").write_text(onnx_card(opened, weights, ids.numel(), found), encoding="utf-8")
        logits = {"tokens": ids.numel(), "difference": found}
        opened.write_manifest(folder, format=ONNX, dtype=dtype, logits=logits)
    return found
