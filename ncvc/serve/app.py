"""The server as an ASGI application: paths, guard, errors, counts and log."""

import asyncio
import base64
import json
import struct
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ncvc import __version__
from ncvc.hf.row import Row
from ncvc.hf.tokenizer import TextTokenizer
from ncvc.progress import Reporter
from ncvc.serve import generation
from ncvc.serve.errors import GONE, ApiError
from ncvc.serve.guard import Guard
from ncvc.serve.listen import Listener
from ncvc.serve.metrics import TYPE
from ncvc.serve.page import POLICY, chat_page
from ncvc.serve.requests import DetokenizeRequest, EmbeddingRequest, TokenizeRequest, read
from ncvc.serve.service import Service
from ncvc.serve.worker import Job

BODY_SECONDS = 30.0
"""Seconds within which the body of a request must have come."""
Post = Callable[[Service, Request, bytes], Awaitable[Response]]


def build(service: Service, guard: Guard, log: Callable[[Request, int, float], None]) -> "Guarded":
    """The application; `log` is called after each answer with its status and seconds."""
    posts: dict[str, Post] = {
        "/v1/completions": generation.completions,
        "/v1/chat/completions": generation.chat_completions,
        "/v1/embeddings": embeddings,
        "/tokenize": tokenize,
        "/detokenize": detokenize,
    }
    gets = {
        "/": page,
        "/health": health,
        "/metrics": metrics,
        "/v1/models": models,
        "/v1/models/{name:path}": models,
        "/tokenizer_info": tokenizer_info,
    }
    routes = [Route(path, _post(service, guard, function), methods=["POST"]) for path, function in posts.items()]
    routes += [Route(path, _get(service, function), methods=["GET"]) for path, function in gets.items()]
    handlers: dict[Any, Any] = {404: _not_found, 405: _wrong_method, ApiError: _known, Exception: _defect}
    return Guarded(Starlette(routes=routes, exception_handlers=handlers), service, guard, log)


