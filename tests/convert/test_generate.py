"""Generation from a converted folder with a fake tokenizer; the real one needs a dictionary and has tests of its own."""

from pathlib import Path

import pytest
import torch

from ncvc.errors import ModelFolderError, PromptError
from ncvc.hf.generate import Continuation, Sampling, generate
from ncvc.hf.load import LanguageModel, load, load_model
from ncvc.hf.tokenizer import ExactTokenizer, prompt_ids

GREEDY = Sampling(max_new_tokens=12, temperature=0, top_p=1, seed=0)


class Characters:
    """A character is a piece; pieces 3 to 499 are CJK characters, and ▁ is piece 4."""

    eos_id = 2
    vocab_size = 500

    def piece_to_id(self, piece: str) -> int | None:
        return None

    def id_to_piece(self, piece_id: int) -> str | None:
        return None

    def encode(self, text: str) -> list[int]:
        return [4 if c in " ▁" else 5 + ord(c) % 400 for c in text if c != "\x00"]

    def decode(self, ids: list[int]) -> str:
        return "".join("▁" if i == 4 else chr(0x4E00 + i) for i in ids if i != 2)


@pytest.fixture(scope="module")
def lm(converted: Path) -> LanguageModel:
    return LanguageModel(converted, load_model(converted), ExactTokenizer(Characters(), 2), 96)


def continued(lm: LanguageModel, prompt: str, sampling: Sampling, streamed: list[str] | None = None) -> Continuation:
    shown = [] if streamed is None else streamed
    [made] = generate(lm, [(prompt, sampling)], on_text=lambda _, text: shown.append(text))
    return made


def test_greedy_text_is_the_argmax_of_plain_forwards(lm: LanguageModel) -> None:
    """Without a cache: the whole text goes through the model for every token."""
    expected = prompt_ids(lm.tokenizer, "患者は 発熱", 96)
    start = len(expected)
    with torch.no_grad():
        while len(expected) - start < 12 and (len(expected) == start or expected[-1] != 2):
            expected.append(int(lm.model(torch.tensor([expected])).logits[0, -1].argmax()))
    streamed: list[str] = []
    made = continued(lm, "患者は 発熱", GREEDY, streamed)
    text = Characters().decode([i for i in expected[start:] if i != 2]).replace("▁", " ")
    assert made.text == "".join(streamed) == text
    assert made.ids == expected[start:]
    assert made.tokens == len(expected) - start


def test_a_text_begins_after_the_end_of_text_token(lm: LanguageModel) -> None:
    assert prompt_ids(lm.tokenizer, "患者", 96)[0] == 2
    assert prompt_ids(lm.tokenizer, "", 96) == [2]


def test_a_space_is_shown_as_a_space(lm: LanguageModel) -> None:
    assert " " in continued(lm, "患 者", GREEDY).prompt


def test_a_seed_fixes_the_text_and_another_changes_it(lm: LanguageModel) -> None:
    def text(seed: int, temperature: float = 1.0) -> str:
        sampling = Sampling(max_new_tokens=20, temperature=temperature, top_p=0.95, seed=seed)
        return continued(lm, "患者", sampling).text

    assert text(1) == text(1)
    assert len({text(seed) for seed in range(4)}) > 1


def test_a_tiny_top_p_is_greedy(lm: LanguageModel) -> None:
    sampling = Sampling(max_new_tokens=12, temperature=1.5, top_p=1e-9, seed=3)
    assert continued(lm, "患者", sampling).text == continued(lm, "患者", GREEDY).text


def test_text_ends_at_the_end_of_text_token(lm: LanguageModel) -> None:
    """The head is made to like `<|end_of_text|>` more than anything."""
    end = torch.tensor([Characters.eos_id])
    hook = lm.model.lm_head.register_forward_hook(lambda _m, _i, logits: logits.index_fill(-1, end, 1e4))
    streamed: list[str] = []
    made = continued(lm, "患者", GREEDY, streamed)
    hook.remove()
    assert (made.text, made.tokens, made.ended, streamed) == ("", 1, True, [])


def test_text_stops_at_the_models_longest(lm: LanguageModel) -> None:
    sampling = Sampling(max_new_tokens=1000, temperature=1.0, top_p=1.0, seed=0)
    made = continued(lm, "患" * 80, sampling)
    assert made.ended or made.tokens == 96 - 81


def test_a_prompt_that_is_too_long_is_refused(lm: LanguageModel) -> None:
    with pytest.raises(PromptError, match="the prompt has 96 tokens; the model holds 96"):
        continued(lm, "患" * 95, GREEDY)


def test_a_prompt_that_cleans_to_nothing_is_refused(lm: LanguageModel) -> None:
    with pytest.raises(PromptError, match="the prompt is nothing once it is cleaned"):
        continued(lm, "\x00", GREEDY)


@pytest.mark.parametrize("manifest", [True, False])
def test_a_folder_without_our_tokenizer_is_told(converted: Path, tmp_path: Path, manifest: bool) -> None:
    for path in converted.iterdir():
        if path.is_file() and (manifest or path.name != "manifest.json"):
            (tmp_path / path.name).symlink_to(path)
    with pytest.raises(ModelFolderError, match="no ncvc/tokenizer in it"):
        load(tmp_path)
