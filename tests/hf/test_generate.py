"""Batched generation against the plain way: the whole text through the model for every token, one text at a time."""

import random
from pathlib import Path

import pytest
import torch

from ncvc.errors import ModelFolderError, PromptError
from ncvc.hf.choose import _mass_before
from ncvc.hf.generate import Continuation, Sampling, generate
from ncvc.hf.load import LanguageModel, load
from ncvc.hf.tokenizer import TextStream
from tests.hf.conftest import LENGTH, TEXT

SEEDED = random.Random(5)
PROMPTS = ["".join(SEEDED.choices("".join(TEXT), k=SEEDED.randint(1, 24))) for _ in range(11)]
GREEDY = Sampling(max_new_tokens=24, temperature=0)


@torch.inference_mode()
def plain(lm: LanguageModel, prompt: str, sampling: Sampling) -> list[int]:
    """No cache, no padding, no batch."""
    ids = lm.tokenizer.begin(lm.tokenizer.encode(prompt))
    start = len(ids)
    generator = torch.Generator().manual_seed(sampling.seed)
    while len(ids) < min(start + sampling.max_new_tokens, LENGTH):
        logits = lm.model(torch.tensor([ids])).logits[0, -1].float()
        if sampling.temperature == 0:
            ids.append(int(logits.argmax()))
        else:
            p = (logits / sampling.temperature).softmax(0)
            likeliest = p.argsort(descending=True)
            dropped = likeliest[p[likeliest].cumsum(0) - p[likeliest] >= sampling.top_p]
            ids.append(int(torch.multinomial(p.index_fill(0, dropped, 0), 1, generator=generator)))
        if ids[-1] in lm.tokenizer.end_ids:
            break
    return ids[start:]


def sampled(number: int) -> Sampling:
    """Temperatures, top_p, lengths and seeds that differ between the rows of a batch; each third is greedy."""
    temperature = (0, 0.7, 1.2)[number % 3]
    return Sampling(
        max_new_tokens=5 + 7 * (number % 5), temperature=temperature, top_p=(0.9, 1)[number % 2], seed=number
    )


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_batches_give_what_the_plain_way_gives(lm: LanguageModel, batch_size: int) -> None:
    requests = [(prompt, sampled(number)) for number, prompt in enumerate(PROMPTS)]
    requests += [(prompt, GREEDY) for prompt in PROMPTS]
    made = generate(lm, requests, batch_size=batch_size)
    assert [one.ids for one in made] == [plain(lm, *request) for request in requests]


def test_a_text_does_not_depend_on_the_rows_beside_it(llama: LanguageModel) -> None:
    request = (PROMPTS[0], Sampling(max_new_tokens=20, temperature=1, seed=9))
    alone = generate(llama, [request])
    for others in (PROMPTS[1:4], PROMPTS[4:]):
        made = generate(llama, [*((other, GREEDY) for other in others), request], batch_size=16)
        assert made[-1:] == alone


def test_equal_logits_are_decided_alike_in_every_batch(llama: LanguageModel) -> None:
    """Two tokens with the same row of the head differ by rounding alone; every choice is theirs."""
    weight = llama.model.lm_head.weight
    before = weight.detach().clone()
    with torch.no_grad():
        weight[100:200] = weight[50]
        weight[:50] = weight[200:] = 0
    try:
        requests = [(prompt, GREEDY) for prompt in PROMPTS]
        expected = [plain(llama, *request) for request in requests]
        assert [one.ids for one in generate(llama, requests, batch_size=8)] == expected
    finally:
        with torch.no_grad():
            weight.copy_(before)


def test_bfloat16_batches_give_what_the_plain_way_gives(llama_folder: Path) -> None:
    lm = load(llama_folder, dtype="bfloat16")
    assert lm.model.dtype == torch.bfloat16
    requests = [(prompt, Sampling(max_new_tokens=10, temperature=0)) for prompt in PROMPTS]
    for batch_size in (3, 8):
        made = generate(lm, requests, batch_size=batch_size)
        assert [one.ids for one in made] == [plain(lm, *request) for request in requests]


def test_streamed_pieces_are_the_text_even_where_characters_are_cut(lm: LanguageModel) -> None:
    streamed = dict.fromkeys(range(len(PROMPTS)), "")

    def on_text(number: int, text: str) -> None:
        streamed[number] += text

    requests = [(prompt, sampled(number)) for number, prompt in enumerate(PROMPTS)]
    made = generate(lm, requests, on_text=on_text)
    assert [one.text for one in made] == list(streamed.values())
    for one in made:
        ids = [i for i in one.ids if i not in lm.tokenizer.end_ids]
        assert one.text == lm.tokenizer.decode(ids)


def test_a_character_is_held_back_until_it_is_whole(llama: LanguageModel) -> None:
    ids = llama.tokenizer.encode("あ😀x")
    stream = TextStream(llama.tokenizer, [])
    pieces = [stream.add(i) for i in ids]
    assert "".join(pieces) == "あ😀x"
    assert not any("\ufffd" in piece for piece in pieces)
    stream.add(llama.tokenizer.encode("😀")[0])
    assert stream.flush() == "\ufffd"


