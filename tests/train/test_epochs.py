"""Every token once an epoch, counted in plain Python by the ids, which are all different."""

import hashlib
import tracemalloc
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from ncvc.checkpoint.manifest import Change
from ncvc.indexed import IndexedDataset
from ncvc.train.blend import Blend, StagedBlend
from ncvc.train.data import EpochDataset, build_dataset
from ncvc.train.datasets import DatasetFacts
from ncvc.train.epochs import Cut, EpochSamples
from ncvc.train.step_plan import plans
from tests.small_training import made_up_documents, train_alone, write_dataset

EPOCHS = 4


def numbered(prefix, lengths):
    """A dataset whose tokens are 0, 1, 2, …; returns their number."""
    ends = np.cumsum(lengths)
    write_dataset(prefix, [list(range(end - length, end)) for end, length in zip(ends, lengths, strict=True)], np.int32)
    return int(ends[-1])


def lengths_by_chance(count, seed=0):
    return np.random.default_rng(seed).integers(0, 60, count).tolist()


@pytest.mark.parametrize(("lengths", "sequence"), [(lengths_by_chance(80), 32), (lengths_by_chance(80), 7), ([50], 49)])
def test_an_epoch_reads_every_token_once(tmp_path, lengths, sequence):
    tokens = numbered(tmp_path / "d", lengths)
    samples = EpochSamples(IndexedDataset.open(tmp_path / "d"), len(lengths), [Cut(0, sequence)], (5, 0))
    counts, orders, number = Counter(), [], 0
    for epoch in range(1, EPOCHS + 1):
        read = []
        while len(read) * sequence < tokens * epoch - number * sequence:
            read.append(samples[number + len(read)])
        number += len(read)
        assert all(len(sample) == sequence + 1 for sample in read)
        counts.update(int(token) for sample in read for token in sample[:-1])
        # The sample that an epoch ends in holds the first tokens of the next one.
        early = number * sequence - tokens * epoch
        assert 0 <= early < sequence
        assert min(counts[token] for token in range(tokens)) == epoch
        assert sum(counts[token] - epoch for token in range(tokens)) == early
        orders.append([sample.tolist() for sample in read])
    if len(orders[0]) > 2:
        assert len({str(order) for order in orders}) == EPOCHS
        assert all(order != sorted(order) for order in orders)


def test_samples_are_cut_across_documents_and_overlap_by_a_label(tmp_path):
    lengths = lengths_by_chance(50)
    numbered(tmp_path / "d", lengths)
    samples = EpochSamples(IndexedDataset.open(tmp_path / "d"), 50, [Cut(0, 16)], (5, 0))
    ends = set(np.cumsum(lengths).tolist())
    read = [samples[number].tolist() for number in range(len(range(0, sum(lengths), 16)))]
    assert sum(any(token + 1 in ends for token in sample[:-1]) for sample in read) > len(read) // 4
    for sample in read:  # a token is followed by the next of its document, or by the beginning of another one
        for token, label in pairwise(sample):
            assert label == token + 1 or token + 1 in ends


def test_the_documents_for_validation_are_left_out(tmp_path):
    numbered(tmp_path / "d", [40] * 10)
    samples = EpochSamples(IndexedDataset.open(tmp_path / "d"), 7, [Cut(0, 16)], (5, 0))
    assert samples.tokens == 280
    assert {int(token) for number in range(60) for token in samples[number]} == set(range(280))


@pytest.mark.parametrize("weights", [[1.0], [0.5, 0.3, 0.2], [1e-6, 1.0], [0.1] * 7, [3.0, 1e-3, 20.0, 7.5]])
def test_a_blend_keeps_to_its_weights_within_one_sample(weights):
    blend, read = Blend(weights), [0] * len(weights)
    for number in range(10_000):
        dataset, own = blend[number]
        assert own == read[dataset]  # none is left out, none is read twice
        read[dataset] += 1
        for count, weight in zip(read, weights, strict=True):
            assert abs(count - (number + 1) * weight / sum(weights)) <= 1
    assert Blend(weights)[9_999] == (dataset, own)


