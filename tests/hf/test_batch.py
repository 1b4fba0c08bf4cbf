"""Rows that join and leave a batch under way, against the whole text through the model for every token."""

import random
from pathlib import Path

import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from ncvc.hf.batch import Batch, _groups
from ncvc.hf.load import LanguageModel, load
from ncvc.hf.row import Row, Sampling
from tests.hf.conftest import LENGTH, SIZES, stock_tokenizer
from tests.hf.test_generate import PROMPTS, plain, sampled


def row(lm: LanguageModel, prompt: str, sampling: Sampling) -> Row:
    ids = lm.tokenizer.begin(lm.tokenizer.encode(prompt))
    return Row(lm.tokenizer, ids, sampling, max_tokens=lm.max_tokens)


def made(one: Row) -> list[int]:
    return one.ids[one.prompt_length :]


@pytest.mark.parametrize("seed", range(3))
def test_rows_that_join_under_way_get_what_they_get_alone(lm: LanguageModel, seed: int) -> None:
    order = random.Random(seed)
    requests = [(prompt, sampled(number)) for number, prompt in enumerate(PROMPTS)]
    order.shuffle(requests)
    rows = [row(lm, *request) for request in requests]
    waiting = list(rows)
    batch = Batch(lm)
    sizes = set()
    while waiting or batch.rows:
        count = min(order.randint(0, 3), len(waiting))
        batch.join(waiting[:count])
        del waiting[:count]
        batch.step()
        sizes.add(len(batch.rows))
    assert len(sizes) > 3
    assert [made(one) for one in rows] == [plain(lm, *request) for request in requests]


def test_a_cancelled_row_leaves_and_the_others_stay_as_they_are(llama: LanguageModel) -> None:
    requests = [(prompt, Sampling(max_new_tokens=20, temperature=0)) for prompt in PROMPTS[:4]]
    rows = [row(llama, *request) for request in requests]
    batch = Batch(llama)
    batch.join(rows)
    batch.step()
    rows[1].cancel()
    batch.step()
    assert len(made(rows[1])) == 2
    assert rows[1] not in batch.rows
    while batch.rows:
        batch.step()
    assert rows[1].finish == "cancelled"
    for number in (0, 2, 3):
        assert made(rows[number]) == plain(llama, *requests[number])
    batch.step()  # of an empty batch
    assert batch.rows == []


def test_the_cache_is_cut_when_the_longest_row_leaves(llama: LanguageModel) -> None:
    long = row(llama, "a" * (LENGTH - 30), Sampling(max_new_tokens=2, temperature=0))
    short = row(llama, "b", Sampling(max_new_tokens=20, temperature=0))
    batch = Batch(llama)
    batch.join([long, short])
    batch.step()
    assert batch._mask.shape == (1, len(short.ids) - 1)
    assert batch._cache.layers[0].keys.shape[2] == len(short.ids) - 1


@pytest.mark.parametrize("limit", [0, 3])
def test_log_probabilities_of_prompts_are_those_of_a_plain_forward(llama: LanguageModel, limit: int) -> None:
    rows = [row(llama, prompt, Sampling(max_new_tokens=limit, temperature=0, prompt_logprobs=2)) for prompt in PROMPTS]
    batch = Batch(llama)
    batch.join(rows)
    while batch.rows:
        batch.step()
    for one in rows:
        prompt = one.ids[: one.prompt_length]
        with torch.inference_mode():
            expected = llama.model(torch.tensor([prompt])).logits[0, :-1].log_softmax(1)
        assert len(one.prompt_logprobs) == len(prompt) - 1
        for entry, token, logprobs in zip(one.prompt_logprobs, prompt[1:], expected, strict=True):
            assert entry.logprob == pytest.approx(logprobs[token].item(), abs=1e-4)
            assert [i for i, _ in entry.top] == logprobs.topk(2).indices.tolist()
        assert len(made(one)) == limit
        assert one.finish == "length"


def test_a_prompt_as_long_as_the_model_holds_can_be_read(llama: LanguageModel) -> None:
    one = Row(llama.tokenizer, [5] * LENGTH, Sampling(max_new_tokens=0, prompt_logprobs=0), max_tokens=LENGTH)
    Batch(llama).join([one])
    assert len(one.prompt_logprobs) == LENGTH - 1
    assert one.prompt_logprobs[0].top == ()


def test_a_model_with_a_sliding_window_is_closed_while_rows_are_in_it(tmp_path: Path) -> None:
    torch.manual_seed(0)
    window = {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 0}
    Qwen2ForCausalLM(Qwen2Config(**SIZES, num_key_value_heads=2, **window)).save_pretrained(tmp_path)
    stock_tokenizer().save_pretrained(tmp_path)
    lm = load(tmp_path)
    batch = Batch(lm)
    requests = [
        (prompt, Sampling(max_new_tokens=12 + 4 * number, temperature=0)) for number, prompt in enumerate(PROMPTS[:3])
    ]
    rows = [row(lm, *request) for request in requests]
    batch.join(rows)
    assert not batch.is_open
    while batch.rows:
        batch.step()
    assert batch.is_open
    assert [made(one) for one in rows] == [plain(lm, *request) for request in requests]


def test_long_prompts_are_read_in_groups(llama: LanguageModel) -> None:
    rows = [Row(llama.tokenizer, [5] * length, Sampling()) for length in (3000, 1, 2000, 2, 1500)]
    assert [[len(one.ids) for one in group] for group in _groups(rows)] == [[1, 2], [1500, 2000], [3000]]
