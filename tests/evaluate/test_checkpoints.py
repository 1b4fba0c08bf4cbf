"""Checkpoints of a training: converted on the way, with the exact tokenizer, and drawn over the tokens they saw."""

from pathlib import Path

import pytest
import torch

from ncvc.checkpoint.format import write_weights
from ncvc.evaluate.run import evaluate
from ncvc.model.config import ModelConfig
from ncvc.model.gpt import build
from ncvc.model.parallel import single_process
from tests.evaluate.conftest import plan_of


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two steps of a run, of random weights."""
    run = tmp_path_factory.mktemp("run")
    model = ModelConfig(
        num_layers=2,
        hidden_size=32,
        ffn_hidden_size=64,
        num_attention_heads=4,
        num_query_groups=2,
        vocab_size=12000,
        max_position_embeddings=512,
    )
    folders = []
    for step in (1, 2):
        generator = torch.Generator().manual_seed(step)
        with single_process():
            shapes = [(name, parameter.shape) for name, parameter in build(model).named_parameters()]
        weights = [(name, 0.2 * torch.randn(shape, generator=generator)) for name, shape in shapes]
        folders.append(run / f"checkpoints/step_{step:08}")
        write_weights(folders[-1], model, weights, step=step, tokens_seen=1000 * step)
    return folders


def test_a_series_of_checkpoints(
    checkpoints: list[Path], tokenizer_folder: Path, benchmarks: Path, tmp_path: Path
) -> None:
    plan = plan_of(checkpoints, benchmarks, limit=1, likelihood="letters")
    assert [model.name for model in plan.models] == [
        f"{checkpoints[0].parents[1].name}/step_{step:08}" for step in (1, 2)
    ]
    result = evaluate(plan, tmp_path / "out", tokenizer=tokenizer_folder)
    assert [each.facts["tokens_seen"] for each in result.models] == [1000, 2000]
    assert [each.facts["form"] for each in result.models] == ["plain"] * 2
    page = (tmp_path / "out/report.html").read_text(encoding="utf-8")
    assert "図6" in page
    assert not list(tmp_path.glob(".out*"))
