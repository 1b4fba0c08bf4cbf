"""Copies of the shipped recipes, edited as a user edits them, until they take a minute: tiny models, few steps, one CPU."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from ncvc.cli.commands import ncvc
from ncvc.recipe.shipped import copy_recipe

VOCABULARY = 11_000
MODEL = {
    "num_layers": 1,
    "hidden_size": 32,
    "ffn_hidden_size": 64,
    "num_attention_heads": 2,
    "num_query_groups": 1,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": 512,
}
ON_A_GPU = (["--device", "cuda"], ["--dtype", "bfloat16"])


def edit(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes the values of a YAML or JSON file."""
    values = yaml.safe_load(file.read_text(encoding="utf-8"))
    change(values)
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    file.write_text(json.dumps(values) if file.suffix == ".json" else text, encoding="utf-8")


def small_copy(name: str, folder: Path, steps: dict[int, int]) -> Path:
    """Writes a shrunk recipe; `steps` maps the steps of its checkpoints to those that it saves instead."""
    copy_recipe(name, folder)
    edit(folder / "recipe.yaml", lambda recipe: _shrink_stages(recipe, steps))
    for file in folder.glob("tune*.yaml"):
        edit(file, _shrink_tuning)
    if (folder / "train.yaml").exists():
        edit(folder / "train.yaml", lambda train: _shrink_training(train, max(steps.values())))
    return folder


def _shrink_stages(recipe: dict[str, Any], steps: dict[int, int]) -> None:
    if "inspect" not in ncvc.commands:
        recipe["stages"] = [stage for stage in recipe["stages"] if stage["ncvc"][0] != "inspect"]
    if "NCVC_SLOW" not in os.environ:  # UMAP is compiled first
        recipe["stages"] = [stage for stage in recipe["stages"] if stage["ncvc"][:2] != ["inspect", "embeddings"]]
    for stage in recipe["stages"]:
        words = [VOCABULARY if word in (16384, 32768) else word for word in stage["ncvc"]]
        words = [f"run/checkpoints/step_{steps[int(word[-8:])]:08}" if "step_" in str(word) else word for word in words]
        for option, value in ON_A_GPU if words[0] in ("evaluate", "quality") else ():
            for place in [i for i, word in enumerate(words[:-1]) if words[i : i + 2] == [option, value]][::-1]:
                del words[place : place + 2]
        if words[0] == "evaluate":
            words += ["--limit", 2, "--max-new-tokens", 4]
        if words[:2] == ["inspect", "embeddings"]:
            words += ["--pieces", 100]
        stage["ncvc"] = ["1" if word == "1,12,24" else word for word in words]


def _shrink_training(train: dict[str, Any], last: int) -> None:
    train["model"] = {**MODEL, "hidden_dropout": 0.0, "attention_dropout": 0.0}
    train["data"] |= {"sequence_length": 64, "validation_split": 0.0, "num_workers": 0}
    train["schedule"] = {
        "train_iters": last,
        "lr_warmup_iters": 0,
        "global_batch_size": 2,
        "micro_batch_size": 2,
        "eval_interval": last,
        "eval_iters": 1,
    }
    train["checkpoints"] = {"save_interval": 1, "keep_interval": 1}
    train["parallel"] = {"nproc_per_node": 1}
    train["compute"] = {"dtype": "float32"}


def _shrink_tuning(tune: dict[str, Any]) -> None:
    tune["data"] |= {"max_length": 512, "too_long": "cut", "on_error": "quarantine"}
    tune["schedule"] = {
        "train_iters": 2,
        "global_batch_size": 4,
        "micro_batch_size": 2,
        "lr_warmup_iters": 0,
    }
    tune["compute"] = {"dtype": "float32"}
