"""Datasets: what is refused, and which samples a step sees."""

import os

import numpy as np
import pytest
import torch

from ncvc import DatasetError, TokenizerError
from ncvc.model.parallel import Ranks, single_process
from ncvc.train.data import batches, build_dataset
from ncvc.train.datasets import inspect, inspect_all, inspect_tokenizer
from ncvc.train.step_plan import StepPlan
from tests.small_training import END_OF_TEXT, SMALL, made_up_documents, write_dataset


def build(config):
    with single_process() as ranks:
        return build_dataset(config, inspect_all(config, ""), ranks)


def index_folders(config):
    return sorted(path.name for path in (config.folder / "data_index").iterdir())


def test_a_dataset_is_read_from_end_to_end(tmp_path):
    documents = made_up_documents(10)
    write_dataset(tmp_path / "d", documents)
    facts = inspect(str(tmp_path / "d"), 64, "")
    assert facts.documents == 10
    assert facts.tokens == sum(map(len, documents))


@pytest.mark.parametrize("dtype", [np.uint16, np.int32])
def test_ids_outside_the_vocabulary_are_refused(tmp_path, dtype):
    write_dataset(tmp_path / "d", [[4, 5, 2], [4, 64, 2]], dtype)
    with pytest.raises(DatasetError, match=r"d\.bin: holds the id 64, but the model's vocabulary has 64"):
        inspect(str(tmp_path / "d"), 64, "")
    inspect(str(tmp_path / "d"), 65, "")
    write_dataset(tmp_path / "d", [[4, -1, 2]], np.int32)
    with pytest.raises(DatasetError, match="holds the id -1"):
        inspect(str(tmp_path / "d"), 64, "")


def test_missing_empty_and_truncated_datasets_are_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"no\.idx: no such file; make it with `ncvc preprocess`"):
        inspect(str(tmp_path / "no"), 64, "")
    write_dataset(tmp_path / "empty", [])
    with pytest.raises(DatasetError, match="holds no tokens"):
        inspect(str(tmp_path / "empty"), 64, "")
    write_dataset(tmp_path / "cut", made_up_documents(5))
    whole = (tmp_path / "cut.bin").read_bytes()
    (tmp_path / "cut.bin").write_bytes(whole[:-2])
    with pytest.raises(DatasetError, match=r"cut\.bin"):
        inspect(str(tmp_path / "cut"), 64, "")


def test_a_rewritten_dataset_gets_a_new_index(make_config, tmp_path):
    """megatron-core, asked alone, reads the new documents by the old documents' borders."""
    config = make_config(data={"prefixes": [str(tmp_path / "d")], "order": "megatron"})
    write_dataset(tmp_path / "d", made_up_documents(30, seed=1))
    first = build(config)
    before = [first[index]["tokens"].tolist() for index in range(48)]
    again = build(config)
    assert [again[index]["tokens"].tolist() for index in range(48)] == before
    assert len(index_folders(config)) == 1

    documents = made_up_documents(40, seed=2)
    write_dataset(tmp_path / "d", documents)
    second = build(config)
    text = f" {' '.join(map(str, np.concatenate(documents)))} "
    whole = [
        sample for sample in (second[index]["tokens"].tolist() for index in range(48)) if END_OF_TEXT not in sample
    ]
    assert len(whole) > 24
    assert all(f" {' '.join(map(str, sample))} " in text for sample in whole)
    assert len(index_folders(config)) == 2
    assert not any(name.startswith(".") for name in index_folders(config))


