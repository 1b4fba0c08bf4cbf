"""Repeats the comparison with Megatron's logits, which lie in a converted folder."""

from pathlib import Path

import pydantic

from ncvc.convert import check
from ncvc.convert.gguf_check import Found, compare, require_bounds
from ncvc.convert.kinds import require_converted, require_onnx
from ncvc.errors import ConvertError
from ncvc.hf.folder import require_safe
from ncvc.manifest import HUGGINGFACE, MANIFEST, ONNX, verify
from ncvc.model.config import ModelConfig


def recheck(folder: Path) -> Found | float:
    """Compares a folder of `--to hf`, `llama`, `gguf` or `onnx` with the logits that it was written with.

    Returns the largest difference of two logits, or for GGUF the whole comparison.
    Raises an `NcvcError` where the folder is not ours, a file was changed, or the model computes something else.
    """
    manifest = require_converted(folder)
    if problem := next((problem for problem in verify(folder) if problem.path.name != "README.md"), None):
        raise ConvertError(f"{problem}; {check.COPY_AGAIN}")
    ids, logits = check.read_fixture(folder)
    if manifest["format"] == ONNX:
        require_onnx(f"{folder}: comparing it")
        from ncvc.convert.onnx_check import onnx_difference  # only now: it needs onnxruntime

        found_onnx = onnx_difference(folder, ids, logits)
        check.require_tolerance(found_onnx, folder, todo=check.COPY_AGAIN)
        return found_onnx
    if manifest["format"] == HUGGINGFACE:
        require_safe(folder)
        return check.require_equal(logits, check.huggingface_logits(folder, ids), folder, todo=check.COPY_AGAIN)
    try:
        model = ModelConfig.model_validate(manifest["model"])
        path = folder / f"model-{manifest['dtype']}.gguf"
        found = compare(model, path, ids, logits)
        require_bounds(folder, manifest["dtype"], found, check.COPY_AGAIN)
    except (KeyError, pydantic.ValidationError):
        raise ConvertError(f"{folder / MANIFEST}: does not describe a model; {check.COPY_AGAIN}") from None
    return found
