"""Stretches that a model reproduces, and their counts in data, beside plain loops."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from ncvc.indexed import IndexedDataset
from ncvc.inspect.memorization.counts import count_ngrams
from ncvc.inspect.memorization.stretches import Stretch, find_stretches
from ncvc.inspect.memorization.stretches_folder import Audit
from tests.inspect.characters import Characters, overfit, tiny
from tests.small_training import write_dataset


def by_hand(documents: list[list[int]], ngram: tuple[int, ...]) -> int:
    """Occurrences within documents."""
    size = len(ngram)
    return sum(
        tuple(document[at : at + size]) == ngram for document in documents for at in range(len(document) - size + 1)
    )


@pytest.mark.parametrize("block", [1, 5, 64, 10_000])
@pytest.mark.parametrize("size", [1, 3, 8])
def test_counts_are_those_of_a_plain_loop(tmp_path: Path, block: int, size: int) -> None:
    random = np.random.default_rng(size)
    # Four tokens only, so that most n-grams come again, some across the ends of documents.
    documents = [random.integers(0, 4, random.integers(1, 40)).tolist() for _ in range(30)]
    write_dataset(tmp_path / "data", documents)
    flat = [token for document in documents for token in document]
    asked = [tuple(flat[at : at + size]) for at in range(0, len(flat) - size, 3)]
    asked.append(tuple([3, 0] * size)[:size])
    counts = count_ngrams(asked, [IndexedDataset.open(tmp_path / "data")], block=block)
    assert counts == {ngram: by_hand(documents, ngram) for ngram in asked}
    # Some stand across the end of a document, and must not count there.
    if size == 8:
        assert sum(by_hand([flat], ngram) for ngram in counts) > sum(counts.values())


def test_several_datasets_are_counted_together(tmp_path: Path) -> None:
    write_dataset(tmp_path / "a", [[7, 8, 9, 7, 8], [7, 8]])
    write_dataset(tmp_path / "b", [[70_000, 7, 8]], dtype=np.int32)
    datasets = [IndexedDataset.open(tmp_path / name) for name in "ab"]
    assert count_ngrams([(7, 8), (8, 7), (70_000, 7)], datasets) == {(7, 8): 4, (8, 7): 0, (70_000, 7): 1}
    assert count_ngrams([], datasets) == {}


def test_hashes_that_are_equal_are_no_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a base of 1 a hash is a sum: 1 + 4 is 2 + 3."""
    monkeypatch.setattr("ncvc.inspect.memorization.counts.BASE", np.uint64(1))
    write_dataset(tmp_path / "data", [[1, 4, 2, 3, 1, 4]])
    asked = [(1, 4), (2, 3), (3, 2)]
    assert count_ngrams(asked, [IndexedDataset.open(tmp_path / "data")]) == {(1, 4): 2, (2, 3): 1, (3, 2): 0}


def greedy(lm: object, prefix: list[int], length: int) -> list[int]:
    """Continues by one plain pass a token."""
    ids = list(prefix)
    for _ in range(length):
        with torch.no_grad():
            ids.append(int(lm.model(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
    return ids[len(prefix) :]


def test_reproduced_is_what_plain_greedy_decoding_gives() -> None:
    known = "これは何度も学習した文章なのでそのまま続けられるはずです"
    new = "全く別の並びをした文字列はもちろん再生できない記録でしょう"
    lm = tiny(Characters([known, new, "短い"]), layers=2)
    overfit(lm, [known] * 4, steps=60)
    texts = [lm.tokenizer.begin(lm.tokenizer.encode(text)) for text in (known, new, "短い")]
    found = find_stretches(lm, texts, prefix=6, length=5, stride=2, batch_size=3)
    assert [(each.text, each.start) for each in found] == [
        (number, start) for number in (0, 1) for start in range(6, len(texts[number]) - 4, 2)
    ]
    for each in found:
        before = texts[each.text][each.start - 6 : each.start]
        assert list(each.ids) == texts[each.text][each.start : each.start + 5]
        assert each.reproduced == (greedy(lm, before, 5) == list(each.ids))
    # At the beginning the places are those of training, and the model knows the text.
    assert found[0].reproduced
    assert not any(each.reproduced for each in found if each.text == 1)


def test_text_is_shown_only_if_asked_for() -> None:
    stretch = Stretch(0, 32, (5, 6, 7), reproduced=True)
    facts = {"model": "m", "stretches": [stretch, Stretch(0, 35, (1, 1, 1), reproduced=False)]}
    facts |= {"prefix": 32, "length": 3, "stride": 3, "texts": 1, "short": 0, "counts": {(5, 6, 7): 9, (1, 1, 1): 0}}
    hidden = Audit(**facts, shown=None)
    shown = Audit(**facts, shown={stretch: "患者の名前"})
    assert "患者の名前" not in json.dumps(hidden.dump(), ensure_ascii=False)
    assert "患者の名前" in json.dumps(shown.dump(), ensure_ascii=False)
    assert hidden.groups() == [("0", 1, 0), ("8–15", 1, 1)]
    from ncvc.inspect.memorization.stretches_folder import _page

    assert "患者の名前" not in _page(hidden)
    assert "患者の名前" in _page(shown)
