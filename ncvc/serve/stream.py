"""Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import StreamingResponse

from ncvc.serve.errors import ApiError


def events(objects: AsyncIterator[dict[str, Any]]) -> StreamingResponse:
    """Answers with one event an object and `[DONE]` at the end; an error on the way is the last event."""

    async def lines() -> AsyncIterator[str]:
        try:
            async for value in objects:
                yield _event(json.dumps(value, ensure_ascii=False))
            yield _event("[DONE]")
        except ApiError as error:
            yield _event(json.dumps(error.body(), ensure_ascii=False))

    # Proxies must not hold the text back until the answer is whole.
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(lines(), media_type="text/event-stream", headers=headers)


def _event(data: str) -> str:
    return f"data: {data}\n\n"
