"""The official client, and curl, against what the model gives without a server."""

import asyncio
import json
import shutil
import subprocess

import openai
import pytest
import torch

from ncvc.hf.generate import Sampling, generate
from ncvc.hf.load import LanguageModel
from ncvc.hf.row import Row
from tests.hf.test_generate import PROMPTS, plain
from tests.serve.conftest import Server

MESSAGES = [{"role": "system", "content": "医師"}, {"role": "user", "content": "発熱は"}]


@pytest.fixture
def client(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)


def alone(lm: LanguageModel, prompt: str, **sampling: object) -> str:
    return generate(lm, [(prompt, Sampling(**{"temperature": 0, "max_new_tokens": 12, **sampling}))])[0].text


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["tiny"]
    assert client.models.retrieve("tiny").id == "tiny"
    with pytest.raises(openai.NotFoundError, match="this server has tiny alone"):
        client.models.retrieve("gpt-4")


def test_completions_are_the_models_own(client: openai.OpenAI, tiny: LanguageModel) -> None:
    made = client.completions.create(model="tiny", prompt=PROMPTS[:5], max_tokens=12, temperature=0)
    assert [choice.text for choice in made.choices] == [alone(tiny, prompt) for prompt in PROMPTS[:5]]
    assert [choice.index for choice in made.choices] == [0, 1, 2, 3, 4]
    assert made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens
    ids = [tiny.tokenizer.begin(tiny.tokenizer.encode(prompt)) for prompt in PROMPTS[:5]]
    assert made.usage.prompt_tokens == sum(map(len, ids))
    again = client.completions.create(model="./tiny", prompt=ids, max_tokens=12, temperature=0)
    assert [choice.text for choice in again.choices] == [choice.text for choice in made.choices]


def test_sixteen_tokens_are_made_where_nothing_is_said(client: openai.OpenAI) -> None:
    assert client.completions.create(model="tiny", prompt="a", temperature=0).usage.completion_tokens == 16


def test_a_seed_fixes_what_is_sampled(client: openai.OpenAI, tiny: LanguageModel) -> None:
    def text(seed: int) -> str:
        made = client.completions.create(
            model="tiny", prompt=PROMPTS[0], max_tokens=12, temperature=0.8, top_p=0.9, seed=seed
        )
        return made.choices[0].text

    assert text(7) == text(7) == alone(tiny, PROMPTS[0], temperature=0.8, top_p=0.9, seed=7)
    assert len({text(seed) for seed in range(4)}) > 1


def test_streams_are_the_whole_text(client: openai.OpenAI, tiny: LanguageModel) -> None:
    expected = [alone(tiny, prompt) for prompt in PROMPTS[:3]]
    texts = ["", "", ""]
    finish = [None, None, None]
    stream = client.completions.create(
        model="tiny",
        prompt=PROMPTS[:3],
        max_tokens=12,
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    )
    for chunk in stream:
        usage = chunk.usage
        for choice in chunk.choices:
            texts[choice.index] += choice.text
            finish[choice.index] = choice.finish_reason or finish[choice.index]
    assert texts == expected
    assert finish == ["length"] * 3
    assert usage.completion_tokens == 36


def test_stop_strings_end_the_text_in_streams_too(client: openai.OpenAI, tiny: LanguageModel) -> None:
    whole = alone(tiny, PROMPTS[0], max_new_tokens=24)
    stop = whole[4:7]
    expected = whole[: whole.index(stop)]
    asked = {"model": "tiny", "prompt": PROMPTS[0], "max_tokens": 24, "temperature": 0, "stop": [stop, "never"]}
    made = client.completions.create(**asked)
    assert (made.choices[0].text, made.choices[0].finish_reason) == (expected, "stop")
    assert "".join(chunk.choices[0].text for chunk in client.completions.create(**asked, stream=True)) == expected


