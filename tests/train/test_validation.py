"""Validation: its numbers by plain PyTorch, on any ranks, and that training does not notice it."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from ncvc import DatasetError
from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.model.parallel import single_process
from ncvc.train import validate
from ncvc.train.datasets import inspect_all
from ncvc.train.elastic.stop_signal import StopRequest
from ncvc.train.loop import train
from ncvc.train.metrics.log import records, steps
from tests.small_training import (
    LAYOUTS,
    assert_same,
    last_event,
    made_up_documents,
    plain_logits,
    tensors,
    train_alone,
    train_as_rank,
    write_dataset,
)

QUIET = {"attention_dropout": 0.0, "hidden_dropout": 0.0}
EVERY_TWO = {"eval_interval": 2, "eval_iters": 2}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Two datasets, a short and a long one, and their documents."""
    folder = tmp_path_factory.mktemp("sources")
    documents = {"short": made_up_documents(19, seed=3), "long": made_up_documents(60, seed=4)}
    for name, own in documents.items():
        write_dataset(folder / name, own)
    return {str(folder / name): own for name, own in documents.items()}


def validations(config):
    return [record for record in records(config.folder) if record.get("event") == "validation"]


def plain_loss(checkpoint, documents, length, most):
    """Mean cross entropy of at most `most` windows, evenly spread over the documents."""
    tokens = np.concatenate(documents)
    windows = (len(tokens) - 1) // length
    count = min(windows, most)
    batch = torch.tensor(np.array([tokens[s : s + length + 1] for s in length * (np.arange(count) * windows // count)]))
    weights = {name: checkpoint.weight(name) for name in checkpoint.parameters()}
    logits = plain_logits(weights, checkpoint.model, batch[:, :-1])
    return F.cross_entropy(logits.transpose(1, 2), batch[:, 1:]).item()


def test_losses_equal_plain_torch_and_the_weights_those_of_a_run_without(make_config, sources):
    """Dropout is on, so that a drawn number too many would be seen, in the generators and in the weights."""
    data = {"prefixes": list(sources), "weights": [3.0, 1.0], "validation_split": 0.25}
    schedule = {**EVERY_TWO, "train_iters": 6}
    checkpoints = {"save_interval": 2}
    with_validation = make_config("with", data=data, schedule=schedule, checkpoints=checkpoints)
    without = make_config("without", data=data, schedule={**schedule, "eval_interval": 1000, "eval_iters": 1})
    for config in (with_validation, without):
        train_alone(config)
    assert_same(tensors(with_validation, 6), tensors(without, 6))
    assert [step.loss for step in steps(with_validation.folder)] == [step.loss for step in steps(without.folder)]

    found = validations(with_validation)
    assert [record["step"] for record in found] == [0, 2, 4, 6]
    assert [record["step"] for record in validations(without)] == [0, 6]
    for record in found[1:]:
        checkpoint = Checkpoint.open(checkpoint_folder(with_validation.run, record["step"]))
        expected = {
            prefix: plain_loss(checkpoint, documents[round(0.75 * len(documents)) :], 16, 16)
            for prefix, documents in sources.items()
        }
        for prefix, loss in expected.items():
            assert record["sources"][prefix]["loss"] == pytest.approx(loss, abs=1e-5)
            assert record["sources"][prefix]["perplexity"] == pytest.approx(math.exp(loss), rel=1e-4)
        short, long = expected.values()
        assert abs(short - long) > 1e-3  # or a wrong weight would not be seen
        assert record["loss"] == pytest.approx(0.75 * short + 0.25 * long, abs=1e-5)


def test_training_never_reads_what_validation_does(make_config, tmp_path):
    write_dataset(tmp_path / "d", [[10] * 300, [20] * 100])
    config = make_config(data={"prefixes": [str(tmp_path / "d")], "validation_split": 0.5})
    (facts,) = inspect_all(config, "")
    assert (facts.documents, facts.tokens) == (1, 300)
    train_alone(config)
    assert steps(config.folder)[-1].loss < 2  # it has seen nothing but 10
    assert validations(config)[-1]["loss"] > 3


@LAYOUTS
def test_the_ranks_do_not_change_a_loss(make_config, sources, pair, parallel):
    """2 × 2 samples at a time do not divide them: the last micro-batches are not full."""
    (prefix, documents) = next(iter(sources.items()))
    data = {"validation_prefixes": [prefix]}
    schedule = {**EVERY_TWO, "train_iters": 2, "lr_warmup_iters": 1, "eval_iters": 100}
    one = make_config("one", model=QUIET, data=data, schedule=schedule)
    two = make_config("two", model=QUIET, data=data, schedule=schedule, parallel=parallel)
    assert ((len(np.concatenate(documents)) - 1) // 16) % 4 != 0
    train_alone(one)
    pair.run(train_as_rank, two)
    before, after = validations(one), validations(two)
    assert [record["step"] for record in before] == [record["step"] for record in after] == [0, 2]
    # Before the first step the weights are the same to the bit; only a tensor-parallel sum is in another order.
    assert after[0]["loss"] == pytest.approx(
        before[0]["loss"], abs=1e-6 if "tensor_model_parallel_size" in parallel else 0
    )
    assert after[1]["loss"] == pytest.approx(before[1]["loss"], abs=2e-5)


def test_a_resumed_run_validates_what_it_missed(make_config, material):
    data = {"validation_split": 0.1}
    config = make_config(data=data, schedule=EVERY_TWO)
    train_alone(config, stop_after=4)
    assert [record["step"] for record in validations(config)] == [0, 2]
    train_alone(config)
    assert [record["step"] for record in validations(config)] == [0, 2, 4, 6]


@pytest.mark.parametrize("step", [0, 2, 6])
def test_a_request_to_stop_is_heard_in_the_next_micro_batch(make_config, monkeypatch, step):
    """The partial result is dropped, the state is saved, and the next start ends as without the request."""
    config = make_config("asked", data={"validation_split": 0.3}, schedule=EVERY_TWO)
    undisturbed = make_config("undisturbed", data={"validation_split": 0.3}, schedule=EVERY_TWO)
    request, heard = StopRequest(), []
    schedule = validate.get_forward_backward_func

    def asked_in_the_second(**arguments):
        if len(validations(config)) == step // 2:
            heard.append(step)
            request.made = len(heard) == 2
        return schedule()(**arguments)

    monkeypatch.setattr(validate, "get_forward_backward_func", lambda: asked_in_the_second)
    with single_process(config.seed) as ranks:
        assert not train(config, ranks, request)
    assert len(heard) == 2
    assert last_event(config.folder) == "stopped"
    assert [record["step"] for record in validations(config)] == list(range(0, step, 2))
    assert [path.name for path in config.folder.glob("checkpoints/step_*")] == ([f"step_{step:08}"] if step else [])
    monkeypatch.undo()
    train_alone(config)
    train_alone(undisturbed)
    assert last_event(config.folder) == "finished"
    assert [record["step"] for record in validations(config)] == [0, 2, 4, 6]
    assert [record["loss"] for record in validations(config)] == [record["loss"] for record in validations(undisturbed)]
    assert_same(tensors(config, 6), tensors(undisturbed, 6))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"validation_split": 0.001}, "holds 0 tokens for validation, and a sample takes data.sequence_length"),
        ({"validation_split": 0.999}, "holds 0 tokens for training, and a sample takes data.sequence_length"),
    ],
)
def test_too_little_text_is_refused_before_the_first_step(make_config, data, words):
    with pytest.raises(DatasetError, match=words):
        train_alone(make_config(data=data))


def test_what_validation_reads_is_checked_as_well(make_config, tmp_path):
    write_dataset(tmp_path / "other", [[4, 64, 2] * 20])
    with pytest.raises(DatasetError, match=r"other\.bin: holds the id 64"):
        train_alone(make_config(data={"validation_prefixes": [str(tmp_path / "other")]}))
    with pytest.raises(DatasetError, match=r"none\.idx: no such file"):
        train_alone(make_config(data={"validation_prefixes": [str(tmp_path / "none")]}))
