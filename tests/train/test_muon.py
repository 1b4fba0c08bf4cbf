"""Muon, beside a few lines of plain PyTorch after the published form; resumed, on other ranks, and refused."""

import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.errors import ConfigError
from ncvc.train.changes import changed_keys
from ncvc.train.metrics.log import event_records, steps
from ncvc.train.muon import newton_schulz
from tests.small_training import (
    LAYOUTS,
    assert_learned_the_same,
    assert_same,
    assert_two_ranks_learn_the_same,
    plain_logits,
    tensors,
    train_alone,
    train_as_rank,
)
from tests.train.test_training import samples_of

QUIET = {"hidden_dropout": 0.0, "attention_dropout": 0.0}
MUON = {"name": "muon", "lr": 0.01}


def published(gradient):
    """zeropower_via_newtonschulz5 of the published Muon, in float32."""
    a, b, c = (3.4445, -4.7750, 2.0315)
    x = gradient
    if gradient.size(0) > gradient.size(1):
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        aa = x @ x.T
        bb = b * aa + c * aa @ aa
        x = a * x + bb @ x
    return x.T if gradient.size(0) > gradient.size(1) else x


def rows_of(name, weight, gated):
    """Rows of each matrix in a weight: of 4 heads of 8 in 2 groups, [q q k v] twice; gate and value in turn."""
    every = torch.arange(weight.size(0))
    if "linear_qkv" in name:
        kind = torch.tensor([0] * 16 + [1] * 8 + [2] * 8).repeat(2)
        return [every[kind == which] for which in range(3)]
    return [every[::2], every[1::2]] if gated and "linear_fc1" in name else [every]


def test_training_equals_plain_torch(make_config):
    """Clipping, warm-up, cosine, weight decay, Muon for the layers' matrices and AdamW for the rest."""
    config = make_config(
        model=QUIET,
        optimizer=MUON | {"weight_decay": 0.5, "clip_grad": 0.5, "muon_momentum": 0.9},
        checkpoints={"save_interval": 1, "keep_last": 6},
    )
    train_alone(config)
    first = Checkpoint.open(checkpoint_folder(config.run, 1))
    weights = {name: first.weight(name).requires_grad_() for name in first.parameters()}
    matrices = {name for name in weights if ".linear_" in name}
    assert len(matrices) == 2 * 4
    momentum = {name: first.tensor(f"optimizer.momentum_buffer.{name}") for name in matrices}
    rest = {name: weight for name, weight in weights.items() if name not in matrices}
    adamw = torch.optim.AdamW(
        [
            {"params": [w for w in rest.values() if w.dim() > 1], "weight_decay": 0.5},
            {"params": [w for w in rest.values() if w.dim() == 1], "weight_decay": 0.0},
        ],
        betas=(0.9, 0.95),
    )
    for name, weight in rest.items():
        moments = {moment: first.tensor(f"optimizer.{moment}.{name}") for moment in ("exp_avg", "exp_avg_sq")}
        adamw.state[weight] = {"step": torch.tensor(1.0), **moments}
    samples = samples_of(config)
    for step in range(2, 7):
        batch = torch.stack([samples[index] for index in range(8 * (step - 1), 8 * step)])
        loss = F.cross_entropy(plain_logits(weights, config.model, batch[:, :-1]).transpose(1, 2), batch[:, 1:])
        for weight in weights.values():
            weight.grad = None
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights.values(), 0.5)
        lr = 0.01 * (1 + math.cos(math.pi * (step - 2) / (6 - 2))) / 2
        for group in adamw.param_groups:
            group["lr"] = lr
        adamw.step()
        with torch.no_grad():
            for name in matrices:
                weight = weights[name]
                momentum[name] = 0.9 * momentum[name] + weight.grad
                update = weight.grad + 0.9 * momentum[name]
                weight *= 1 - lr * 0.5
                for rows in rows_of(name, weight, gated=False):
                    scale = 0.2 * math.sqrt(max(len(rows), weight.size(1)))
                    weight[rows] -= lr * scale * published(update[rows])
    last = Checkpoint.open(checkpoint_folder(config.run, 6))
    for name, weight in weights.items():
        torch.testing.assert_close(
            last.weight(name), weight.detach(), atol=1e-5, rtol=1e-4, msg=lambda text, name=name: f"{name}: {text}"
        )
    assert f"optimizer.exp_avg.{min(matrices)}" not in last.names()


