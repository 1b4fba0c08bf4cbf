"""The demo's commands, and the configs that they read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ncvc.config import SHIPPED
from ncvc.demo.folder import recorded

CONFIG = SHIPPED / "demo.yaml"
"""The training's config."""
TUNING = SHIPPED / "tune" / "demo.yaml"
"""The tuning's."""

LONGEST_ANSWER = "32"
"""Tokens; the names of several drugs."""


@dataclass(frozen=True)
class Stage:
    """One command: its arguments after `ncvc`, and the file or folder that it makes."""

    name: str
    makes: Path
    arguments: tuple[str, ...]
    server: tuple[str, ...] = ()
    """Arguments of a server of ncvc that runs beside it."""


def write_configs(folder: Path) -> dict[str, Any]:
    """Writes the configs of `ncvc preprocess`, `ncvc train` and `ncvc tune`, and returns the second."""
    preprocess = {
        "sources": [{"name": "corpus", "inputs": ["text.jsonl"], "text_field": "text"}],
        # Sentences made from a grammar repeat; a model as small as the demo's needs them.
        "duplicates": {"documents": True, "sentences": False},
        "tokenizer": "tokenizer",
        "output": "tokens",
        "threads": 0,
        "on_error": "quarantine",
    }
    train = _shipped(CONFIG) | {"run": str(folder / "run")}
    train["data"] |= {"prefixes": [str(folder / "tokens/corpus")], "tokenizer": str(folder / "tokenizer")}
    tune = _shipped(TUNING) | {
        "run": str(folder / "tuning"),
        "base": str(folder / "hf"),
        "output": str(folder / "tuned"),
    }
    tune["data"] |= {"train": [str(folder / "questions/train.jsonl")]}
    dump(folder / "preprocess.yaml", "Paths are relative to this file.", preprocess)
    dump(folder / "train.yaml", "megatron_configs/demo.yaml with this folder's paths; it says more.", train)
    dump(folder / "tune.yaml", "megatron_configs/tune/demo.yaml with this folder's paths; it says more.", tune)
    return train


def _shipped(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return values


def dump(path: Path, comment: str, values: dict[str, Any]) -> None:
    """Writes a config of the demo's own."""
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True)
    with recorded(path) as partial:
        partial.write_text(f"# {comment}\n{text}", encoding="utf-8")


def stages(folder: Path, train: dict[str, Any]) -> list[Stage]:
    """Returns the commands in their order, but for the last ones, which show what the model writes."""

    def inside(name: str) -> str:
        return str(folder / name)

    checkpoint = inside(f"run/checkpoints/step_{train['schedule']['train_iters']:08}")
    vocabulary = str(train["model"]["vocab_size"])
    commands = {
        ("dictionary", "dictionary"): (
            "dictionary", "build", inside("dictionary"), "--base", "ipadic", "--terms", inside("terms.csv"),
        ),
        ("tokenizer", "tokenizer"): (
            "tokenizer", "train", inside("tokenizer"), "--dictionary", inside("dictionary"),
            "--vocab-size", vocabulary, inside("text.jsonl"),
        ),
        ("dataset", "tokens"): ("preprocess", inside("preprocess.yaml")),
        ("training", "run"): ("train", inside("train.yaml")),
        ("loss curve", "loss.png"): ("train", "plot", inside("run"), "-o", inside("loss.png")),
        ("conversion", "hf"): ("convert", checkpoint, inside("hf"), "--to", "hf"),
        ("questions", "questions"): (
            "data", "own", inside("questions-test.jsonl"), inside("questions"),
            "--train", inside("questions-train.jsonl"),
        ),
        ("tuning", "tuned"): ("tune", inside("tune.yaml")),
        ("evaluation", "scores"): (
            "evaluate", inside("hf"), inside("tuned"), "--suite", "own", "--data", inside("questions"),
            "--likelihood", "letters", "--max-new-tokens", LONGEST_ANSWER, "--batch-size", "32", "-o", inside("scores"),
        ),
    }  # fmt: skip
    return [Stage(name, folder / made, arguments) for (name, made), arguments in commands.items()]
