"""Tiny models to be inspected: three stock architectures, and two steps of a run of our own with its exact tokenizer."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from ncvc.cli.commands import ncvc
from ncvc.convert.export import to_huggingface
from tests.drawn import small_model, write_drawn
from tests.hf.conftest import save_model

NEEDS_FONT = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib_fontja") is None, reason="the Japanese font is in the extra inspect"
)
ARCHITECTURES = ("gpt_neox", "llama", "qwen2")


def numbers(out: Path, *arguments: object) -> Any:
    """Runs `ncvc inspect`; returns the numbers that it writes."""
    done = CliRunner().invoke(ncvc, ["inspect", *map(str, arguments), "-o", str(out), "--quiet"])
    assert done.exit_code == 0, done.exception
    return json.loads((out / "numbers.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: save_model(name, tmp_path_factory.mktemp("stock") / name) for name in ARCHITECTURES}


@pytest.fixture(scope="session")
def run_folder(tokenizer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with the steps 1 and 2. In the second one the rows from 20 up to 30 are only shorter, and a unit is dead."""
    run = tmp_path_factory.mktemp("runs") / "mine"
    model = small_model(num_layers=2, max_position_embeddings=128)
    first: dict[str, torch.Tensor] = {}

    def draw(name: str, noise: torch.Tensor) -> torch.Tensor:
        first[name] = 1 + 0.3 * noise if noise.dim() == 1 else 0.2 * noise
        return first[name]

    def redraw(name: str, noise: torch.Tensor) -> torch.Tensor:
        found = first[name] + 0.1 * noise
        if name == "embedding.word_embeddings.weight":
            found[20:30] = 0.9 * first[name][20:30]
        if name == "decoder.layers.1.mlp.linear_fc2.weight":
            found[:, 5] = 0
        return found

    for step, drawn in ((1, draw), (2, redraw)):
        write_drawn(
            run / f"checkpoints/step_{step:08}", model, drawn, seed=step, step=step, tokens_seen=1000 * step,
            config={"data": {"tokenizer": str(tokenizer_folder)}},
        )  # fmt: skip
    return run


@pytest.fixture(scope="session")
def arcee(run_folder: Path, tokenizer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("arcee") / "hf"
    to_huggingface(run_folder / "checkpoints/step_00000002", out, tokenizer=tokenizer_folder)
    return out
