"""The cost of the plain tokenizer, against the same sums made one line at a time.

Written by another author than the rule, from the specification.
"""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

import ncvc
from ncvc.convert.plain_cost import LINES, LONGEST, SCORED, plain_cost
from ncvc.convert.tokenizer import read_pieces, write_tokenizer


@pytest.fixture(scope="module")
def folder(tokenizer_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cost")
    write_tokenizer(read_pieces(tokenizer_folder), out, max_length=2048, begin_of_text=True)
    return out


def model(ids: torch.Tensor) -> torch.Tensor:
    """A model whose next token depends on the one before and on the position."""
    generator = torch.Generator().manual_seed(0)
    table = torch.randn(12000, 8, generator=generator)
    head = torch.randn(8, 12000, generator=generator)
    return (table[ids] + torch.arange(ids.shape[1])[None, :, None] / 50) @ head


def nats(ids: list[int]) -> float:
    logprobs = model(torch.tensor([[1, *ids]]))[0].log_softmax(1)
    return -sum(float(logprobs[place, token]) for place, token in enumerate(ids))


def test_it_is_what_one_line_at_a_time_gives(folder: Path, tokenizer_folder: Path) -> None:
    found = plain_cost(folder, tokenizer_folder, 1, 2048, model)
    assert found is not None
    plain, exact = Tokenizer.from_file(str(folder / "tokenizer.json")), ncvc.Tokenizer.load(tokenizer_folder)
    lines = LINES.read_text(encoding="utf-8").splitlines()
    theirs = [plain.encode(line, add_special_tokens=False).ids for line in lines]
    ours = [exact.encode(line) for line in lines]
    assert (found.lines, found.equal) == (200, sum(a == list(b) for a, b in zip(theirs, ours, strict=True)))
    assert (found.tokens, found.unknown) == (sum(map(len, theirs)), sum(ids.count(0) for ids in theirs))
    assert found.equal >= 160
    known = [(a, list(b)) for a, b in zip(theirs, ours, strict=True) if 0 not in a]
    other = [pair for pair in known if pair[0] != pair[1]]
    some = [pair for pair in other if max(map(len, pair)) < LONGEST][:SCORED]
    assert found.scored == len(some) > 0
    characters = sum(len(exact.decode(b)) for _, b in known)
    mean = sum(nats(a) - nats(b) for a, b in some) / len(some)
    assert found.gap == pytest.approx(mean * len(other) / characters, abs=1e-5)


def test_lines_longer_than_the_model_are_not_scored(folder: Path, tokenizer_folder: Path) -> None:
    found = plain_cost(folder, tokenizer_folder, 1, 1, model)
    assert found is not None
    assert (found.scored, found.gap) == (0, 0)


def test_a_folder_without_a_dictionary_is_not_measured(folder: Path, tmp_path: Path) -> None:
    assert plain_cost(folder, tmp_path, 1, 2048, model) is None


def test_the_card_says_it(folder: Path) -> None:
    from ncvc.convert.card import _plain
    from ncvc.convert.plain_cost import PlainCost

    text = _plain(PlainCost(lines=200, equal=181, tokens=5746, unknown=0, scored=4, gap=0.00321))
    assert "181 (90%) the exact ids, and 0 of 5,746 pieces are unknown" in text
    assert "cost +0.0032 nats a character" in text
