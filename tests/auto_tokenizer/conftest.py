"""A small model folder with a real tokenizer, and what `AutoTokenizer` gives for it."""

from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

import ncvc
from ncvc.convert.export import to_huggingface
from tests.drawn import small_model, write_drawn


@pytest.fixture(scope="session")
def model_folder(tokenizer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("auto")
    model = small_model(max_position_embeddings=128)
    checkpoint = write_drawn(place / "step_00000003", model, step=3, begin_of_text=True)
    to_huggingface(checkpoint, place / "hf", tokenizer=tokenizer_folder)
    return place / "hf"


@pytest.fixture(scope="session")
def auto(model_folder: Path) -> Any:
    return AutoTokenizer.from_pretrained(model_folder)


@pytest.fixture(scope="session")
def exact(tokenizer_folder: Path) -> ncvc.Tokenizer:
    return ncvc.Tokenizer.load(tokenizer_folder)
