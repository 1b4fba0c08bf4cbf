"""Errors in the form of OpenAI's API: https://platform.openai.com/docs/guides/error-codes."""

from typing import Any

GONE = 499
"""Status of a request whose client has gone, in log and counts."""

_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}


class ApiError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status."""
        self.message = message
        self.param = param
        """The member of the request that is wrong."""
        self.code = code

    def body(self) -> dict[str, Any]:
        """The JSON object of the answer."""
        kind = _TYPES.get(self.status) or ("server_error" if self.status >= 500 else "invalid_request_error")
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}
