"""One attempt at a request to a server: its answer, its failures, and the wait before the next."""

import json
import math
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from ncvc.api_key import is_key, read_key
from ncvc.errors import ConfigError
from ncvc.synthesize.config import WriterConfig
from ncvc.synthesize.record import Finish

REPEATABLE = frozenset({408, 409, 425, 429})
"""Statuses below 500 after which a request is repeated."""
LONGEST_WAIT = 60.0
"""Seconds between two attempts at most, unless the server asks for more."""
MOST_TOKENS = 10**9
"""Tokens of an answer that are believed."""
LONGEST_DETAIL = 200
"""Characters of what a server says that are kept."""
FINISHES: dict[str, Finish] = {"length": "length", "max_tokens": "length", "content_filter": "content_filter"}


class AttemptError(Exception):
    """An attempt without an answer."""

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        status: int = 0,
        may_repeat: bool = True,
        counts: bool = True,
        retry_after: float | None = None,
        is_billed: bool = False,
    ) -> None:
        """`counts`: against the limit of attempts; `is_billed`: the server may have written an answer."""
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        self.status = status
        self.may_repeat = may_repeat
        self.counts = counts
        self.retry_after = retry_after
        """Seconds to wait before the next attempt; None leaves them to `wait_before`."""
        self.is_billed = is_billed


@dataclass(frozen=True)
class Reply:
    """An answer."""

    text: str
    finish: Finish
    prompt_tokens: int
    answer_tokens: int


def key_of(config: WriterConfig, folder: Path) -> str:
    """Reads a writer's key; empty where it needs none. Raises `ConfigError`, which never holds the key."""
    if config.api_key_file is not None:
        path = folder / Path(config.api_key_file).expanduser()
        try:
            key, where = read_key(path), str(path)
        except OSError as error:
            raise ConfigError(f"{path}: cannot read the API key: {error.strerror}") from None
    elif config.api_key_env is not None:
        key, where = os.environ.get(config.api_key_env, "").strip(), f"the environment variable {config.api_key_env}"
    else:
        return ""
    if not is_key(key):
        raise ConfigError(f"{where} holds no API key; write the key alone into it")
    return key


def parse_reply(content: bytes, estimated: int, clean: Callable[[str], str]) -> Reply:
    """Reads the body of an answer; raises `AttemptError` for what is none.

    `estimated`: tokens of the prompt where the server does not say them; those of the answer are its characters then.
    `clean` takes the key and what UTF-8 cannot hold out of a text.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        reason = "html" if content.lstrip()[:1] == b"<" else "not_json"
        raise AttemptError(reason, short(clean(content[:2000].decode("utf-8", "replace"))), is_billed=True) from None
    try:
        choice = value["choices"][0]
        message = choice["message"]
        text, refusal = message.get("content"), message.get("refusal")
        finish = FINISHES.get(str(choice.get("finish_reason")), "stop")
    except (LookupError, TypeError, AttributeError):
        raise AttemptError("not_openai", short(clean(_said(value))), is_billed=True) from None
    if text is None:
        text = refusal if isinstance(refusal, str) else ""
        finish = "content_filter" if text else finish
    if not isinstance(text, str):
        raise AttemptError("not_openai", "the answer's content is no text", is_billed=True)
    usage = value.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    return Reply(
        clean(text),
        finish,
        _tokens(counts.get("prompt_tokens"), estimated),
        _tokens(counts.get("completion_tokens"), len(text)),
    )


def _tokens(value: Any, estimated: int) -> int:
    believed = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_TOKENS
    return value if believed else estimated


def error_of_status(status: int, retry_after: str | None, content: bytes, clean: Callable[[str], str]) -> AttemptError:
    """Tells what a status other than 200 means for the request."""
    try:
        said = _said(json.loads(content))
    except (ValueError, RecursionError):
        said = content[:2000].decode("utf-8", "replace")
    may_repeat = status in REPEATABLE or status >= 500
    return AttemptError(
        f"status_{status}",
        short(clean(said)),
        status=status,
        may_repeat=may_repeat,
        counts=status != 429,
        retry_after=seconds_of(retry_after) if may_repeat else None,
    )


def short(text: str) -> str:
    """Puts the beginning of a text on one line."""
    return " ".join(text[: 20 * LONGEST_DETAIL].split())[:LONGEST_DETAIL]


def _said(value: Any) -> str:
    """Finds the sentence in an error of OpenAI's form; else the JSON."""
    error = value.get("error", value) if isinstance(value, dict) else value
    message = error.get("message", error) if isinstance(error, dict) else error
    return message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)


def seconds_of(retry_after: str | None) -> float | None:
    """Reads `Retry-After`, seconds or a date (RFC 9110, 10.2.3); None for what is neither."""
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            date = parsedate_to_datetime(retry_after)
        except (ValueError, TypeError, LookupError, OverflowError):
            return None
        seconds = (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def wait_before(last: AttemptError | None, tried: int, backoff: float) -> float:
    """Seconds before the next attempt: as the server asks, or doubled each time; some more by chance.

    By chance, so that requests that failed together are not repeated together.
    """
    chance = random.random()  # noqa: S311 (no secret)
    own = min(backoff * 2.0 ** min(tried - 1, 30), LONGEST_WAIT)
    if last is not None and last.retry_after is not None:
        return last.retry_after + 0.1 * own * chance
    return own * (0.5 + chance / 2)
