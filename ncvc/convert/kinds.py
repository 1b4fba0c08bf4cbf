"""Tells what can be converted from what cannot, before anything slow is imported."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ncvc.checkpoint.manifest import Manifest, read_manifest
from ncvc.convert.config import architecture, require_architecture
from ncvc.errors import ConvertError, NcvcError
from ncvc.hf.folder import CONFIG, TOKENIZER, run_checkpoints, weight_files
from ncvc.hf.folder import read_config as read_model_config
from ncvc.machine import disk_free
from ncvc.manifest import CHECKPOINT, GGUF, HUGGINGFACE, KINDS, MANIFEST, ONNX, own_manifest
from ncvc.units import size

MODEL = "tokenizer.model"
BITS = {"float32": 32, "bfloat16": 16, "float16": 16, "q8_0": 8.5, "q6_k": 6.6, "q5_k_m": 5.7, "q4_k_m": 4.9}
"""Type of the stored weights → bits of a number, about."""


def require_convertible(folder: Path, target: str, tokenizer: Path | None) -> None:
    """Raises an `NcvcError` in a sentence for what cannot be converted into `target` with that tokenizer.

    That is a folder that is neither a checkpoint nor a Hugging Face folder, one of another architecture, and one
    without a tokenizer. Weights are not read, and nothing is hashed.
    """
    if target == "onnx":
        require_onnx("--to onnx")
    if (folder / CONFIG).is_file():
        require_architecture(folder / CONFIG, read_model_config(folder))
        weight_files(folder)
        if target != "megatron":
            _require_tokenizer(tokenizer or folder / TOKENIZER, f"{folder}: no {TOKENIZER} in it")
        return
    if target == "megatron":
        read_model_config(folder)  # says what the folder is instead
    _require_checkpoint(folder)
    manifest = read_manifest(folder)
    if target not in ("hf", "onnx"):
        architecture(manifest.model, llama=True)
    if tokenizer is None:
        tokenizer = named_tokenizer(folder, manifest)
    _require_tokenizer(tokenizer, f"{tokenizer}: no such folder")


def require_onnx(task: str) -> None:
    """Raises `ConvertError` where the packages of the extra `onnx` are missing; `task` begins its sentence."""
    missing = [name for name in ("onnx", "onnx_ir", "onnxruntime", "onnxscript") if find_spec(name) is None]
    if missing:
        raise ConvertError(f"{task} needs {' and '.join(missing)}; run pip install 'ncvc[onnx]'")


def _require_checkpoint(folder: Path) -> None:
    """Raises `ConvertError` for a folder that is no checkpoint; a damaged manifest passes: reading says more."""
    wanted = "give a checkpoint of `ncvc train` or a Hugging Face folder"
    manifest = own_manifest(folder)
    if manifest is not None:
        kind = str(manifest.get("format") or manifest.get("stage"))
        if kind != CHECKPOINT:
            end = ", which is the end of the way: convert the checkpoint again" if kind in (GGUF, ONNX) else ""
            raise ConvertError(f"{folder}: is {KINDS.get(kind, kind)}{end}; {wanted}")
    elif not (folder / MANIFEST).exists():
        if steps := run_checkpoints(folder):
            raise ConvertError(f"{folder}: is a training run; give one of its checkpoints: {steps}")
        raise ConvertError(f"{folder}: has neither {MANIFEST} of a checkpoint nor {CONFIG} of a model; {wanted}")


def require_converted(folder: Path) -> dict[str, Any]:
    """The manifest of a folder of `--to hf`, `llama`, `gguf` or `onnx`; raises `ConvertError` for another folder."""
    manifest = own_manifest(folder) or {}
    if manifest.get("format") not in (HUGGINGFACE, GGUF, ONNX):
        raise ConvertError(f"{folder}: no folder that `ncvc convert` wrote with {MANIFEST} and logits; give one")
    return manifest


def named_tokenizer(folder: Path, manifest: Manifest) -> Path:
    """The tokenizer folder that a checkpoint's training read; raises `ConvertError` where there is none."""
    if manifest.config is None:
        raise ConvertError(f"{folder}: it names no tokenizer; give one with --tokenizer")
    tokenizer = Path(manifest.config["data"]["tokenizer"])
    if not tokenizer.is_dir():
        raise ConvertError(f"{tokenizer}: the tokenizer that the checkpoint names is not there; use --tokenizer")
    return tokenizer


def _require_tokenizer(tokenizer: Path, missing: str) -> None:
    if not tokenizer.is_dir():
        raise ConvertError(f"{missing}; give the tokenizer folder with --tokenizer")
    if not (tokenizer / MODEL).is_file():
        raise ConvertError(f"{tokenizer}: no {MODEL} in it; give a folder that `ncvc tokenizer train` made")


def require_room(source: Path, output: Path, dtype: str) -> None:
    """Raises `NcvcError` where the disk of the output has less room than the weights alone will take.

    Weights of the source are counted by their files: of a checkpoint in float32, as they may lie there with the
    optimizer's state, by its manifest.
    """
    if (source / CONFIG).is_file():
        stored = read_model_config(source).get("dtype")
        weights = sum(path.stat().st_size for path in weight_files(source)) * 8 / BITS.get(str(stored), 32)
    else:
        tensors = read_manifest(source).tensors
        names = [name for name in tensors if name.startswith("model.")]
        weights = sum(piece.elements for name in names for piece in tensors[name].pieces)
    needed, free = int(weights * BITS[dtype] / 8), disk_free(output)
    if needed > free:
        raise NcvcError(
            f"{output}: needs at least {size(needed)}, and {size(free)} are free on its disk; make room, or choose"
            " another output"
        )
