"""The paths that tell of the server: chat page, health, counters, the model's name."""

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from ncvc.serve.metrics import TYPE
from ncvc.serve.page import POLICY, chat_page
from ncvc.serve.service import Service


def page(service: Service, request: Request) -> Response:
    """The chat page."""
    headers = {"Content-Security-Policy": POLICY, "X-Frame-Options": "DENY", "Cache-Control": "no-cache"}
    return HTMLResponse(
        chat_page(service.name, has_chat=service.chat is not None, logs_text=service.logs_text), headers=headers
    )


def health(service: Service, request: Request) -> Response:
    """State of the engine: it runs, or not."""
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
