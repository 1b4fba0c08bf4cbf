"""A small model folder with a real tokenizer, and what `AutoTokenizer` gives for it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer

import ncvc
from ncvc.checkpoint.format import write_weights
from ncvc.convert.export import to_huggingface
from ncvc.model.config import ModelConfig
from ncvc.model.gpt import build
from ncvc.model.parallel import single_process


@pytest.fixture(scope="session")
def model_folder(tokenizer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("auto")
    model = ModelConfig(
        num_layers=1,
        hidden_size=32,
        ffn_hidden_size=64,
        num_attention_heads=4,
        num_query_groups=2,
        vocab_size=12000,
        max_position_embeddings=128,
    )
    torch.manual_seed(0)
    with single_process():
        weights = [(name, 0.1 * torch.randn(weight.shape)) for name, weight in build(model).named_parameters()]
    write_weights(place / "step_00000003", model, weights, step=3, begin_of_text=True)
    to_huggingface(place / "step_00000003", place / "hf", tokenizer=tokenizer_folder)
    return place / "hf"


@pytest.fixture(scope="session")
def auto(model_folder: Path) -> Any:
    return AutoTokenizer.from_pretrained(model_folder)


@pytest.fixture(scope="session")
def exact(tokenizer_folder: Path) -> ncvc.Tokenizer:
    return ncvc.Tokenizer.load(tokenizer_folder)
