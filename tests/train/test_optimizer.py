"""The learning rate; AdamW itself is compared in test_training."""

import pytest
import torch

from ncvc.train.optimizer import learning_rate


@pytest.mark.parametrize(
    ("theirs", "cooldown", "ours"),
    [
        ("cosine", None, {}),
        ("linear", None, {"lr_decay_style": "linear"}),
        ("constant", None, {"lr_decay_style": "constant"}),
        ("inverse-square-root", None, {"lr_decay_style": "inverse_sqrt"}),
        ("WSD", "linear", {"lr_decay_style": "wsd", "lr_cooldown_iters": 12}),
        ("WSD", "minus_sqrt", {"lr_decay_style": "wsd", "lr_cooldown_iters": 12, "lr_cooldown_style": "minus_sqrt"}),
    ],
)
def test_the_learning_rate_is_megatrons(make_config, theirs, cooldown, ours):
    """As of megatron-core's scheduler; a step's rate is that after its step."""
    from megatron.core.optimizer_param_scheduler import OptimizerParamScheduler

    schedule = {"train_iters": 50, "lr_warmup_iters": 7, **ours}
    config = make_config(optimizer={"lr": 3e-3, "min_lr": 1e-4}, schedule=schedule)
    sgd = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = OptimizerParamScheduler(
        sgd,
        init_lr=0.0,
        max_lr=3e-3,
        min_lr=1e-4,
        lr_warmup_steps=7,
        lr_decay_steps=50,
        lr_decay_style=theirs,
        start_wd=0.0,
        end_wd=0.0,
        wd_incr_steps=50,
        wd_incr_style="constant",
        wsd_decay_steps=12 if cooldown else None,
        lr_wsd_decay_style=cooldown,
    )
    for step in range(1, 51):
        scheduler.step(1)
        assert learning_rate(step, config.optimizer, config.schedule) == pytest.approx(
            sgd.param_groups[0]["lr"], rel=1e-12
        )


def test_the_cool_down_of_the_inverse_root_begins_where_that_is(make_config):
    schedule = {"train_iters": 100, "lr_warmup_iters": 4, "lr_decay_style": "inverse_sqrt", "lr_cooldown_iters": 36}
    config = make_config(optimizer={"lr": 1.0}, schedule=schedule)
    rates = {step: learning_rate(step, config.optimizer, config.schedule) for step in range(1, 101)}
    assert [rates[step] for step in (4, 16, 64)] == pytest.approx([1.0, 0.5, 0.25])
    assert [rates[step] for step in (82, 91, 100)] == pytest.approx([0.125, 0.0625, 0.0])


def test_no_warm_up_begins_below_the_top(make_config):
    config = make_config(schedule={"train_iters": 10, "lr_warmup_iters": 0})
    rates = [learning_rate(step, config.optimizer, config.schedule) for step in range(1, 11)]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == 0.0


def test_the_logarithmic_warm_up_is_deepspeeds(make_config):
    """ln n / ln w, by the formula of its WarmupLR; then the same cosine."""
    schedule = {"train_iters": 1000, "lr_warmup_iters": 625}
    linear = make_config(optimizer={"lr": 3e-3}, schedule=schedule)
    config = make_config(optimizer={"lr": 3e-3}, schedule=schedule | {"lr_warmup_style": "logarithmic"})
    rates = [learning_rate(step, config.optimizer, config.schedule) for step in range(1, 1001)]
    # 625 is 5 to the 4th.
    assert [rates[step - 1] for step in (1, 5, 25, 125, 625)] == pytest.approx([0, 0.75e-3, 1.5e-3, 2.25e-3, 3e-3])
    assert rates[625:] == [learning_rate(step, linear.optimizer, linear.schedule) for step in range(626, 1001)]