@pytest.mark.parametrize("weights", [None, [1.0, 3.0]])
def test_each_dataset_of_a_blend_has_epochs_of_its_own(tmp_path, weights):
    """Whatever the weights: counted by the ids of each dataset alone."""
    first, second = (
        numbered(tmp_path / "a", lengths_by_chance(40, 1)),
        numbered(tmp_path / "b", lengths_by_chance(30, 2)),
    )
    datasets = [
        EpochSamples(IndexedDataset.open(tmp_path / name), documents, [Cut(0, 16)], (5, number))
        for number, (name, documents) in enumerate([("a", 40), ("b", 30)])
    ]
    blend = Blend(weights or [first, second])
    dataset = EpochDataset(datasets, StagedBlend([(0, weights or [first, second])]))
    for which, tokens in enumerate((first, second)):
        counts: Counter[int] = Counter()
        own = [number for number in range(600) if blend[number][0] == which]
        for number in own:
            counts.update(dataset[number]["tokens"].tolist())
            if counts.total() % tokens < 16:  # an epoch has just ended
                assert min(counts[token] for token in range(tokens)) == counts.total() // tokens
        assert counts.total() > 2 * tokens


STAGED = {
    "weights": ([{"from": 7, "blend": [1, 9]}, {"from": 19, "blend": [5, 1]}], []),
    "none at first": ([{"from": 9, "blend": [0, 1]}, {"from": 22, "blend": [1, 1]}], []),
    "longer": ([{"from": 11, "seq_length": 24}, {"from": 30, "seq_length": 32, "blend": [1, 2]}], []),
    "shorter": ([{"from": 5, "seq_length": 7}, {"from": 21, "seq_length": 16}], []),
    # Changed on purpose behind these steps, to what stands there; the first is what the run was begun with.
    "longer, unplanned": ([], [(13, [{"from": 13, "seq_length": 32}])]),
    "shorter, unplanned": ([], [(13, [{"from": 13, "seq_length": 5}])]),
    "again and again": ([], [(9, [{"from": 9, "seq_length": 11}]), (13, [{"from": 13, "seq_length": 3}]), (40, [])]),
    "earlier than planned": (
        [{"from": 33, "seq_length": 32}],
        [(12, [{"from": 12, "blend": [5, 1]}, {"from": 20, "seq_length": 32}]), (18, [{"from": 25, "blend": [1, 1]}])],
    ),
    "gone back in between": ([], [(15, [{"from": 15, "seq_length": 32}]), (9, [{"from": 11, "seq_length": 20}])]),
}
"""Stages, and how they were changed on purpose."""


def staged_run(make_config, tmp_path, name, train_iters=300):
    """Samples of a run of two datasets by step: their ids with the last label, of the second dataset from 10,000 on."""
    begun, changed = STAGED[name]
    lengths = {"a": lengths_by_chance(40, 1), "b": lengths_by_chance(30, 2)}
    facts = []
    for offset, (dataset, own) in zip((0, 10_000), lengths.items(), strict=True):
        ends = np.cumsum(own) + offset
        documents = [list(range(end - length, end)) for end, length in zip(ends, own, strict=True)]
        write_dataset(tmp_path / dataset, documents, np.int32)
        facts.append(DatasetFacts(str(tmp_path / dataset), len(own), sum(own), ""))
    changes, before = [], begun
    for step, stages in changed:
        changes.append(Change(step=step, key="stages", before=before, now=stages))
        before = stages
    config = make_config(
        data={"prefixes": [fact.prefix for fact in facts], "weights": [2.0, 1.0]},
        schedule={"train_iters": train_iters},
        stages=before,
    )
    dataset, plan = build_dataset(config, facts, None, changes), plans(config, changes)[-1][1]
    for step in range(1, train_iters + 1):
        samples = [dataset[number] for number in range(plan.samples(step - 1), plan.samples(step))]
        yield [[*sample["tokens"].tolist(), int(sample["labels"][-1])] for sample in samples]