def test_an_index_that_would_be_unpickled_is_refused(make_config):
    config = make_config(data={"order": "megatron"})
    build(config)
    (path,) = (config.folder / "data_index").glob("*/*shuffle_index.npy")
    np.save(path, np.array([object()], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="Python objects"):
        build(config)


def test_the_end_of_text_is_learned_like_any_token(make_config):
    """GPTDataset takes the padding's id out of the loss, and the papers pad with the end of text."""
    dataset = build(make_config(data={"order": "megatron"}))
    samples = [dataset[index] for index in range(48)]
    assert any(END_OF_TEXT in sample["labels"] for sample in samples)
    assert all(sample["loss_mask"].all() for sample in samples)


def test_a_megatron_epoch_has_every_sample_once(make_config, tmp_path):
    tokens = np.random.default_rng(0).integers(4, 64, 1200).tolist()
    write_dataset(tmp_path / "d", [tokens])
    config = make_config(
        data={"prefixes": [str(tmp_path / "d")], "order": "megatron"},
        schedule={"train_iters": 9, "global_batch_size": 8, "lr_warmup_iters": 1},
    )
    dataset = build(config)  # 1200 tokens: 74 samples an epoch, 72 asked for
    starts = sorted((dataset[index]["tokens"].tolist(), dataset[index]["labels"].tolist()) for index in range(72))
    windows = [(tokens[i : i + 16], tokens[i + 1 : i + 17]) for i in range(0, 74 * 16, 16)]
    assert all(windows.count(window) == 1 for window in windows)
    assert all(starts.count(start) == 1 and start in windows for start in starts)


@pytest.mark.parametrize("order", ["epochs", "megatron"])
def test_several_datasets_are_mixed_by_their_tokens_for_many_epochs(make_config, tmp_path, order):
    write_dataset(tmp_path / "a", [[10] * 300])
    write_dataset(tmp_path / "b", [[20] * 100])
    prefixes = [str(tmp_path / "a"), str(tmp_path / "b")]
    config = make_config(data={"prefixes": prefixes, "order": order}, schedule={"train_iters": 25})
    dataset = build(config)  # 200 samples of 16 from 400 tokens: 8 epochs
    firsts = [int(dataset[index]["tokens"][0]) for index in range(200)]
    assert firsts.count(10) == pytest.approx(150, abs=2)
    assert firsts.count(20) == pytest.approx(50, abs=2)


@pytest.mark.parametrize("order", ["epochs", "megatron"])
@pytest.mark.parametrize("weights", [[1.0, 3.0], [0.01, 0.99], [5.0, 1.0]])
def test_weights_decide_how_many_samples_a_dataset_gives(make_config, tmp_path, weights, order):
    """Counted by what the samples hold; the dataset of 100 tokens is read up to 31 times, the other one not once."""
    write_dataset(tmp_path / "a", [[10] * 300])
    write_dataset(tmp_path / "b", [[20] * 100])
    data = {"prefixes": [str(tmp_path / "a"), str(tmp_path / "b")], "weights": weights, "order": order}
    config = make_config(data=data, schedule={"train_iters": 25})
    dataset = build(config)
    for first in (50, 100, 200):  # the proportions hold all the way, not only in the end
        of_a = [int(dataset[index]["tokens"][0]) for index in range(first)].count(10)
        assert of_a == pytest.approx(first * weights[0] / sum(weights), abs=2)


def test_a_rewritten_dataset_of_several_gets_a_new_index(make_config, tmp_path):
    """The second one keeps its size, and its time too."""
    write_dataset(tmp_path / "a", made_up_documents(30, seed=1))
    write_dataset(tmp_path / "b", [[10] * 100] * 4)
    prefixes = [str(tmp_path / "a"), str(tmp_path / "b")]
    config = make_config(data={"prefixes": prefixes, "order": "megatron"})
    build(config)
    (first,) = index_folders(config)
    before = (tmp_path / "b.bin").stat()
    (tmp_path / "b.bin").write_bytes((tmp_path / "b.bin").read_bytes()[::-1])  # every 10, its bytes swapped, is 2560
    with pytest.raises(DatasetError, match="holds the id 2560"):
        build(config)
    write_dataset(tmp_path / "b", [[20] * 100] * 4)
    os.utime(tmp_path / "b.bin", ns=(before.st_atime_ns, before.st_mtime_ns))
    build(config)
    assert len(index_folders(config)) == 2
    # Weights and what validation takes away make another order as well.
    build(make_config(data={"prefixes": prefixes, "order": "megatron", "weights": [1.0, 1.0]}))
    build(make_config(data={"prefixes": prefixes, "order": "megatron", "validation_split": 0.1}))
    assert len(index_folders(config)) == 4
    assert first in index_folders(config)


def _rank(rank, of):
    return Ranks(torch.device("cpu"), rank, of, rank, of, 0, 1, 0, 1)


def test_a_step_alone_says_which_samples_it_sees(make_config):
    """6 steps of 8: any rank count sees the same samples in a step, and none twice."""
    config = make_config()
    dataset = [{"index": torch.tensor(index)} for index in range(48)]
    for ranks in (1, 2, 4):
        for done in (0, 4):
            by_step = [[] for _ in range(done, 6)]
            for rank in range(ranks):
                seen = [
                    batch["index"] for batch in batches(dataset, config, StepPlan(config), _rank(rank, ranks), done)
                ]
                assert all(len(batch) == 2 for batch in seen)
                own = torch.cat(seen).view(6 - done, -1).tolist()
                for step, indices in enumerate(own):
                    by_step[step] += indices
            assert [sorted(step) for step in by_step] == [
                list(range(8 * step, 8 * step + 8)) for step in range(done, 6)
            ]


def test_readers_ahead_change_nothing(make_config):
    config = make_config()
    dataset = build(config)
    state = torch.get_rng_state()
    here = list(batches(dataset, config, StepPlan(config), _rank(0, 1), 2))
    ahead = list(batches(dataset, make_config(data={"num_workers": 1}), StepPlan(config), _rank(0, 1), 2))
    assert torch.equal(state, torch.get_rng_state())
    assert len(here) == len(ahead) == 16
    for first, second in zip(here, ahead, strict=True):
        assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_tokenizer_must_be_one_and_fit(make_config, tmp_path):
    facts = inspect_tokenizer(make_config())
    assert (facts.pieces, len(facts.sha256)) == (64, 64)
    with pytest.raises(TokenizerError, match=r"has 64 pieces, but model\.vocab_size is 63; raise it to 64"):
        inspect_tokenizer(make_config(model={**SMALL, "vocab_size": 63}))
    with pytest.raises(TokenizerError, match="not a tokenizer"):
        inspect_tokenizer(make_config(data={"tokenizer": str(tmp_path)}))
