"""Batched log-likelihoods against a plain forward pass of each pair."""

import random

import pytest
import torch

from ncvc.errors import PromptError
from ncvc.hf.generate import Sampling, generate
from ncvc.hf.load import LanguageModel
from ncvc.hf.score import score, split_ids
from tests.hf.conftest import LENGTH, TEXT

SEEDED = random.Random(6)


def drawn(low: int, high: int) -> str:
    return "".join(SEEDED.choices("".join(TEXT), k=SEEDED.randint(low, high)))


PAIRS = [(drawn(0, 20), drawn(1, 6)) for _ in range(20)] + [("答えは", choice) for choice in "abcde"]


@torch.inference_mode()
def plain(lm: LanguageModel, before: tuple[int, ...], after: tuple[int, ...]) -> tuple[float, bool]:
    total, greedy = 0.0, True
    for place, token in enumerate(after):
        logits = lm.model(torch.tensor([[*before, *after[:place]]])).logits[0, -1]
        total += logits.log_softmax(0)[token].item()
        greedy &= int(logits.argmax()) == token
    return total, greedy


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_scores_are_those_of_plain_forwards(lm: LanguageModel, batch_size: int) -> None:
    for found, (context, continuation) in zip(score(lm, PAIRS, batch_size=batch_size), PAIRS, strict=True):
        ids = split_ids(lm, context, continuation)
        logprob, greedy = plain(lm, *ids)
        assert found.logprob == pytest.approx(logprob, abs=1e-3, rel=1e-5)
        assert (found.greedy, found.tokens, found.characters) == (greedy, len(ids[1]), len(continuation))
        assert found.per_character == found.logprob / len(continuation)


def test_what_is_generated_at_temperature_0_is_greedy(llama: LanguageModel) -> None:
    """Where its text leads back to its ids."""
    prompts = [drawn(1, 12) for _ in range(8)]
    requests = [(prompt, Sampling(max_new_tokens=1, temperature=0)) for prompt in prompts]
    made = [(prompt, one) for prompt, one in zip(prompts, generate(llama, requests), strict=True) if one.text]
    same = [(prompt, one.text) for prompt, one in made if split_ids(llama, prompt, one.text)[1] == tuple(one.ids)]
    assert same
    assert all(found.greedy for found in score(llama, same))


def test_choices_share_one_row_where_only_their_last_tokens_differ(
    llama: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[int] = []
    forward = llama.model.forward

    def counted(*arguments, input_ids, **options):
        rows.append(len(input_ids))
        return forward(*arguments, input_ids=input_ids, **options)

    monkeypatch.setattr(llama.model, "forward", counted)
    assert len(score(llama, [("答えは", choice) for choice in "abcde"])) == 5
    assert rows == [1]


def test_a_context_is_scored_after_its_own_ids_whatever_follows(llama: LanguageModel) -> None:
    """A piece that reaches over the boundary would put other ids before each choice."""
    context = next(
        text[:cut]
        for text in TEXT
        for cut in range(1, len(text))
        if llama.tokenizer.encode(text)[: len(llama.tokenizer.encode(text[:cut]))] != llama.tokenizer.encode(text[:cut])
    )
    [whole] = [text for text in TEXT if text.startswith(context)][:1]
    before, after = split_ids(llama, context, whole[len(context) :])
    assert list(before) == llama.tokenizer.begin(llama.tokenizer.encode(context))
    assert list(after) == llama.tokenizer.encode(whole[len(context) :])


def test_what_cannot_be_scored_is_refused(llama: LanguageModel) -> None:
    with pytest.raises(PromptError, match="the continuation '' is nothing"):
        score(llama, [("a", "b"), ("a", "")])
    with pytest.raises(PromptError, match=rf"the model holds {LENGTH}: shorten the context"):
        score(llama, [("x1" * LENGTH, "a")])
    assert score(llama, []) == []