@pytest.mark.parametrize("name", STAGED)
def test_an_epoch_has_every_token_once_across_stages(make_config, tmp_path, name):
    """Counted for each dataset after each sample: no token is read again before all of them are.

    But for the first tokens of the next epoch that are in a sample with the last of this one: less than a sample.
    """
    sizes = [sum(lengths_by_chance(40, 1)), sum(lengths_by_chance(30, 2))]
    counts = [np.zeros(size, int) for size in sizes]
    for samples in staged_run(make_config, tmp_path, name):
        for sample in samples:
            which = int(sample[0] >= 10_000)
            np.add.at(counts[which], np.array(sample[:-1]) - 10_000 * which, 1)
            least = counts[which].min()
            assert np.maximum(counts[which] - least - 1, 0).sum() < 32
    assert all(own.min() >= 3 for own in counts)


@pytest.mark.parametrize("name", STAGED)
def test_samples_of_stages_follow_the_text(make_config, tmp_path, name):
    """The last label is the token that follows in its document; if the stages were planned, so are all."""
    ends = {int(end) for end in np.cumsum(lengths_by_chance(40, 1))}
    ends |= {10_000 + int(end) for end in np.cumsum(lengths_by_chance(30, 2))}
    planned = not STAGED[name][1]
    jumps = 0
    for samples in staged_run(make_config, tmp_path, name, 60):
        for sample in samples:
            broken = [token + 1 != label and token + 1 not in ends for token, label in pairwise(sample)]
            assert not broken[-1]
            jumps += sum(broken)
    assert jumps == 0 if planned else jumps < 200


def test_stages_have_their_lengths_and_shares(make_config, tmp_path):
    """By hand: 8 samples a step."""
    steps = list(staged_run(make_config, tmp_path, "longer", 60))
    assert [len(samples) for samples in steps] == [8] * 60
    lengths = [{len(sample) - 1 for sample in samples} for samples in steps]
    assert lengths == [{16}] * 11 + [{24}] * 19 + [{32}] * 30
    of_b = [sum(sample[0] >= 10_000 for sample in samples) for samples in steps]
    assert sum(of_b[:30]) == pytest.approx(30 * 8 / 3, abs=1)
    assert sum(of_b[30:]) == pytest.approx(30 * 8 * 2 / 3, abs=1)
    none = list(staged_run(make_config, tmp_path, "none at first", 23))
    assert all(sample[0] >= 10_000 for samples in none[9:22] for sample in samples)


def test_the_order_is_that_of_earlier_versions(tmp_path):
    """SHA-256 of 1,000 samples as the version before the stages read them."""
    write_dataset(tmp_path / "d", made_up_documents(40, seed=3))
    samples = EpochSamples(IndexedDataset.open(tmp_path / "d"), 37, [Cut(0, 13)], (5, 1))
    digest = hashlib.sha256(b"".join(samples[number].tobytes() for number in range(1000))).hexdigest()
    assert digest == "7a14a0ce2d5c7cf216b1d75620f4074349917c3ca691fdd13fa04d23038934a1"


def test_an_index_for_nine_billion_tokens_is_small():
    """Nine million documents, made up; the tokens themselves are not read."""

    class MadeUp:
        lengths = np.random.default_rng(0).integers(500, 1500, 9_000_000, dtype=np.int32)

    samples = EpochSamples(MadeUp, len(MadeUp.lengths), [Cut(0, 2048)], (5, 0))
    tracemalloc.start()
    count = -(-samples.tokens // 2048)
    made = samples._documents(3), samples._order(0, 3, count)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert samples.tokens > 8.9e9
    assert [len(part) for part in made[0]] == [9_000_000] * 2
    assert made[1].nbytes == 4 * count
    assert peak < 500e6


def test_a_run_goes_on_in_its_order_by_a_count_alone(make_config):
    config = make_config(checkpoints={"save_interval": 3})
    train_alone(config, stop_after=3)
    assert not (config.folder / "data_index").exists()