def _get(
    service: Service, function: Callable[[Service, Request], Response]
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return function(service, request)

    return answer


def _post(service: Service, guard: Guard, function: Post) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = bytearray()
                async for part in request.stream():
                    body += part
                    if len(body) > guard.max_bytes:
                        raise guard.too_large()
        except TimeoutError:
            raise ApiError(408, f"the body did not come within {BODY_SECONDS:.0f} seconds") from None
        except ClientDisconnect:
            raise ApiError(GONE, "the client has gone") from None
        return await function(service, request, bytes(body))

    return answer


async def _not_found(request: Request, _error: Exception) -> Response:
    paths = "/v1/models, /v1/chat/completions, /v1/completions, /v1/embeddings, /health, /metrics"
    return _refuse(ApiError(404, f"no such path; there are {paths}", code="unknown_url"))


async def _wrong_method(request: Request, error: Exception) -> Response:
    answer = _refuse(ApiError(405, f"{request.method} is not for this path", code="method_not_allowed"))
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


async def _known(_request: Request, error: Any) -> Response:
    return _refuse(error)


async def _defect(_request: Request, _error: Exception) -> Response:
    return _refuse(ApiError(500, "a defect of the server; its log names the place"))


def _refuse(error: ApiError) -> JSONResponse:
    answer = JSONResponse(error.body(), status_code=error.status)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if error.status == 429:
        answer.headers["Retry-After"] = "1"
    return answer


class Guarded:
    """The outermost layer: refuses, answers every exception in OpenAI's form, counts and logs."""

    def __init__(
        self, app: Starlette, service: Service, guard: Guard, log: Callable[[Request, int, float], None]
    ) -> None:
        self._app, self._service, self._guard, self._log = app, service, guard, log

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        scope.setdefault("state", {})
        request = Request(scope, receive)
        status = 0
        origin = self._guard.allowed_origin(request.headers)

        async def sent(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_headers(origin)]
            await send(message)

        try:
            self._guard.require(scope["method"], scope["path"], request.headers)
            if scope["method"] == "OPTIONS" and origin:
                await Response(status_code=204)(scope, receive, sent)
            else:
                await self._app(scope, receive, sent)
        except ApiError as error:  # of the guard
            await _refuse(error)(scope, receive, sent)
        except asyncio.CancelledError:
            status = GONE
            raise
        except Exception as error:
            # Only its place: its message could hold text of the request.
            place = traceback.extract_tb(error.__traceback__)[-1]
            request.state.defect = f"{type(error).__name__} at {place.filename}:{place.lineno}"
            status = 500
        finally:
            self._count(request, status, time.monotonic() - began)

    def _count(self, request: Request, status: int, seconds: float) -> None:
        metrics = self._service.metrics
        if any(row.finish == "cancelled" for row in _rows(request)):
            status = GONE
        metrics.cancelled += status == GONE
        known = any(route.path == request.url.path for route in self._app.routes if isinstance(route, Route))
        metrics.requests[request.url.path if known else "other", status] += 1
        metrics.seconds.add(seconds)
        for row in _rows(request):
            metrics.tokens["prompt"] += row.prompt_length
            metrics.tokens["generated"] += len(row.ids) - row.prompt_length
        self._log(request, status, seconds)


def _headers(origin: str | None) -> list[tuple[bytes, bytes]]:
    found = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
    if origin:
        allowed = {
            "access-control-allow-origin": origin,
            "access-control-allow-methods": "GET, POST",
            "access-control-allow-headers": "authorization, content-type",
            "vary": "Origin",
        }
        found += [(name.encode(), value.encode()) for name, value in allowed.items()]
    return found


def _rows(request: Request) -> list[Row]:
    return getattr(request.state, "rows", [])


def logger(
    reporter: Reporter, tokenizer: TextTokenizer, *, text: bool = False
) -> Callable[[Request, int, float], None]:
    """Reports each request in a line: path, status, counts, seconds; its text only where that was asked for."""

    def log(request: Request, status: int, seconds: float) -> None:
        rows = _rows(request)
        read = sum(row.prompt_length for row in rows)
        made = sum(len(row.ids) for row in rows) - read
        tokens = f" {read}+{made} tokens" if rows else ""
        defect = getattr(request.state, "defect", "")
        reporter.say(f"{request.method} {request.url.path[:80]} {status}{tokens} {seconds:.2f} s {defect}".rstrip())
        for row in rows if text else []:
            prompt = tokenizer.decode(row.ids[: row.prompt_length])
            reporter.say(json.dumps({"prompt": prompt, "text": row.text}, ensure_ascii=False))

    return log


def page(service: Service, request: Request) -> Response:
    """The chat page."""
    headers = {"Content-Security-Policy": POLICY, "X-Frame-Options": "DENY", "Cache-Control": "no-cache"}
    return HTMLResponse(
        chat_page(service.name, has_chat=service.chat is not None, logs_text=service.logs_text), headers=headers
    )


def health(service: Service, request: Request) -> Response:
    """Whether the engine runs."""
    alive = service.worker.is_alive
    return JSONResponse({"status": "ok" if alive else "the engine has ended"}, status_code=200 if alive else 503)


def metrics(service: Service, request: Request) -> Response:
    """Counters for Prometheus."""
    gauges = {
        "ncvc_requests_waiting": ("Requests that wait for a slot.", service.worker.waiting),
        "ncvc_rows_under_way": ("Texts that are being made.", service.worker.under_way),
        "ncvc_slots": ("Texts that can be made at once.", service.engine.slots),
    }
    return PlainTextResponse(service.metrics.text(gauges), media_type=TYPE)


def models(service: Service, request: Request) -> Response:
    """The one model there is."""
    model = {
        "id": service.name,
        "object": "model",
        "created": service.started,
        "owned_by": "ncvc",
        "max_model_len": service.engine.max_tokens,
    }
    if "name" not in request.path_params:
        return JSONResponse({"object": "list", "data": [model]})
    service.require_model(request.path_params["name"])
    return JSONResponse(model)


async def embeddings(service: Service, request: Request, body: bytes) -> Response:
    """The mean of the last hidden states of each text, scaled to length 1."""
    asked = read(EmbeddingRequest, body)
    service.require_model(asked.model)
    texts = [await service.encode(service.ids, text) for text in asked.inputs]
    for ids in texts:
        service.room([*ids][:-1], 1, None)
    listener = Listener(streams=False)
    job = Job([], listener, texts=texts)
    service.submit(job)
    await service.result(request, job, listener)
    assert job.embeddings is not None
    data = [
        {"object": "embedding", "index": place, "embedding": _vector(vector, asked.encoding_format)}
        for place, vector in enumerate(job.embeddings)
    ]
    count = sum(map(len, texts))
    service.metrics.tokens["prompt"] += count
    tokens = {"prompt_tokens": count, "total_tokens": count}
    return JSONResponse({"object": "list", "data": data, "model": service.name, "usage": tokens})


def _vector(vector: list[float], form: str | None) -> list[float] | str:
    if form != "base64":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


async def tokenize(service: Service, request: Request, body: bytes) -> Response:
    """Ids of raw text, as vLLM's path of this name gives them; the name of a special token alone is its id."""
    asked = read(TokenizeRequest, body)
    tokenizer = service.engine.tokenizer

    def encode() -> list[int]:
        special = {tokenizer.piece(token): token for token in tokenizer.end_ids}
        if asked.prompt in special:
            return [special[asked.prompt]]
        ids = tokenizer.encode(asked.prompt)
        return tokenizer.begin(ids) if asked.add_special_tokens else ids

    ids = await service.encode(encode)
    return JSONResponse({"tokens": ids, "count": len(ids), "max_model_len": service.engine.max_tokens})


async def detokenize(service: Service, request: Request, body: bytes) -> Response:
    """Text of ids, without special ones."""
    asked = read(DetokenizeRequest, body)
    if asked.tokens and max(asked.tokens) >= service.engine.vocab_size:
        raise ApiError(400, f"tokens: the model has the ids 0 to {service.engine.vocab_size - 1}", param="tokens")
    return JSONResponse({"prompt": await service.encode(service.engine.tokenizer.decode, asked.tokens)})


def tokenizer_info(service: Service, request: Request) -> Response:
    """What lm-evaluation-harness asks about a remote tokenizer."""
    tokenizer = service.engine.tokenizer
    ends = sorted(tokenizer.end_ids)
    begins = tokenizer.begin([])
    template = getattr(service.chat, "template", None)
    return JSONResponse(
        {
            "tokenizer_class": type(tokenizer).__name__,
            "bos_token": tokenizer.piece(begins[0]),
            "eos_token": tokenizer.piece(ends[0]) if ends else None,
            "chat_template": template,
            "ncvc": __version__,
        }
    )
