"""A model → a folder with its GGUF file, tokenizer, card and what is needed to compare an engine with it."""

from pathlib import Path

from ncvc.convert import check, llama_cpp
from ncvc.convert.config import architecture
from ncvc.convert.gguf import FORMATS, Format, write_gguf
from ncvc.convert.gguf_card import gguf_card, modelfile
from ncvc.convert.gguf_check import Found, compare, require_bounds
from ncvc.convert.memory import comparing_limit, in_at_most, writing_limit
from ncvc.convert.shards import write_tensors
from ncvc.convert.source import Source, open_source
from ncvc.convert.tokenizer_folder import copy_tokenizer
from ncvc.errors import ConvertError
from ncvc.files import whole_folder
from ncvc.hf.fixture import LOGITS
from ncvc.hf.folder import TOKENIZER
from ncvc.manifest import GGUF
from ncvc.outputs import require_output, require_untouched
from ncvc.progress import Reporter

QUANTIZED = {"q6_k": 18, "q5_k_m": 17, "q4_k_m": 15}
"""Formats that llama.cpp's own library writes → its file types."""


def to_gguf(
    source: Path,
    out: Path,
    *,
    tokenizer: Path | None = None,
    dtype: str = "float32",
    replace: bool = False,
    reporter: Reporter | None = None,
) -> Found:
    """Writes the folder `out` with `model-DTYPE.gguf`, and compares it with Megatron before it gets its name.

    `dtype` is one of `BOUNDS`; `source`, `tokenizer` and `replace` as for `to_huggingface`.
    Raises `ConvertError` where llama.cpp is needed and missing, or a bound is not kept; nothing is left then.
    """
    reporter = reporter or Reporter()
    if dtype in QUANTIZED and not llama_cpp.is_installed():
        raise ConvertError(
            f"--dtype {dtype} is written by llama.cpp: install llama-cpp-python, or choose {', '.join(FORMATS)}"
        )
    opened = open_source(source, tokenizer)
    architecture(opened.model, llama=True)
    with whole_folder(
        require_output(out, GGUF, reads=[source, opened.tokenizer], replace=replace), require_untouched
    ) as folder:
        copy_tokenizer(opened.tokenizer, folder / TOKENIZER)
        reporter.say("checking the SHA-256 of what is converted")
        opened.verify()
        path = folder / f"model-{dtype}.gguf"
        reporter.say(f"writing {opened.model.num_layers} layers in {dtype}, {in_at_most(writing_limit(opened.model))}")
        _write(opened, path, dtype)
        reporter.say(f"comparing the logits with Megatron's, {in_at_most(comparing_limit(opened.model))}")
        ids = check.batch(opened.model)
        ours = opened.logits(ids)
        found = compare(opened.model, path, ids, ours)
        require_bounds(out, dtype, found, "nothing was written. Choose another --dtype, or check the weights")
        write_tensors(folder / LOGITS, {"ids": ids, "logits": ours})
        (folder / "Modelfile").write_text(modelfile(path.name), encoding="utf-8")
        (folder / "README.md").write_text(gguf_card(opened, path, dtype, found), encoding="utf-8")
        opened.write_manifest(folder, format=GGUF, dtype=dtype, logits=vars(found))
    return found


def _write(source: Source, path: Path, dtype: str) -> None:
    if dtype not in QUANTIZED:
        form: Format = next(form for form in FORMATS if form == dtype)
        write_gguf(source, path, form)
        return
    whole = path.with_suffix(".float32")
    write_gguf(source, whole, "float32", small_zeros=False)
    llama_cpp.quantize(whole, path, QUANTIZED[dtype])
    whole.unlink()
