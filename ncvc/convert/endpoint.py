"""Compares a running server with the logits in a converted folder, over HTTP: OpenAI's completions with `echo`.

A server that loads a folder need not compute what it says: some engines take this model for another one without an
error. The log-probabilities of the folder's own token ids show it, whatever the engine.
"""

import http.client
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import torch

from ncvc.api_key import KEY, read_key
from ncvc.convert import check
from ncvc.convert.kinds import require_converted
from ncvc.errors import ConvertError
from ncvc.openai_client import opener, request

BOUND = 0.1
"""Largest mean difference of a log-probability in nats."""
SECONDS = 300
_ANSWER_BYTES = 100_000_000


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Result of the comparison; differences of natural logarithms of probabilities."""

    model: str
    """Name under which the server has the model."""
    mean: float
    largest: float
    tokens: int


def compare_endpoint(folder: Path, url: str) -> Answered:
    """Asks the server at `url`, such as `http://127.0.0.1:8000/v1`, for the folder's token ids.

    Raises `ConvertError` where it does not answer, cannot tell log-probabilities, or computes something else.
    """
    require_converted(folder)
    ids, logits = check.read_fixture(folder)
    base = _base(url)
    listed = _ask(f"{base}/models", None)
    try:
        model = str(listed["data"][0]["id"])
    except (KeyError, IndexError, TypeError):
        raise ConvertError(f"{url}: lists no model; give the address of an OpenAI-compatible server") from None
    expected = logits[:, :-1].log_softmax(-1).gather(-1, ids[:, 1:, None]).squeeze(-1)
    found = torch.tensor([_logprobs(base, model, row) for row in ids.tolist()], dtype=torch.float32)
    apart = (expected - found).abs().nan_to_num(nan=torch.inf)
    answered = Answered(model=model, mean=apart.mean().item(), largest=apart.max().item(), tokens=apart.numel())
    if not answered.mean <= BOUND:
        raise ConvertError(
            f"{url}: {model}'s log-probabilities differ from Megatron's by {answered.mean:.1e} nats on average, more"
            f" than {BOUND}; the server computes another function: give it the folder of --to llama or --to gguf"
        )
    return answered


def _logprobs(base: str, model: str, ids: list[int]) -> list[float]:
    """Log-probabilities of all ids but the first, which has nothing before it."""
    asked = {"model": model, "prompt": ids, "max_tokens": 1, "temperature": 0, "echo": True, "logprobs": 1}
    answer = _ask(f"{base}/completions", asked)
    try:
        told = answer["choices"][0]["logprobs"]["token_logprobs"][1 : len(ids)]
        found = [float(value) for value in told]
    except (KeyError, IndexError, TypeError, ValueError):
        found = []
    if len(found) != len(ids) - 1:
        raise ConvertError(
            f"{base}: tells no log-probabilities of a prompt of token ids (completions with echo and logprobs); use a"
            " server that does, such as `ncvc serve` or vLLM"
        )
    return found


def _base(url: str) -> str:
    """The address up to /v1; raises `ConvertError` for what is no address of HTTP."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConvertError(f"{url}: not an address; give one such as http://127.0.0.1:8000/v1")
    if parts.username is not None or parts.password is not None:
        raise ConvertError(f"{parts.scheme}://{parts.hostname}: give no password in the address; {KEY} holds the key")
    base = url.rstrip("/")
    return base if base.endswith("/v1") else f"{base}/v1"


def _ask(url: str, body: dict[str, Any] | None) -> dict[str, Any]:
    """One request, past every proxy and without redirection; raises `ConvertError` where there is no JSON object."""
    direct = opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request(url, body, read_key()), timeout=SECONDS) as answer:
            found = json.loads(answer.read(_ANSWER_BYTES))
    except urllib.error.HTTPError as error:
        raise ConvertError(f"{url}: answers with status {error.code}; is it an OpenAI-compatible server?") from None
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise ConvertError(f"{url}: no answer ({reason}); start the server, or give another address") from None
    except ValueError:
        raise ConvertError(f"{url}: does not answer in JSON; is it an OpenAI-compatible server?") from None
    if not isinstance(found, dict):
        raise ConvertError(f"{url}: does not answer with a JSON object; is it an OpenAI-compatible server?")
    return found