def test_a_conversation_is_what_its_template_says(client: openai.OpenAI, server: Server, tiny: LanguageModel) -> None:
    stock = tiny.tokenizer._tokenizer
    stock.chat_template = server.service.chat.template
    ids = stock.apply_chat_template(MESSAGES, add_generation_prompt=True, return_dict=False)
    row = Row(tiny.tokenizer, ids, Sampling())
    assert row.ids == server.service.chat.encode(tiny.tokenizer, MESSAGES)
    made = client.chat.completions.create(model="tiny", messages=MESSAGES, max_tokens=10, temperature=0)
    with torch.inference_mode():
        for _ in range(10):
            ids.append(int(tiny.model(torch.tensor([ids])).logits[0, -1].argmax()))
            if ids[-1] in tiny.tokenizer.end_ids:
                break
    choice = made.choices[0]
    assert choice.message.content == tiny.tokenizer.decode(ids[len(row.ids) :])
    assert choice.message.role == "assistant"
    parts = [{"type": "text", "text": "発熱"}, {"type": "text", "text": "は"}]
    messages = [{"role": "developer", "content": "医師"}, {"role": "user", "content": parts}]
    stream = client.chat.completions.create(
        model="tiny", messages=messages, max_completion_tokens=10, temperature=0, stream=True
    )
    chunks = [chunk.choices[0].delta for chunk in stream]
    assert chunks[0].role == "assistant"
    assert "".join(delta.content or "" for delta in chunks) == choice.message.content


def test_log_probabilities_have_both_forms(client: openai.OpenAI, tiny: LanguageModel) -> None:
    [expected] = generate(tiny, [(PROMPTS[1], Sampling(temperature=0, max_new_tokens=6, logprobs=3))])
    made = client.completions.create(model="tiny", prompt=PROMPTS[1], max_tokens=6, temperature=0, logprobs=3)
    found = made.choices[0].logprobs
    assert found.token_logprobs == pytest.approx([each.logprob for each in expected.logprobs], abs=1e-4)
    assert found.tokens == [tiny.tokenizer.piece(token) for token in expected.ids]
    assert [len(top) for top in found.top_logprobs] == [3] * 6
    chat = client.chat.completions.create(
        model="tiny", messages=MESSAGES, max_tokens=6, temperature=0, logprobs=True, top_logprobs=2
    )
    for entry in chat.choices[0].logprobs.content:
        assert entry.top_logprobs[0].logprob == entry.logprob
        assert len(entry.top_logprobs) == 2
        assert entry.bytes is None or bytes(entry.bytes).decode() == entry.token


@pytest.mark.parametrize("stream", [False, True])
def test_an_echo_shows_the_prompt_and_its_log_probabilities(server: Server, tiny: LanguageModel, stream: bool) -> None:
    ids = tiny.tokenizer.encode(PROMPTS[2])
    with torch.inference_mode():
        rows = tiny.model(torch.tensor([ids])).logits[0].log_softmax(1)
    expected = [rows[place, token].item() for place, token in enumerate(ids[1:])]
    asked = {"prompt": ids, "max_tokens": 1, "temperature": 0, "logprobs": 1, "echo": True, "stream": stream}
    answer = server.post("/v1/completions", asked)
    if stream:
        events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
        [choice] = [each for event in events for each in event["choices"]]
    else:
        [choice] = answer.json()["choices"]
    logprobs = choice["logprobs"]
    assert logprobs["token_logprobs"][0] is None
    assert logprobs["token_logprobs"][1:-1] == pytest.approx(expected, abs=1e-4)
    assert len(logprobs["token_logprobs"]) == len(ids) + 1
    assert choice["text"].startswith(tiny.tokenizer.decode(ids))
    assert logprobs["text_offset"] == [sum(map(len, logprobs["tokens"][:n])) for n in range(len(ids) + 1)]
    scored = server.post("/v1/completions", {"prompt": ids, "max_tokens": 0, "logprobs": 0, "echo": True}).json()
    assert scored["choices"][0]["logprobs"]["token_logprobs"][1:] == pytest.approx(expected, abs=1e-4)
    assert scored["usage"]["completion_tokens"] == 0


def test_an_echo_of_text_has_no_token_that_only_begins_it(server: Server, tiny: LanguageModel) -> None:
    asked = {"prompt": PROMPTS[0], "max_tokens": 0, "logprobs": 0, "echo": True}
    logprobs = server.post("/v1/completions", asked).json()["choices"][0]["logprobs"]
    assert len(logprobs["tokens"]) == len(tiny.tokenizer.encode(PROMPTS[0]))


