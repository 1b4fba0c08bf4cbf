"""Generation with a fake tokenizer; the real one needs a dictionary and has tests of its own."""

from pathlib import Path

import pytest
import torch

from ncvc.errors import ConvertError
from ncvc.hf.generate import Generator, Sampling
from ncvc.hf.load import load_model

GREEDY = Sampling(max_new_tokens=12, temperature=0, top_p=1, seed=0)


class Characters:
    """A character is a piece; pieces 3 to 499 are CJK characters, and ▁ is piece 4."""

    eos_id = 2

    def encode(self, text: str) -> list[int]:
        return [4 if c in " ▁" else 5 + ord(c) % 400 for c in text]

    def decode(self, ids: list[int]) -> str:
        return "".join("▁" if i == 4 else chr(0x4E00 + i) for i in ids)


@pytest.fixture(scope="module")
def generator(converted: Path) -> Generator:
    return Generator(load_model(converted), Characters())


def test_greedy_text_is_the_argmax_of_plain_forwards(generator: Generator) -> None:
    """Without a cache: the whole text goes through the model for every token."""
    expected = generator.prompt_ids("患者は 発熱")
    start = len(expected)
    with torch.no_grad():
        while len(expected) - start < 12 and (len(expected) == start or expected[-1] != 2):
            expected.append(int(generator.model(torch.tensor([expected])).logits[0, -1].argmax()))
    streamed: list[str] = []
    made = generator.continue_text("患者は 発熱", GREEDY, streamed.append)
    text = Characters().decode([i for i in expected[start:] if i != 2]).replace("▁", " ")
    assert made.text == "".join(streamed) == text
    assert made.tokens == len(expected) - start


def test_a_text_begins_after_the_end_of_text_token(generator: Generator) -> None:
    assert generator.prompt_ids("患者")[0] == 2
    assert generator.prompt_ids("") == [2]


def test_a_space_is_shown_as_a_space(generator: Generator) -> None:
    assert " " in generator.continue_text("患 者", GREEDY).prompt


def test_a_seed_fixes_the_text_and_another_changes_it(generator: Generator) -> None:
    def text(seed: int, temperature: float = 1.0) -> str:
        sampling = Sampling(max_new_tokens=20, temperature=temperature, top_p=0.95, seed=seed)
        return generator.continue_text("患者", sampling).text

    assert text(1) == text(1)
    assert len({text(seed) for seed in range(4)}) > 1


def test_a_tiny_top_p_is_greedy(generator: Generator) -> None:
    sampling = Sampling(max_new_tokens=12, temperature=1.5, top_p=1e-9, seed=3)
    assert generator.continue_text("患者", sampling).text == generator.continue_text("患者", GREEDY).text


def test_text_ends_at_the_end_of_text_token(generator: Generator) -> None:
    """The head is made to like `<|end_of_text|>` more than anything."""
    end = torch.tensor([Characters.eos_id])
    hook = generator.model.lm_head.register_forward_hook(lambda _m, _i, logits: logits.index_fill(-1, end, 1e4))
    streamed: list[str] = []
    made = generator.continue_text("患者", GREEDY, streamed.append)
    hook.remove()
    assert (made.text, made.tokens, made.ended, streamed) == ("", 1, True, [])


def test_text_stops_at_the_models_longest(generator: Generator) -> None:
    sampling = Sampling(max_new_tokens=1000, temperature=1.0, top_p=1.0, seed=0)
    prompt = "患" * 80
    made = generator.continue_text(prompt, sampling)
    assert made.ended or made.tokens == 96 - 81


def test_a_prompt_that_is_too_long_is_refused(generator: Generator) -> None:
    with pytest.raises(ConvertError, match="the prompt has 96 tokens; the model holds 96"):
        generator.prompt_ids("患" * 95)


def test_a_folder_without_our_tokenizer_is_told(converted: Path, tmp_path: Path) -> None:
    for path in converted.iterdir():
        if path.is_file():
            (tmp_path / path.name).symlink_to(path)
    with pytest.raises(ConvertError, match="no ncvc/tokenizer in it"):
        Generator.load(tmp_path)
