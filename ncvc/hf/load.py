"""Loads a Hugging Face folder's causal language model from the disk alone, by stock transformers."""

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.utils import logging

from ncvc.errors import ModelFolderError, NcvcError
from ncvc.hf.folder import ModelFolder, open_folder
from ncvc.hf.tokenizer import TextTokenizer, load_tokenizer, one_line

Dtype = Literal["float32", "bfloat16"]
DTYPES: dict[str, torch.dtype] = {"float32": torch.float32, "bfloat16": torch.bfloat16}
_NEEDED = {"input_ids", "attention_mask", "position_ids", "past_key_values", "use_cache", "logits_to_keep"}


@dataclass(frozen=True)
class LanguageModel:
    """A model, ready to answer (no dropout), with its tokenizer."""

    folder: Path
    model: PreTrainedModel
    tokenizer: TextTokenizer
    max_tokens: int | None
    """Length of the longest text in tokens; None where the model has no limit."""


def load(
    folder: Path | ModelFolder, device: str = "cpu", dtype: str = "float32", *, tokenizer: TextTokenizer | None = None
) -> LanguageModel:
    """Checks and loads a folder: ours, or any that stock transformers loads as a causal language model.

    `device`: `cpu`, `cuda` or `cuda:N`. `dtype`: `float32` or `bfloat16`, whatever the weights are stored in.
    `tokenizer`: the folder's, if it is loaded already.
    Raises `ModelFolderError` or `TokenizerError` for what is in the folder, `NcvcError` for a device that is not there.
    """
    if isinstance(folder, Path):
        folder = open_folder(folder)
    tokenizer = tokenizer or load_tokenizer(folder)
    return LanguageModel(folder.path, load_model(folder.path, device, dtype), tokenizer, folder.max_tokens)


def load_model(folder: Path, device: str = "cpu", dtype: str = "float32") -> PreTrainedModel:
    """Loads the model of a folder that was checked before; raises `ModelFolderError`."""
    _require_device(device)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        model, report = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=DTYPES[dtype],
            # Given, so that no config can name kernels to be downloaded.
            attn_implementation="sdpa",
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except Exception as error:  # whatever an odd config or file leads to
        raise ModelFolderError(f"{folder}: transformers cannot load it: {one_line(error)}") from None
    # transformers only warns of these, and fills missing weights with random numbers.
    wrong = {name: report[name] for name in ("missing_keys", "unexpected_keys", "mismatched_keys") if report[name]}
    if wrong:
        kind, names = next(iter(wrong.items()))
        raise ModelFolderError(
            f"{folder}: {kind.replace('_keys', '')} weight {sorted(map(str, names))[0]}; convert again"
        )
    if missing := _NEEDED - inspect.signature(model.forward).parameters.keys():
        raise ModelFolderError(
            f"{folder}: {type(model).__name__} takes no {min(missing)}; give a decoder with a key-value cache"
        )
    return model.to(device).eval()


def _require_device(device: str) -> None:
    try:
        kind = torch.device(device)
    except RuntimeError:
        raise NcvcError(f"device {device}: not one that PyTorch knows; give cpu, cuda or cuda:0") from None
    if kind.type == "cuda" and (kind.index or 0) >= torch.cuda.device_count():
        raise NcvcError(
            f"device {device}: PyTorch sees {torch.cuda.device_count()} GPUs here; give cpu, or see `ncvc doctor`"
        )
    if kind.type not in ("cpu", "cuda"):
        raise NcvcError(f"device {device}: give cpu, cuda or cuda:0")