def test_text_ends_before_a_stop_string_and_none_of_it_is_shown(llama: LanguageModel) -> None:
    [whole] = generate(llama, [(PROMPTS[0], GREEDY)])
    stop = whole.text[4:7]
    at = whole.text.index(stop)
    shown: list[str] = []

    def on_text(_: int, text: str) -> None:
        shown.append(text)

    sampling = Sampling(max_new_tokens=24, temperature=0, stop=(stop, "never"))
    [made] = generate(llama, [(PROMPTS[0], sampling)], on_text=on_text)
    assert (made.text, made.finish) == (whole.text[:at], "stop")
    assert "".join(shown) == made.text
    assert len(made.ids) < len(whole.ids)


def test_a_listener_ends_its_own_text_only(llama: LanguageModel) -> None:
    requests = [(prompt, GREEDY) for prompt in PROMPTS[:3]]
    whole = generate(llama, requests)
    made = generate(llama, requests, on_text=lambda number, _: number != 1)
    assert made[1].finish == "cancelled"
    assert len(made[1].ids) < len(whole[1].ids)
    assert [made[0], made[2]] == [whole[0], whole[2]]


def test_log_probabilities_are_those_of_a_plain_forward(llama: LanguageModel) -> None:
    requests = [(prompt, Sampling(max_new_tokens=6, temperature=1, seed=3, logprobs=4)) for prompt in PROMPTS]
    for made, (prompt, _) in zip(generate(llama, requests), requests, strict=True):
        start = llama.tokenizer.begin(llama.tokenizer.encode(prompt))
        with torch.inference_mode():
            expected = llama.model(torch.tensor([start + made.ids])).logits[0, len(start) - 1 : -1].log_softmax(1)
        assert len(made.logprobs) == len(made.ids)
        for entry, token, row in zip(made.logprobs, made.ids, expected, strict=True):
            assert entry.logprob == pytest.approx(row[token].item(), abs=1e-4)
            top = row.topk(4)
            assert [value for _, value in entry.top] == pytest.approx(top.values.tolist(), abs=1e-4)
            assert [i for i, _ in entry.top] == top.indices.tolist()
    assert generate(llama, [(PROMPTS[0], GREEDY)])[0].logprobs == []


def test_end_of_text_stops_its_row_only(llama: LanguageModel) -> None:
    requests = [(prompt, GREEDY) for prompt in PROMPTS]
    before = generate(llama, requests)
    ends = {before[2].ids[3]}
    expected = [_cut(one, ends) for one in before]
    llama.tokenizer.end_ids, kept = frozenset(ends), llama.tokenizer.end_ids
    try:
        made = generate(llama, requests)
    finally:
        llama.tokenizer.end_ids = kept
    assert [one.ids for one in made] == expected
    assert all(one.ended == (one.ids[-1] in ends) for one in made)
    assert made[2].ended


def _cut(made: Continuation, ends: set[int]) -> list[int]:
    stop = next((place + 1 for place, token in enumerate(made.ids) if token in ends), len(made.ids))
    return made.ids[:stop]


def test_the_models_longest_text_ends_a_row(llama: LanguageModel) -> None:
    prompt = "a" * (LENGTH - 10)
    used = len(llama.tokenizer.begin(llama.tokenizer.encode(prompt)))
    [long, short] = generate(llama, [(prompt, Sampling(max_new_tokens=999, temperature=0)), ("b", GREEDY)])
    assert long.finish == "length"
    assert (len(long.ids), len(short.ids)) == (LENGTH - used, 24)


def test_a_prompt_that_leaves_no_room_is_refused_before_anything_is_made(llama: LanguageModel) -> None:
    shown: list[str] = []
    with pytest.raises(PromptError, match=f"the model holds {LENGTH}: shorten it"):
        generate(llama, [("b", GREEDY), ("x1" * LENGTH, GREEDY)], on_text=lambda _, text: shown.append(text))
    assert shown == []


def test_logits_that_are_no_numbers_are_told(llama_folder: Path) -> None:
    lm = load(llama_folder)
    with torch.no_grad():
        lm.model.model.norm.weight.fill_(torch.nan)
    with pytest.raises(ModelFolderError, match="its logits are not numbers"):
        generate(lm, [("a", GREEDY), ("b", Sampling())])


def test_no_request_is_no_result(llama: LanguageModel) -> None:
    assert generate(llama, []) == []


@pytest.mark.parametrize("spread", [0.1, 4])
def test_the_likeliest_tokens_are_enough_or_all_are_sorted(spread: float) -> None:
    """A flat distribution has top_p beyond the 1024 likeliest, a steep one within them."""
    probabilities = (spread * torch.randn(3, 5000, generator=torch.Generator().manual_seed(0))).softmax(1)
    limit = torch.tensor([[0.95], [0.5], [torch.inf]])
    kept = _mass_before(probabilities, limit) < limit
    for row in range(2):
        values, order = probabilities[row].sort(descending=True)
        expected = order[values.cumsum(0) - values < limit[row]]
        assert kept[row].nonzero()[:, 0].tolist() == sorted(expected.tolist())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_batches_on_a_gpu_give_what_one_at_a_time_gives(stock_folder: Path, dtype: str) -> None:
    lm = load(stock_folder, "cuda", dtype)
    requests = [(prompt, sampled(number)) for number, prompt in enumerate(PROMPTS)]
    alone = [generate(lm, [request])[0].ids for request in requests]
    assert [one.ids for one in generate(lm, requests, batch_size=8)] == alone
