"""A converted folder: where its own files lie, and how stock transformers loads it from the disk alone."""

import json
import os
from pathlib import Path
from typing import Any

# Read once, when huggingface_hub is imported: nothing of ours may reach for a network.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.utils import logging

from ncvc.errors import ModelFolderError

TOKENIZER = Path("ncvc/tokenizer")
"""The whole tokenizer folder: cleaning rules, dictionary, pieces."""
EMBEDDING = Path("ncvc/embedding.safetensors")
"""The Megatron embedding, before √d was folded into it."""
LOGITS = Path("ncvc/logits.safetensors")
"""Token ids and Megatron's logits for them."""


def read_config(folder: Path) -> dict[str, Any]:
    """The folder's `config.json`; raises `ModelFolderError` where there is none or it is not JSON."""
    path = folder / "config.json"
    if not path.is_file():
        if (folder / "manifest.json").is_file():
            hint = f"it looks like a training checkpoint: `ncvc convert {folder} OUT --to hf` makes one"
        else:
            hint = "give a folder that `ncvc convert --to hf` made"
        raise ModelFolderError(f"{folder}: no Hugging Face model in it (config.json); {hint}")
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelFolderError(f"{path}: not valid JSON ({error}); copy the model folder again") from None
    if not isinstance(config, dict):
        raise ModelFolderError(f"{path}: not a model's config; copy the model folder again")
    return config


def load_model(folder: Path) -> PreTrainedModel:
    """The folder's causal language model in fp32 on the CPU, ready to answer (no dropout).

    Raises `ModelFolderError` where the folder holds none, or holds weights that do not fit its config.
    """
    read_config(folder)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        model, report = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=torch.float32,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelFolderError(f"{folder}: transformers cannot load it: {reason}") from None
    # transformers only warns of these, and fills missing weights with random numbers.
    wrong = {name: report[name] for name in ("missing_keys", "unexpected_keys", "mismatched_keys") if report[name]}
    if wrong:
        kind, names = next(iter(wrong.items()))
        raise ModelFolderError(f"{folder}: {kind.replace('_keys', '')} weight {min(map(str, names))}; convert again")
    return model.eval()
