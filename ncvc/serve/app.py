"""The server as an ASGI application: paths, guard, errors, counts and log."""

import asyncio
import json
import time
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ncvc.hf.row import Row
from ncvc.hf.tokenizer import TextTokenizer
from ncvc.progress import Reporter
from ncvc.serve import encoding, generation, state
from ncvc.serve.errors import GONE, ApiError
from ncvc.serve.guard import Guard
from ncvc.serve.service import Service

BODY_SECONDS = 30.0
"""Seconds within which the body of a request must have come."""
Log = Callable[[Request, str, int, float], None]
"""Called after each answer with its request, served path or `other`, status and seconds."""
Post = Callable[[Service, Request, bytes], Awaitable[Response]]


def build(service: Service, guard: Guard, log: Log) -> "Guarded":
    """The application."""
    posts: dict[str, Post] = {
        "/v1/completions": generation.completions,
        "/v1/chat/completions": generation.chat_completions,
        "/v1/embeddings": encoding.embeddings,
        "/tokenize": encoding.tokenize,
        "/detokenize": encoding.detokenize,
    }
    gets = {
        "/": state.page,
        "/health": state.health,
        "/metrics": state.metrics,
        "/v1/models": state.models,
        "/v1/models/{name:path}": state.models,
        "/tokenizer_info": encoding.tokenizer_info,
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


async def _defect(request: Request, error: Exception) -> Response:
    _note_defect(request, error)
    return _refuse(ApiError(500, "a defect of the server; its log names the place"))


def _note_defect(request: Request, error: Exception) -> None:
    """Keeps the place of a defect for the log; its message could hold text of the request."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    request.state.defect = f"{type(error).__name__} at {place.filename}:{place.lineno}"


def _refuse(error: ApiError) -> JSONResponse:
    answer = JSONResponse(error.body(), status_code=error.status)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if error.status == 429:
        answer.headers["Retry-After"] = "1"
    return answer


class Guarded:
    """The outermost layer: refuses, answers every exception in OpenAI's form, counts and logs."""

    def __init__(self, app: Starlette, service: Service, guard: Guard, log: Log) -> None:
        self._app, self._service, self._guard, self._log = app, service, guard, log

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        scope.setdefault("state", {})
        request = Request(scope, receive)
        status, counted = 0, False
        origin = self._guard.allowed_origin(request.headers)

        async def sent(message: Any) -> None:
            nonlocal status, counted
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_headers(origin)]
            elif not message.get("more_body"):  # Before its client can look for it in the counts.
                counted = True
                self._count(request, status, time.monotonic() - began)
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
            _note_defect(request, error)
            status = 500
        finally:
            if not counted:
                self._count(request, status, time.monotonic() - began)

    def _count(self, request: Request, status: int, seconds: float) -> None:
        metrics = self._service.metrics
        if any(row.finish == "cancelled" for row in _rows(request)):
            status = GONE
        metrics.cancelled += status == GONE
        known = any(route.path == request.url.path for route in self._app.routes if isinstance(route, Route))
        path = request.url.path if known else "other"  # One that nobody serves may hold text.
        metrics.requests[path, status] += 1
        metrics.seconds.add(seconds)
        for row in _rows(request):
            metrics.tokens["prompt"] += row.prompt_length
            metrics.tokens["generated"] += len(row.ids) - row.prompt_length
        self._log(request, path, status, seconds)


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


def logger(reporter: Reporter, tokenizer: TextTokenizer, *, text: bool = False) -> Log:
    """Reports each request in a line: path, status, counts, seconds; its text only where that was asked for."""

    def log(request: Request, path: str, status: int, seconds: float) -> None:
        rows = _rows(request)
        read = sum(row.prompt_length for row in rows)
        made = sum(len(row.ids) for row in rows) - read
        tokens = f" {read}+{made} tokens" if rows else ""
        defect = getattr(request.state, "defect", "")
        reporter.say(f"{request.method} {path} {status}{tokens} {seconds:.2f} s {defect}".rstrip())
        for row in rows if text else []:
            prompt = tokenizer.decode(row.ids[: row.prompt_length])
            reporter.say(json.dumps({"prompt": prompt, "text": row.text}, ensure_ascii=False))

    return log
