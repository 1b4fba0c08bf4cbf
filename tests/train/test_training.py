"""Whole trainings of a small model, on one and two ranks."""

import json
import math
from collections import Counter

import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint, latest
from ncvc.errors import ConfigError
from ncvc.train.config import TrainConfig
from ncvc.train.metrics.log import steps
from ncvc.train.same_run import as_begun
from tests.small_training import (
    LAYOUTS,
    assert_learned_the_same,
    assert_same,
    last_event,
    made_up_documents,
    plain_logits,
    tensors,
    train_alone,
    train_as_rank,
    write_dataset,
)


def test_the_loss_falls_below_the_unigram_entropy(make_config):
    counts = Counter(token for document in made_up_documents() for token in document)
    total = sum(counts.values())
    entropy = -sum(count / total * math.log(count / total) for count in counts.values())
    config = make_config(schedule={"train_iters": 60}, model={"attention_dropout": 0.0, "hidden_dropout": 0.0})
    train_alone(config)
    losses = [step.loss for step in steps(config.folder)]
    assert len(losses) == 60
    assert losses[0] > entropy - 0.1
    assert sum(losses[-5:]) / 5 < 0.75 * entropy


def test_two_runs_with_one_seed_are_equal_and_another_seed_is_not(make_config):
    runs = [make_config("a"), make_config("b"), make_config("c", seed=6)]
    for config in runs:
        train_alone(config)
    first, second, other = ([step.loss for step in steps(config.folder)] for config in runs)
    assert first == second
    assert_same(tensors(runs[0], 6), tensors(runs[1], 6))
    assert first[0] != other[0]


def test_stopping_and_going_on_equals_not_stopping(make_config):
    """Dropout is on: the generators' states are in the comparison too."""
    whole, stopped = make_config("whole"), make_config("stopped")
    train_alone(whole)
    train_alone(stopped, stop_after=2)
    assert last_event(stopped.folder) == "stopped"
    assert latest(stopped.folder).manifest.step == 2
    train_alone(stopped)
    assert last_event(stopped.folder) == "finished"
    assert_same(tensors(whole, 6), tensors(stopped, 6))
    assert [step.loss for step in steps(whole.folder)] == [step.loss for step in steps(stopped.folder)]


@LAYOUTS
def test_stopping_and_going_on_equals_not_stopping_on_two_ranks(make_config, pair, parallel):
    whole, stopped = make_config("whole", parallel=parallel), make_config("stopped", parallel=parallel)
    pair.run(train_as_rank, whole)
    pair.run(train_as_rank, stopped, 3)
    assert latest(stopped.folder).manifest.step == 3
    pair.run(train_as_rank, stopped)
    assert_same(tensors(whole, 6), tensors(stopped, 6))


@pytest.mark.parametrize(
    "parallel",
    [{}, {"tensor_model_parallel_size": 2}, {"pipeline_model_parallel_size": 2}],
    ids=["data", "tensor", "pipeline"],
)
def test_the_ranks_change_nothing_but_rounding(make_config, pair, parallel):
    """Without dropout, one and two ranks learn the same."""
    quiet = {"attention_dropout": 0.0, "hidden_dropout": 0.0}
    one, two = make_config("one", model=quiet), make_config("two", model=quiet, parallel=parallel)
    train_alone(one)
    pair.run(train_as_rank, two)
    assert_learned_the_same(one, two)


def test_a_checkpoint_of_two_ranks_loads_on_one(make_config, pair, capsys):
    quiet = {"attention_dropout": 0.0, "hidden_dropout": 0.0}
    whole, moved = make_config("whole", model=quiet), make_config("moved", model=quiet)
    pair.run(train_as_rank, moved, 3)
    before = tensors(moved, 3)
    train_alone(moved)
    assert "the bits are not the same" in capsys.readouterr().out
    assert before["optimizer.exp_avg.output_layer.weight"].shape == (64, 32)
    train_alone(whole)
    for first, second in zip(steps(whole.folder), steps(moved.folder), strict=True):
        assert first.loss == pytest.approx(second.loss, abs=2e-5)


def test_training_equals_plain_torch(make_config):
    """Loss, clipping, warm-up, cosine, weight decay and AdamW: the same steps by torch alone."""
    config = make_config(
        model={"attention_dropout": 0.0, "hidden_dropout": 0.0},
        optimizer={"lr": 0.01, "weight_decay": 0.5, "clip_grad": 0.5},
        checkpoints={"save_interval": 1, "keep_last": 6},
    )
    train_alone(config)
    weights = plain_steps(config)
    last = Checkpoint.open(checkpoint_folder(config.run, 6))
    for name, weight in weights.items():
        torch.testing.assert_close(last.weight(name), weight.detach(), atol=1e-5, rtol=1e-4)


