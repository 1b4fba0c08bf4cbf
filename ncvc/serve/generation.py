"""/v1/completions and /v1/chat/completions."""

import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ncvc.hf.row import Row, TokenLogprob
from ncvc.serve.answers import FINISH, Head, chat_logprobs, text_logprobs, usage
from ncvc.serve.errors import ApiError
from ncvc.serve.listen import Delta, Listener
from ncvc.serve.requests import ChatRequest, CompletionRequest, GenerationRequest, read
from ncvc.serve.service import DEFAULT_MAX_TOKENS, Service, require_success
from ncvc.serve.stream import events
from ncvc.serve.worker import Job

Choices = Callable[[Delta], list[dict[str, Any]]]
"""The choices of the chunks that a delta becomes: one chunk each."""


async def completions(service: Service, request: Request, body: bytes) -> Response:
    """Continues prompts."""
    asked = read(CompletionRequest, body)
    service.require_model(asked.model)
    if asked.max_tokens == 0 and not asked.echo:
        raise ApiError(400, "max_tokens: 0 only with echo", param="max_tokens")
    seed = asked.drawn_seed()
    encoded = [await service.encode(_encoded, service, prompt, bool(asked.echo)) for prompt in asked.prompts]
    rows = [
        service.row(
            ids,
            service.sampling(
                asked,
                place,
                seed,
                service.room(ids, asked.max_tokens, DEFAULT_MAX_TOKENS),
                asked.stops,
                logprobs=asked.logprobs,
                prompt_logprobs=asked.logprobs if asked.echo else None,
            ),
        )
        for place, (ids, _) in enumerate(encoded)
    ]
    shown = [text for _, text in encoded]

    def choice(delta: Delta) -> list[dict[str, Any]]:
        row, (dropped, echoed) = rows[delta.index], shown[delta.index]
        ids = delta.ids
        logprobs: list[TokenLogprob | None] = [*delta.logprobs]
        begins = asked.echo and delta.first
        start = len(echoed) + delta.start
        if begins:
            prompt = [None, *row.prompt_logprobs][dropped:]
            ids, logprobs, start = [*row.ids[dropped : row.prompt_length], *ids], [*prompt, *logprobs], 0
        found = None if asked.logprobs is None else text_logprobs(service.engine.tokenizer, ids, logprobs, start)
        text = f"{echoed if begins else ''}{delta.text}"
        return [_choice(delta, logprobs=found, text=text)]

    return await _answer(service, request, asked, rows, Head("cmpl", "text_completion", service.name), choice)


async def chat_completions(service: Service, request: Request, body: bytes) -> Response:
    """Answers a conversation."""
    asked = read(ChatRequest, body)
    service.require_model(asked.model)
    if service.chat is None:
        raise ApiError(
            400,
            f"{service.name} is a base model without a chat template: use /v1/completions, or start the server with"
            " --plain-chat",
            param="messages",
            code="no_chat_template",
        )
    if asked.max_tokens == 0:
        raise ApiError(400, "max_tokens: at least 1", param="max_tokens")
    messages = [message.plain() for message in asked.messages]
    ids = await service.encode(service.chat.encode, service.engine.tokenizer, messages)
    limit = asked.max_tokens if asked.max_completion_tokens is None else asked.max_completion_tokens
    logprobs = (asked.top_logprobs or 0) if asked.logprobs else None
    sampling = service.sampling(
        asked,
        0,
        asked.drawn_seed(),
        service.room(ids, limit, None),
        (*asked.stops, *service.chat.stop),
        logprobs=logprobs,
    )
    row = service.row(ids, sampling)
    head = Head("chatcmpl", "chat.completion", service.name)

    def choice(delta: Delta) -> list[dict[str, Any]]:
        found = None if logprobs is None else chat_logprobs(service.engine.tokenizer, delta.ids, delta.logprobs)
        if not asked.stream:
            message = {"role": "assistant", "content": delta.text, "refusal": None}
            return [_choice(delta, logprobs=found, message=message)]
        first = [{"role": "assistant", "content": "", "refusal": None}] if delta.first else []
        opening = [{"index": 0, "delta": each, "logprobs": None, "finish_reason": None} for each in first]
        return [*opening, _choice(delta, logprobs=found, delta={"content": delta.text})]

    return await _answer(service, request, asked, [row], head, choice)


async def _answer(
    service: Service, request: Request, asked: GenerationRequest, rows: list[Row], head: Head, choices: Choices
) -> Response:
    began = time.monotonic()
    listener = Listener(streams=bool(asked.stream))
    job = Job(rows, listener)
    service.submit(job)
    request.state.rows = rows
    if asked.stream:
        include = bool(asked.stream_options and asked.stream_options.include_usage)
        return events(_chunks(service, job, listener, head, choices, include_usage=include, began=began))
    await service.result(request, job, listener)
    found = [each for index, row in enumerate(rows) for each in choices(_whole(index, row))]
    return JSONResponse(head.object(found, usage=usage(rows)))


async def _chunks(
    service: Service, job: Job, listener: Listener, head: Head, choices: Choices, *, include_usage: bool, began: float
) -> AsyncIterator[dict[str, Any]]:
    rest = {"usage": None} if include_usage else {}
    first = True
    async with service.running(job):
        async for deltas in listener.deltas():
            if first:
                service.metrics.first_token.add(time.monotonic() - began)
                first = False
            for delta in deltas:
                for each in choices(delta):
                    yield head.object([each], chunk=True, **rest)
    require_success(job)
    if include_usage:
        yield head.object([], chunk=True, usage=usage(job.rows))


def _whole(index: int, row: Row) -> Delta:
    made = row.ids[row.prompt_length :]
    return Delta(index=index, text=row.text, ids=made, logprobs=row.logprobs, finish=row.finish, first=True, start=0)


def _choice(delta: Delta, /, **members: Any) -> dict[str, Any]:
    return {"index": delta.index, **members, "finish_reason": FINISH[delta.finish] if delta.finish else None}


def _encoded(service: Service, prompt: str | list[int], echo: bool) -> tuple[list[int], tuple[int, str]]:
    """Ids of a prompt, the number of those that only begin the text, and the text that an echo shows."""
    ids = service.ids(prompt)
    if not echo:
        return ids, (0, "")
    tokenizer = service.engine.tokenizer
    dropped = len(ids) - len(tokenizer.encode(prompt)) if isinstance(prompt, str) else 0
    return ids, (dropped, tokenizer.decode(ids[dropped:]))
