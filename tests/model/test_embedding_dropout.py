"""Dropout of the embedding's output: a probability of its own, or the residual branches'."""

import pytest
import torch

from ncvc.model import gpt as gpt_model
from ncvc.model.config import ComputeConfig, ModelConfig, ParallelConfig
from ncvc.model.parallel import single_process
from tests.small_training import SMALL


@pytest.mark.parametrize(
    ("hidden", "embedding", "share"), [(0.1, None, 0.1), (0.1, 0.0, 0.0), (0.0, 0.4, 0.4), (0.3, 0.3, 0.3)]
)
def test_the_share_of_the_embeddings_output_that_is_dropped(hidden, embedding, share):
    model = ModelConfig.model_validate({**SMALL, "hidden_dropout": hidden, "embedding_dropout": embedding})
    with single_process(1):
        gpt = gpt_model.build(
            model, compute=ComputeConfig(dtype="float32"), parallel=ParallelConfig(), device=torch.device("cpu")
        )
        gpt_model.initialise(gpt, model, 1)
        ids = torch.randint(0, model.vocab_size, (64, 32))
        output = gpt.embedding(ids, torch.arange(32).expand(64, -1))
        gpt.eval()
        whole = gpt.embedding(ids, torch.arange(32).expand(64, -1))
    assert (output == 0).float().mean().item() == pytest.approx(share, abs=0.01)
    kept = output != 0
    torch.testing.assert_close(output[kept], whole[kept] / (1 - share))
