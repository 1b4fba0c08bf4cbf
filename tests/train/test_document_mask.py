"""`data.document_mask` in whole trainings: positions as megatron-core makes them, losses, any ranks, resume."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from megatron.core.datasets.gpt_dataset import _get_ltor_masks_and_position_ids

from ncvc.checkpoint.manifest import checkpoint_folder
from ncvc.checkpoint.reader import Checkpoint
from ncvc.errors import ConfigError
from ncvc.indexed import IndexedDataset
from ncvc.train.blend import StagedBlend
from ncvc.train.data import EpochDataset
from ncvc.train.epochs import Cut, EpochSamples
from ncvc.train.metrics.log import records, steps
from tests.small_training import (
    END_OF_TEXT,
    LAYOUTS,
    assert_same,
    assert_two_ranks_learn_the_same,
    made_up_documents,
    plain_logits,
    tensors,
    train_alone,
    write_dataset,
)

QUIET = {"hidden_dropout": 0.0, "attention_dropout": 0.0}
MASKED = {"document_mask": True, "sequence_length": 32}


def by_the_end_of_text(tokens):
    """Positions as megatron-core makes them, a document beginning behind each end of text."""
    return _get_ltor_masks_and_position_ids(tokens, END_OF_TEXT, True, False, False, False)[2]


def test_positions_are_megatrons(tmp_path):
    write_dataset(tmp_path / "d", made_up_documents(40))
    samples = EpochSamples(IndexedDataset.open(tmp_path / "d"), 40, [Cut(0, 32)], (5, 0))
    blend = StagedBlend([(0, [1])])
    masked, crossing = (EpochDataset([samples], blend, document_mask=mask) for mask in (True, False))
    restarted = 0
    for number in range(300):
        own = masked[number]
        assert torch.equal(own["tokens"], crossing[number]["tokens"])
        assert torch.equal(own["labels"], crossing[number]["labels"])
        assert torch.equal(crossing[number]["position_ids"], torch.arange(32))
        assert torch.equal(own["position_ids"], by_the_end_of_text(own["tokens"]))
        restarted += int((own["position_ids"][1:] == 0).sum())
    assert restarted > 50


def test_stopping_and_going_on_equals_not_stopping(make_config):
    """Dropout is on."""
    whole, stopped = (make_config(name, data=MASKED) for name in ("whole", "stopped"))
    train_alone(whole)
    train_alone(stopped, stop_after=2)
    train_alone(stopped)
    assert_same(tensors(whole, 6), tensors(stopped, 6))
    crossing = make_config("crossing", data={"sequence_length": 32})
    train_alone(crossing)
    ours, theirs = ([step.loss for step in steps(config.folder)] for config in (whole, crossing))
    assert ours[0] != theirs[0]
    with pytest.raises(ConfigError, match=r"data\.document_mask was true and is false"):
        train_alone(make_config("stopped", data={"sequence_length": 32}, schedule={"train_iters": 7}))


@LAYOUTS
def test_the_ranks_change_nothing_but_rounding(make_config, pair, parallel):
    one = make_config("one", model=QUIET, data=MASKED)
    two, stopped = (make_config(name, model=QUIET, data=MASKED, parallel=parallel) for name in ("two", "stopped"))
    assert_two_ranks_learn_the_same(pair, one, two, stopped)


def test_validation_reads_each_document_by_itself(make_config, tmp_path):
    documents = made_up_documents(30, seed=3)
    write_dataset(tmp_path / "held-out", documents)
    config = make_config(
        data=MASKED | {"validation_prefixes": [str(tmp_path / "held-out")]},
        schedule={"eval_interval": 6, "eval_iters": 4},
    )
    train_alone(config)
    checkpoint = Checkpoint.open(checkpoint_folder(config.run, 6))
    weights = {name: checkpoint.weight(name) for name in checkpoint.parameters()}
    tokens = torch.from_numpy(np.concatenate(documents))
    windows = (len(tokens) - 1) // 32
    count = min(windows, 32)
    losses = []
    for start in (32 * (np.arange(count) * windows // count)).tolist():
        own, labels = tokens[start : start + 32], tokens[start + 1 : start + 33]
        lengths = np.diff([0, *((own[:-1] == END_OF_TEXT).nonzero().flatten() + 1).tolist(), 32]).tolist()
        logits = torch.cat([plain_logits(weights, config.model, part[None])[0] for part in own.split(lengths)])
        losses.append(F.cross_entropy(logits, labels))
    found = [record for record in records(config.folder) if record.get("event") == "validation"]
    assert found[-1]["loss"] == pytest.approx(torch.stack(losses).mean().item(), abs=1e-5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"data": {"document_mask": True, "order": "megatron"}}, "document_mask needs order epochs"),
        (
            {"data": {"document_mask": True}, "compute": {"core_attention": "megatron"}},
            "compute.core_attention megatron cannot keep attention within documents",
        ),
    ],
)
def test_what_cannot_be_exact_is_refused(make_config, changes, words):
    with pytest.raises(ValueError, match=words):
        make_config(**changes)
