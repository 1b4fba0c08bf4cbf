"""Logits are computed only where a loss counts, and loss and gradient are those of a plain forward pass over all."""

import pytest
import torch
from trl.trainer import utils

from ncvc.train.metrics.log import steps
from ncvc.tune.prepare import prepare
from tests.tune.conftest import run_tuning


def test_the_head_gets_the_counted_tokens_alone(make_config, monkeypatch):
    config = make_config(schedule={"train_iters": 1, "lr_warmup_iters": 0}, optimizer={"clip_grad": 1e9})
    rows = []
    apply = utils._ChunkedLogProbFunction.apply
    monkeypatch.setattr(
        utils._ChunkedLogProbFunction,
        "apply",
        lambda hidden, *more: (rows.append(len(hidden)), apply(hidden, *more))[1],
    )
    assert run_tuning(config)
    assert len(rows) == 2  # micro-batches
    assert 0 < sum(rows) < steps(config.folder)[0].tokens / 4


@pytest.mark.parametrize("micro_batch_size", [4, 8])
def test_loss_and_gradient_are_those_of_all_positions(make_config, micro_batch_size):
    """By transformers' model and torch's cross entropy alone, over all samples of the one step."""
    from transformers import AutoModelForCausalLM

    config = make_config(
        schedule={"train_iters": 1, "global_batch_size": 64, "micro_batch_size": micro_batch_size, "lr_warmup_iters": 0}
    )
    assert run_tuning(config)
    step = steps(config.folder)[0]
    samples = prepare(config).samples
    assert len(samples) == 64
    model = AutoModelForCausalLM.from_pretrained(config.base, dtype=torch.float32)
    torch.manual_seed(config.seed)
    model.resize_token_embeddings(model.config.vocab_size + 3)
    total, count = torch.zeros(()), 0
    for sample in samples:
        labels = torch.tensor(sample.labels[1:])
        logits = model(torch.tensor([sample.ids])).logits[0, :-1]
        total = total + torch.nn.functional.cross_entropy(logits, labels, reduction="sum")
        count += int((labels != -100).sum())
    (total / count).backward()
    norm = torch.linalg.vector_norm(torch.stack([p.grad.norm() for p in model.parameters() if p.grad is not None]))
    assert step.loss == pytest.approx(float(total / count), rel=1e-5)
    assert step.grad_norm == pytest.approx(float(norm), rel=1e-4)