def test_gate_and_value_are_matrices_of_their_own(make_config):
    """The first step, whose momentum is the gradient, so that it is made orthogonal."""
    gated = {"gated_linear_unit": True}
    config = make_config(
        model=QUIET | gated,
        optimizer=MUON | {"weight_decay": 0.0},
        schedule={"train_iters": 2, "lr_warmup_iters": 0, "lr_decay_style": "constant"},
        checkpoints={"save_interval": 1},
    )
    train_alone(config)
    first, second = (Checkpoint.open(checkpoint_folder(config.run, step)) for step in (1, 2))
    for name in (name for name in first.parameters() if ".linear_" in name):
        # Step 2's update from the momentum after it: (m2 - 0.95 m1) is the gradient.
        m1, m2 = (each.tensor(f"optimizer.momentum_buffer.{name}") for each in (first, second))
        nesterov = (m2 - 0.95 * m1) + 0.95 * m2
        expected = first.weight(name).clone()
        for rows in rows_of(name, expected, gated=True):
            expected[rows] -= 0.01 * 0.2 * math.sqrt(max(len(rows), expected.size(1))) * published(nesterov[rows])
        torch.testing.assert_close(
            second.weight(name), expected, atol=1e-5, rtol=1e-4, msg=lambda text, name=name: f"{name}: {text}"
        )


@pytest.mark.parametrize("shape", [(32, 32), (16, 64), (64, 16)])
def test_the_singular_values_come_near_one(shape):
    """To within the 0.7 to 1.2 that the published coefficients give, of values that are not tiny."""
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    matrix = u @ torch.diag(s.clamp(min=0.05 * s[0])) @ v
    found = torch.linalg.svdvals(newton_schulz(matrix))
    assert found.min() > 0.65
    assert found.max() < 1.25
    torch.testing.assert_close(newton_schulz(matrix), published(matrix))


def test_stopping_and_going_on_equals_not_stopping(make_config):
    """Dropout is on; in bfloat16 too."""
    for dtype in ("float32", "bfloat16"):
        whole, stopped = (
            make_config(f"{name}-{dtype}", optimizer=MUON, compute={"dtype": dtype}) for name in ("whole", "stopped")
        )
        train_alone(whole)
        train_alone(stopped, stop_after=2)
        train_alone(stopped)
        assert_same(tensors(whole, 6), tensors(stopped, 6))


@LAYOUTS
def test_the_ranks_change_nothing_but_rounding(make_config, pair, parallel):
    """Without dropout, one and two ranks learn the same, and two that were stopped have the same bits."""
    model = QUIET | {"gated_linear_unit": True}
    one = make_config("one", model=model, optimizer=MUON)
    two, stopped = (make_config(name, model=model, optimizer=MUON, parallel=parallel) for name in ("two", "stopped"))
    assert_two_ranks_learn_the_same(pair, one, two, stopped)


@LAYOUTS
def test_a_checkpoint_of_two_ranks_goes_on_on_one(make_config, pair, parallel):
    whole = make_config("whole", model=QUIET, optimizer=MUON)
    train_alone(whole)
    pair.run(train_as_rank, make_config("moved", model=QUIET, optimizer=MUON, parallel=parallel), 3)
    moved = make_config("moved", model=QUIET, optimizer=MUON)
    train_alone(moved)
    assert_learned_the_same(whole, moved)


def test_a_branch_that_changes_nothing_has_the_bits_of_the_run(make_config):
    whole = make_config("whole", optimizer=MUON, checkpoints={"save_interval": 3})
    train_alone(whole)
    branch = whole.branch(3)
    train_alone(branch)
    assert_same(tensors(whole, 6), tensors(branch, 6))


def test_the_momentum_may_change_and_the_optimizer_may_not(make_config):
    run = make_config("run", optimizer=MUON)
    train_alone(run, stop_after=3)
    with pytest.raises(ConfigError, match=r'optimizer\.name was "muon" and is "adamw"'):
        train_alone(make_config("run"))
    with pytest.raises(ConfigError, match=r"--change optimizer\.name: cannot change in a run"):
        changed_keys(["optimizer.name=adamw"])
    other = make_config("run", optimizer=MUON | {"muon_momentum": 0.5})
    train_alone(other, changed=["optimizer.muon_momentum"])
    (change,) = [event for event in event_records(other.folder) if event["event"] == "changed"]
    assert (change["key"], change["before"], change["now"]) == ("optimizer.muon_momentum", 0.95, 0.5)
    assert len(steps(other.folder)) == 6