def plain_steps(config, skip=()):
    """Steps 2 to 6 from the first checkpoint by torch alone, without those of `skip`; the weights by name.

    Each step's loss and gradient norm are compared with the log.
    """
    first = Checkpoint.open(checkpoint_folder(config.run, 1))
    weights = {name: first.weight(name).requires_grad_() for name in first.parameters()}
    decay, clip = config.optimizer.weight_decay, config.optimizer.clip_grad
    adamw = torch.optim.AdamW(
        [
            {"params": [w for w in weights.values() if w.dim() > 1], "weight_decay": decay},
            {"params": [w for w in weights.values() if w.dim() == 1], "weight_decay": 0.0},
        ],
        betas=(0.9, 0.95),
    )
    for name, weight in weights.items():
        adamw.state[weight] = {
            "step": torch.tensor(1.0),
            "exp_avg": first.tensor(f"optimizer.exp_avg.{name}"),
            "exp_avg_sq": first.tensor(f"optimizer.exp_avg_sq.{name}"),
        }
    samples = samples_of(config)
    logged = {step.step: step for step in steps(config.folder)}
    for step in sorted({2, 3, 4, 5, 6} - set(skip)):
        batch = torch.stack([samples[index] for index in range(8 * (step - 1), 8 * step)])
        logits = plain_logits(weights, config.model, batch[:, :-1])
        loss = F.cross_entropy(logits.transpose(1, 2), batch[:, 1:])
        adamw.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(weights.values(), clip)
        assert norm > clip  # or clipping would not be seen
        cosine = (1 + math.cos(math.pi * (step - 2) / (6 - 2))) / 2
        for group in adamw.param_groups:
            group["lr"] = 0.01 * cosine
        adamw.step()
        assert logged[step].loss == pytest.approx(loss.item(), abs=1e-5)
        assert logged[step].grad_norm == pytest.approx(norm.item(), rel=1e-4)
    return weights


def samples_of(config):
    """Token windows [sequence + 1] in the order of the run."""
    from ncvc.model.parallel import single_process
    from ncvc.train.data import build_dataset
    from ncvc.train.datasets import inspect_all

    with single_process() as ranks:
        dataset = build_dataset(config, inspect_all(config, ""), ranks)
        return [torch.cat([sample["tokens"], sample["labels"][-1:]]) for sample in (dataset[i] for i in range(48))]


def test_bfloat16_keeps_float32_beside_the_weights(make_config):
    config = make_config(compute={"dtype": "bfloat16"}, checkpoints={"save_interval": 3})
    train_alone(config)
    at_3, at_6 = tensors(config, 3), tensors(config, 6)
    for name, weight in at_6.items():
        if name.startswith("model."):
            exact = at_6[name.replace("model.", "optimizer.fp32_param.", 1)]
            assert weight.dtype == torch.bfloat16
            assert torch.equal(weight, exact.bfloat16())
    assert not torch.equal(
        at_6["optimizer.fp32_param.output_layer.weight"],
        at_6["model.output_layer.weight"].float(),
    )
    again = make_config("again", compute={"dtype": "bfloat16"})
    train_alone(again, stop_after=3)
    assert_same(at_3, tensors(again, 3))
    train_alone(again)
    assert_same(at_6, tensors(again, 6))


def test_a_finished_run_is_left_alone(make_config):
    config = make_config()
    train_alone(config)
    before = checkpoint_folder(config.run, 6).stat().st_mtime_ns
    train_alone(config)
    assert last_event(config.folder) == "finished"
    assert checkpoint_folder(config.run, 6).stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"optimizer": {"lr": 0.02}}, "optimizer.lr was 0.01 and is 0.02"),
        ({"schedule": {"train_iters": 9}}, "schedule.train_iters was 6 and is 9"),
        ({"model": {"num_layers": 3}}, "model.num_layers was 2 and is 3"),
        ({"seed": 9}, "seed was 5 and is 9"),
    ],
)
def test_another_config_does_not_go_on_with_a_run(make_config, change, words):
    first = make_config()
    train_alone(first, stop_after=1)
    with pytest.raises(ConfigError, match=words):
        train_alone(make_config(**change))
    assert TrainConfig.load(first.folder / "config.yaml") == as_begun(first, None)  # not the refused one


def test_other_data_does_not_go_on_with_a_run(make_config, tmp_path):
    prefix = tmp_path / "data" / "corpus"
    write_dataset(prefix, made_up_documents(50))
    config = make_config(data={"prefixes": [str(prefix)]})
    train_alone(config, stop_after=1)
    write_dataset(prefix, made_up_documents(50, seed=1))
    with pytest.raises(ConfigError, match=r"data\.prefixes are not, or no longer hold"):
        train_alone(config)


def test_a_new_run_starts_from_the_weights_of_another(make_config):
    first = make_config("first")
    train_alone(first)
    folder = checkpoint_folder(first.run, 6)
    second = make_config("second", checkpoints={"init_from": str(folder)}, optimizer={"lr": 1e-12})
    train_alone(second, stop_after=1)
    before, after = Checkpoint.open(folder), Checkpoint.open(checkpoint_folder(second.run, 1))
    for name in before.parameters():
        torch.testing.assert_close(before.weight(name), after.weight(name), atol=1e-8, rtol=0)
    assert after.manifest.optimizer_step == 1


def test_the_manifest_says_what_the_run_was(make_config):
    config = make_config()
    train_alone(config)
    manifest = json.loads((checkpoint_folder(config.run, 6) / "manifest.json").read_text())
    assert manifest["format"] == "ncvc-checkpoint/1"
    assert manifest["step"] == manifest["optimizer_step"] == 6
    assert manifest["tokens_seen"] == 6 * 8 * 16
    assert manifest["config"] == as_begun(config, None).model_dump(mode="json")
    assert manifest["layout"] == {"dp": 1, "tp": 1, "pp": 1}
    assert set(manifest["data"]) == set(config.data.prefixes)
