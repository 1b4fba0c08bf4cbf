"""Prompts and contexts that are given as ids, beside the same ones as texts."""

from pathlib import Path

import pytest
import torch
from transformers import MistralConfig, MistralForCausalLM

from ncvc.errors import PromptError
from ncvc.hf.generate import Sampling, generate
from ncvc.hf.load import LanguageModel, load
from ncvc.hf.score import score, split_ids
from tests.hf.conftest import LENGTH, SIZES, TEXT, stock_tokenizer


def test_ids_are_continued_as_their_text_is(llama: LanguageModel) -> None:
    sampling = Sampling(max_new_tokens=12, temperature=0)
    ids = [llama.tokenizer.begin(llama.tokenizer.encode(text)) for text in TEXT]
    of_ids = generate(llama, [(prompt, sampling) for prompt in ids])
    of_texts = generate(llama, [(prompt, sampling) for prompt in TEXT])
    assert [made.ids for made in of_ids] == [made.ids for made in of_texts]
    with pytest.raises(PromptError, match="shorten it"):
        generate(llama, [([5] * LENGTH, sampling)])


def test_a_context_of_ids_is_scored_as_its_text_is(llama: LanguageModel) -> None:
    ids = llama.tokenizer.begin(llama.tokenizer.encode("答えは"))
    [of_ids], [of_text] = score(llama, [(ids, "A")]), score(llama, [("答えは", "A")])
    assert of_ids.logprob == pytest.approx(of_text.logprob, abs=1e-4)
    [other] = score(llama, [(ids[:-1], "A")])
    assert other.logprob != pytest.approx(of_text.logprob, abs=1e-4)


@torch.inference_mode()
def test_a_model_that_forgets_is_scored_as_by_plain_forwards(tmp_path: Path) -> None:
    torch.manual_seed(0)
    MistralForCausalLM(MistralConfig(**SIZES, num_key_value_heads=2, sliding_window=6)).save_pretrained(tmp_path)
    stock_tokenizer().save_pretrained(tmp_path)
    lm = load(tmp_path)
    pairs = [(TEXT[0][:length], choice) for length in (2, 9, 14) for choice in ("はい。", "いいえ、違う。", "A")]
    for found, pair in zip(score(lm, pairs), pairs, strict=True):
        before, after = split_ids(lm, *pair)
        logits = lm.model(torch.tensor([[*before, *after]])).logits[0].log_softmax(-1)
        expected = sum(logits[len(before) - 1 + i, token].item() for i, token in enumerate(after))
        assert found.logprob == pytest.approx(expected, abs=1e-3)
