"""Requests to an OpenAI-compatible server, over the standard library."""

import json
import urllib.request
from typing import Any


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuses to follow: the key is for the address that was given."""

    def redirect_request(self, *_arguments: Any, **_options: Any) -> None:
        return None


def opener(*handlers: urllib.request.BaseHandler) -> urllib.request.OpenerDirector:
    """Returns urllib's opener with these handlers, which follows no redirection."""
    return urllib.request.build_opener(_NoRedirect, *handlers)


def request(url: str, asked: dict[str, Any] | None, key: str) -> urllib.request.Request:
    """Returns a POST of `asked` as JSON, or a GET for None; `key` is left out where it is empty.

    The scheme of `url` is the caller's to check.
    """
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    body = None if asked is None else json.dumps(asked, ensure_ascii=False).encode("utf-8", "replace")
    return urllib.request.Request(url, body, headers)  # noqa: S310 (see above)