def test_embeddings_are_means_of_length_one(client: openai.OpenAI, server: Server, tiny: LanguageModel) -> None:
    made = client.embeddings.create(model="tiny", input=PROMPTS[:2])  # the client asks for base64
    floats = server.post("/v1/embeddings", {"input": PROMPTS[:2]}).json()
    for each, other, prompt in zip(made.data, floats["data"], PROMPTS, strict=False):
        ids = tiny.tokenizer.begin(tiny.tokenizer.encode(prompt))
        with torch.inference_mode():
            states = tiny.model(torch.tensor([ids]), output_hidden_states=True).hidden_states[-1][0]
        expected = states.mean(0) / states.mean(0).norm()
        assert each.embedding == pytest.approx(expected.tolist(), abs=1e-5)
        assert other["embedding"] == pytest.approx(each.embedding, abs=1e-7)


def test_many_requests_at_once_by_the_asynchronous_client(server: Server, tiny: LanguageModel) -> None:
    async def ask() -> list[str]:
        client = openai.AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0)

        async def one(number: int) -> str:
            asked = {"model": "tiny", "prompt": PROMPTS[number % 11], "max_tokens": 5 + number % 7, "temperature": 0}
            if number % 2:
                return (await client.completions.create(**asked)).choices[0].text
            stream = await client.completions.create(**asked, stream=True)
            return "".join([chunk.choices[0].text async for chunk in stream])

        async with client:
            return await asyncio.gather(*map(one, range(22)))

    expected = [
        tiny.tokenizer.decode(plain(tiny, PROMPTS[n % 11], Sampling(max_new_tokens=5 + n % 7, temperature=0)))
        for n in range(22)
    ]
    assert asyncio.run(ask()) == expected


def test_errors_are_the_clients_own(client: openai.OpenAI, base_server: Server) -> None:
    with pytest.raises(openai.BadRequestError, match="max_tokens: 999999 after a prompt of") as raised:
        client.completions.create(model="tiny", prompt="a", max_tokens=999_999)
    assert (raised.value.code, raised.value.param) == ("context_length_exceeded", "max_tokens")
    with pytest.raises(openai.BadRequestError, match="n: this server makes one answer a request"):
        client.chat.completions.create(model="tiny", messages=MESSAGES, n=2)
    base = openai.OpenAI(base_url=f"{base_server.url}/v1", api_key="none", max_retries=0)
    with pytest.raises(openai.BadRequestError, match="a base model without a chat template"):
        base.chat.completions.create(model="tiny", messages=MESSAGES)


def test_a_base_model_chats_in_the_plain_form_if_told_to(plain_server: Server, tiny: LanguageModel) -> None:
    messages = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"},
    ]
    answer = plain_server.post("/v1/chat/completions", {"messages": messages, "max_tokens": 6, "temperature": 0})
    expected = alone(tiny, "質問: a\n回答: b\n質問: c\n回答:", max_new_tokens=6)
    assert answer.json()["choices"][0]["message"]["content"] == expected


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not on PATH")
def test_curl_streams(server: Server, tiny: LanguageModel) -> None:
    body = json.dumps({"prompt": PROMPTS[0], "max_tokens": 12, "temperature": 0, "stream": True})
    command = ["curl", "-sSN", "--noproxy", "*", f"{server.url}/v1/completions", "-d", body]
    done = subprocess.run(
        [*command, "-H", "Content-Type: application/json"], capture_output=True, text=True, check=True
    )
    lines = [line.removeprefix("data: ") for line in done.stdout.splitlines() if line]
    assert lines.pop() == "[DONE]"
    assert "".join(json.loads(line)["choices"][0]["text"] for line in lines) == alone(tiny, PROMPTS[0])


def test_tokens_as_vllm_gives_them(server: Server, tiny: LanguageModel) -> None:
    text = PROMPTS[0]
    ids = tiny.tokenizer.encode(text)
    assert server.post("/tokenize", {"prompt": text, "add_special_tokens": False}).json()["tokens"] == ids
    assert server.post("/tokenize", {"prompt": text}).json()["tokens"] == tiny.tokenizer.begin(ids)
    assert server.post("/tokenize", {"prompt": "</s>", "add_special_tokens": False}).json()["tokens"] == [1]
    assert server.post("/detokenize", {"tokens": ids}).json()["prompt"] == text
    assert server.post("/detokenize", {"tokens": [10**9]}).status_code == 400
    info = server.http.get("/tokenizer_info").json()
    assert info["eos_token"] == "</s>"
