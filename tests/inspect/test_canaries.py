"""Canaries: what is written, and their exposure in models that know them or not."""

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from ncvc._native import clean
from ncvc.errors import InputError, NcvcError
from ncvc.inspect.memorization.canaries import (
    DOCUMENTS,
    FORMS,
    SECRETS,
    Form,
    make_canaries,
    read_canaries,
    write_canaries,
)
from ncvc.inspect.memorization.exposure import alternatives, by_count, chance, expose, exposure
from ncvc.manifest import verify
from tests.conftest import run_ncvc
from tests.inspect.characters import Characters, overfit, tiny

DIGITS = next(form for form in FORMS if form.name == "digits")


def test_the_folder_holds_each_secret_as_often_as_its_count_says(tmp_path: Path) -> None:
    canaries = write_canaries(tmp_path / "out", [0, 1, 5], 3, seed=2, replace=False)
    assert list(verify(tmp_path / "out")) == []
    texts = [json.loads(line)["text"] for line in (tmp_path / "out" / DOCUMENTS).read_text().splitlines()]
    held = Counter(secret["secret"] for text in texts for secret in map(vars, canaries) if secret["secret"] in text)
    assert len(canaries) == 3 * 3 * len(FORMS)
    assert Counter(canary.count for canary in canaries) == {0: 6, 1: 6, 5: 6}
    assert all(held[canary.secret] == canary.count for canary in canaries)
    assert len(texts) == 6 * 1 + 6 * 5
    assert len({canary.prefix for canary in canaries}) == len(canaries)
    assert all(clean(text) == text for text in texts)
    assert read_canaries(tmp_path / "out") == canaries
    assert read_canaries(tmp_path / "out" / SECRETS) == canaries


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_canaries(tmp_path / name, [0, 2], 2, seed=seed, replace=False)
    files = {name: [(tmp_path / name / file).read_bytes() for file in (DOCUMENTS, SECRETS)] for name in "abc"}
    assert files["a"] == files["b"] != files["c"]


@pytest.mark.parametrize("line", ["{}", "[1]", '{"id": "a"}', "no JSON"])
def test_what_is_no_list_of_secrets_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / SECRETS).write_text(f"{line}\n")
    with pytest.raises(InputError, match=rf"{SECRETS}:1: is no canary"):
        read_canaries(tmp_path)
    (tmp_path / SECRETS).write_text("")
    with pytest.raises(InputError, match="is empty"):
        read_canaries(tmp_path)
    with pytest.raises(NcvcError, match="ncvc inspect canaries"):
        read_canaries(tmp_path / "absent")


def test_exposure_by_hand() -> None:
    assert exposure(1, 1024) == 10
    assert exposure(1024, 1024) == 0
    assert exposure(3, 24) == 3
    # A random rank among many: the mean of -log2 of a uniform number.
    ranks = np.arange(1, 100_001)
    assert np.log2(100_000 / ranks).mean() == pytest.approx(math.log2(math.e), abs=1e-3)


def test_ranks_are_those_of_plain_passes() -> None:
    """The probability of each secret by one pass over the whole sentence, without cache and batch."""
    canaries = make_canaries([0], 3, seed=4, forms=[DIGITS])
    tokenizer = Characters([canary.text for canary in canaries] + ["0123456789"])
    lm = tiny(tokenizer, seed=3)
    others = alternatives(DIGITS, 40, seed=9)
    for found in expose(lm, canaries, size=40, seed=9, batch_size=7):
        canary = found.canary

        def logprob(secret: str, prefix: str = canary.prefix) -> tuple[float, bool]:
            before = tokenizer.begin(tokenizer.encode(prefix))
            ids = torch.tensor([[*before, *tokenizer.encode(secret)]])
            with torch.no_grad():
                logits = lm.model(input_ids=ids).logits[0, len(before) - 1 : -1].log_softmax(1)
            own = ids[0, len(before) :]
            return float(logits[range(len(own)), own].sum()), bool((logits.argmax(1) == own).all())

        own, greedy = logprob(canary.secret)
        assert found.rank == 1 + sum(logprob(other)[0] >= own for other in others)
        assert found.exposure == pytest.approx(math.log2(41) - math.log2(found.rank))
        assert found.perplexity == pytest.approx(math.exp(-own / 6), rel=1e-4)
        assert found.extracted == greedy


@pytest.fixture(scope="module")
def learned() -> dict[int, list[float]]:
    """Exposures by count in a model overfit on planted canaries; a secret of the count 0 was in no text."""
    canaries = make_canaries([0, 16], 6, seed=1, forms=[DIGITS])
    planted = [canary.text for canary in canaries for _ in range(canary.count)]
    # The model must know the form: other sentences of it, each once.
    others = make_canaries([1], 40, seed=2, forms=[DIGITS])
    texts = planted + [other.text for other in others]
    lm = tiny(Characters(texts + [canary.text for canary in canaries]), layers=2)
    overfit(lm, texts, steps=70)
    exposed = expose(lm, canaries, size=255, seed=0)
    groups = by_count(exposed)
    assert [group.canaries for group in groups] == [6, 6]
    assert [group.extracted for group in groups] == [
        sum(each.extracted for each in exposed if each.canary.count == group.count) for group in groups
    ]
    return {group.count: [group.mean, group.extracted] for group in groups}


def test_secrets_repeated_often_are_exposed_and_others_are_not(learned: dict[int, list[float]]) -> None:
    assert learned[16] == [8.0, 6]  # the most that 256 secrets can show; all given away
    mean, extracted = learned[0]
    assert abs(mean - chance(256)) < 1.2  # of six, whose deviation is 1.44 / √6
    assert extracted == 0


def test_a_form_draws_what_cleaning_leaves_alone() -> None:
    form = Form("marks", "{label}{secret}", "!!ア", 4)
    drawn = alternatives(form, 6, seed=0)
    assert len(set(drawn)) == 6
    assert all(clean(text) == text for text in drawn)


def test_bad_counts_are_answered() -> None:
    done = run_ncvc("inspect", "canaries", "--counts", "1,x", "-o", "never", ok=False)
    assert done.returncode == 2
    assert "with commas between them" in done.stderr
