"""The z-loss: beside plain torch, over all kinds of ranks, and gone on with."""

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from megatron.core.tensor_parallel.cross_entropy import vocab_parallel_cross_entropy

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.errors import ConfigError
from ncvc.model.kernels.z_loss import CrossEntropyWithZLoss
from ncvc.model.parallel import single_process
from ncvc.train import setup as train_setup
from ncvc.train.data import build_dataset
from ncvc.train.datasets import inspect_all
from ncvc.train.metrics.log import event_records, steps
from tests.small_training import (
    SMALL,
    assert_learned_the_same,
    assert_same,
    plain_logits,
    tensors,
    train_alone,
    train_as_rank,
)

QUIET = {**SMALL, "attention_dropout": 0.0, "hidden_dropout": 0.0}
WITH = {"lr": 0.01, "z_loss": 0.05}
"""500 times the usual coefficient, so that it can be seen."""
LAYOUTS = pytest.mark.parametrize(
    "parallel",
    [
        {},
        {"tensor_model_parallel_size": 2},
        {"tensor_model_parallel_size": 2, "sequence_parallel": True},
        {"pipeline_model_parallel_size": 2},
    ],
    ids=["data", "tensor", "tensor+sequence", "pipeline"],
)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_both_losses_and_their_gradients_are_torchs(dtype):
    torch.manual_seed(0)
    logits = (8 * torch.randn(5, 3, 64)).to(dtype)
    labels = torch.randint(0, 64, (3, 5))
    weights = torch.rand(2, 3, 5)
    ours, theirs = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    with single_process() as ranks:
        gpt = train_setup.gpt_model.build(_model(), device=ranks.device)
        found = CrossEntropyWithZLoss(gpt, 0.1)(labels, ours * 1)
        (found * weights).sum().backward()
        plain = vocab_parallel_cross_entropy(logits.clone(), labels.T.contiguous())
    exact = theirs.float()
    expected = torch.stack(
        [F.cross_entropy(exact.permute(1, 2, 0), labels, reduction="none"), 0.1 * exact.logsumexp(-1).square().T]
    )
    (expected * weights).sum().backward()
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(ours.grad, theirs.grad, atol=1e-5, rtol=1e-5 if dtype == torch.float32 else 1e-2)
    assert torch.equal(found[0].T, plain)


def _model():
    from ncvc.model.config import ModelConfig

    return ModelConfig.model_validate(QUIET)


def test_a_step_equals_plain_torch(make_config):
    """Losses and gradient of the second step, from the weights of the first; `loss` is without the z-loss."""
    config = make_config(model=QUIET, optimizer=WITH, checkpoints={"save_interval": 1})
    train_alone(config, stop_after=2)
    before = Checkpoint.open(checkpoint_folder(config.run, 1))
    weights = {name: before.weight(name).requires_grad_() for name in before.parameters()}
    with single_process() as ranks:
        dataset = build_dataset(config, inspect_all(config, ""), ranks)
        samples = [dataset[number] for number in range(8, 16)]
    tokens, labels = (torch.stack([sample[name] for sample in samples]) for name in ("tokens", "labels"))
    logits = plain_logits(weights, config.model, tokens)
    loss = F.cross_entropy(logits.transpose(1, 2), labels)
    z_loss = 0.05 * logits.logsumexp(-1).square().mean()
    (loss + z_loss).backward()
    norm = torch.stack([weight.grad.norm() for weight in weights.values()]).norm()
    step = steps(config.folder)[1]
    assert step.loss == pytest.approx(loss.item(), abs=1e-5)
    assert step.z_loss == pytest.approx(z_loss.item(), abs=1e-5)
    assert step.z_loss > 0.5
    assert step.grad_norm == pytest.approx(norm.item(), rel=1e-4)


@LAYOUTS
def test_the_ranks_change_nothing_but_rounding(make_config, pair, parallel):
    one, two = (
        make_config(run, model=QUIET, optimizer=WITH, parallel=own) for run, own in (("one", {}), ("two", parallel))
    )
    train_alone(one)
    pair.run(train_as_rank, two)
    assert_learned_the_same(one, two)
    for first, second in zip(steps(one.folder), steps(two.folder), strict=True):
        assert first.z_loss == pytest.approx(second.z_loss, abs=2e-5)


@LAYOUTS
def test_stopping_and_going_on_equals_not_stopping_on_two_ranks(make_config, pair, parallel):
    whole, parted = (make_config(run, optimizer=WITH, parallel=parallel) for run in ("whole", "parted"))
    pair.run(train_as_rank, whole)
    pair.run(train_as_rank, parted, 3)
    pair.run(train_as_rank, parted)
    assert_same(tensors(whole, 6), tensors(parted, 6))


def test_stopping_and_going_on_equals_not_stopping(make_config):
    whole, parted, without = (
        make_config("whole", optimizer=WITH),
        make_config("parted", optimizer=WITH),
        make_config("n"),
    )
    train_alone(whole)
    train_alone(parted, stop_after=2)
    train_alone(parted)
    assert_same(tensors(whole, 6), tensors(parted, 6))
    train_alone(without)
    assert [step.z_loss for step in steps(without.folder)] == [None] * 6
    assert steps(without.folder)[-1].loss != steps(whole.folder)[-1].loss


def test_validation_is_without_it(make_config):
    """Before the first step the weights are the same."""
    data, schedule = {"validation_split": 0.1}, {"eval_interval": 100, "eval_iters": 1}
    configs = [
        make_config(str(z_loss), data=data, schedule=schedule, optimizer={"z_loss": z_loss}) for z_loss in (0.0, 0.05)
    ]
    for config in configs:
        train_alone(config, stop_after=1)
    without, with_it = (
        next(event["loss"] for event in event_records(config.folder) if event["event"] == "validation")
        for config in configs
    )
    assert without == with_it


def test_it_pulls_the_denominators_towards_one(make_config):
    """Steps without dropout, from the same weights."""
    runs = [
        make_config(str(z), model=QUIET, schedule={"train_iters": 30}, optimizer={"z_loss": z}) for z in (1e-9, 0.1)
    ]
    for config in runs:
        train_alone(config)
    little, much = (steps(config.folder)[-1].z_loss / config.optimizer.z_loss for config in runs)
    assert much < 0.5 * little


@pytest.mark.parametrize("form", ["native", "te", "liger"])
def test_a_fused_cross_entropy_is_refused(make_config, form):
    with pytest.raises(ValueError, match=f"cross_entropy_fusion_impl {form} does not give; set it to auto"):
        make_config(optimizer=WITH, compute={"cross_entropy_fusion_impl": form})
    assert make_config(optimizer=WITH).arithmetic.cross_entropy_fusion_impl == "none"
    assert make_config().arithmetic == make_config().compute


def test_it_changes_on_purpose(make_config):
    train_alone(make_config(), stop_after=2)
    config = make_config(optimizer=WITH)
    with pytest.raises(ConfigError, match=r"optimizer\.z_loss was 0\.0 and is 0\.05; .*--change optimizer\.z_loss"):
        train_alone(config)
    train_alone(config, changed={"optimizer.z_loss"})
    assert [step.z_loss is not None for step in steps(config.folder)] == [False, False, True, True, True, True]


def test_without_it_the_model_keeps_its_own_loss(make_config):
    with single_process() as ranks:
        training = train_setup.setup(make_config(), ranks)
        assert not isinstance(training.gpt.compute_language_model_loss, CrossEntropyWithZLoss)
