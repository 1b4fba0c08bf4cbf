"""Prompts and contexts that are given as ids, beside the same ones as texts."""

import pytest

from ncvc.errors import PromptError
from ncvc.hf.generate import Sampling, generate
from ncvc.hf.load import LanguageModel
from ncvc.hf.score import score
from tests.hf.conftest import LENGTH, TEXT


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
