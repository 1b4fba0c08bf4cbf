"""Models behind an OpenAI-compatible address: `http://HOST:PORT/v1#MODEL`."""

import json
import time
import urllib.error
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from http.client import HTTPException
from pathlib import Path
from typing import Any

from ncvc.api_key import is_key, read_key
from ncvc.data.rows import Message, dump_messages
from ncvc.errors import NcvcError
from ncvc.evaluate.engine import TOO_LONG, Answer, Prompt, Settings, Weight
from ncvc.evaluate.wording import plain_stop, plain_text
from ncvc.openai_client import opener, request

WAITS = (1.0, 4.0, 16.0)
"""Seconds before a request is repeated that the server could not answer."""
TIMEOUT = 600.0
"""Seconds without a byte after which a request has failed."""
LARGEST = 64 * 2**20
"""Bytes of the largest answer that is read."""


class ServerEngine:
    """A model that a server runs."""

    def __init__(self, address: str, settings: Settings, key_file: Path | None = None) -> None:
        """`address`: the base with `/v1`, and after `#` the model's name, which may be left out if there is one.

        Raises `NcvcError` where nothing answers there.
        """
        base, _, name = address.partition("#")
        self._base = base.rstrip("/")
        self._settings = settings
        self._key = read_key(key_file)
        if key_file and not is_key(self._key):
            raise NcvcError(f"{key_file}: holds no API key; write the key alone into it")
        self._open = opener().open
        self._model = name or self._only_model()
        self._plain = settings.form == "plain"
        self.facts: dict[str, Any] = {"form": "plain" if self._plain else "chat", "model": self._model}

    def word(self, messages: Sequence[Message], *, exam: bool) -> Prompt:
        """As `EvaluationEngine.word` says: turns are sent as they are, the server's template words them."""
        if self._plain:
            return Prompt(plain_text(messages, exam=exam), stop=plain_stop(exam=exam))
        text = "\n\n".join(f"[{message.role}]\n{message.content}" for message in messages)
        return Prompt(text, messages=tuple(messages), is_chat=True)

    def length(self, prompt: Prompt) -> int:
        """As `EvaluationEngine.length` says: characters."""
        return len(prompt.text)

    def answer(self, prompts: Sequence[Prompt], batch_size: int) -> Iterator[tuple[int, Answer]]:
        """As `EvaluationEngine.answer` says; `batch_size` requests are under way at once.

        After a failure no other request is begun, and those that are under way are waited for.
        """
        failure = None
        with ThreadPoolExecutor(batch_size) as pool:
            requests = {pool.submit(self._answer, prompt): place for place, prompt in enumerate(prompts)}
            for done in as_completed(requests):
                if done.cancelled():
                    continue
                if found := done.exception():
                    failure = failure or found
                    for waiting in requests:
                        waiting.cancel()
                else:
                    yield requests[done], done.result()
        if failure:
            raise failure

    def weigh(self, pairs: Sequence[tuple[Prompt, str]], batch_size: int) -> list[Weight | None]:
        """As `EvaluationEngine.weigh` says: nothing, since servers need not tell the probability of a given text."""
        return [None] * len(pairs)

    def _answer(self, prompt: Prompt) -> Answer:
        asked: dict[str, Any] = {
            "model": self._model,
            "temperature": 0,
            "seed": self._settings.seed,
            "max_tokens": self._settings.max_new_tokens,
        }
        if prompt.stop:
            asked["stop"] = list(prompt.stop)
        path = "/completions" if self._plain else "/chat/completions"
        asked |= {"prompt": prompt.text} if self._plain else {"messages": dump_messages(prompt.messages)}
        found = self._request(path, asked)
        if found is None:
            return Answer("", TOO_LONG, 0)
        try:
            choice = found["choices"][0]
            text = choice["text"] if self._plain else choice["message"]["content"]
            tokens = (found.get("usage") or {}).get("completion_tokens") or 0
            finish = {"stop": "end_of_text", "length": "length"}.get(choice.get("finish_reason"), "end_of_text")
            # Half of a surrogate pair, which JSON can hold, becomes a question mark.
            whole = "" if text is None else str(text).encode("utf-8", "replace").decode("utf-8")
            return Answer(whole, finish, int(tokens))
        except (LookupError, TypeError, ValueError, AttributeError):
            raise NcvcError(f"{self._base}{path}: the answer is not of OpenAI's form; is the address right?") from None

    def embed(self, texts: Sequence[str], batch_size: int) -> list[list[float]]:
        """Returns the server's embedding of each text, in their order; `batch_size` requests are under way at once."""
        with ThreadPoolExecutor(batch_size) as pool:
            return list(pool.map(self._embed, texts))

    def _embed(self, text: str) -> list[float]:
        found = self._request("/embeddings", {"model": self._model, "input": [text]})
        if found is None:
            raise NcvcError(f"{self._base}/embeddings: a text is too long for the model; show it fewer characters")
        try:
            return [float(value) for value in found["data"][0]["embedding"]]
        except (LookupError, TypeError, ValueError):
            raise NcvcError(
                f"{self._base}/embeddings: the answer is not of OpenAI's form; does the server make embeddings?"
            ) from None

    def _only_model(self) -> str:
        found = self._request("/models", None) or {}
        try:
            names = [str(entry["id"]) for entry in found["data"]]
        except (LookupError, TypeError):
            names = []
        if len(names) != 1:
            listed = f"serves {', '.join(names[:5])}" if names else "lists no models"
            raise NcvcError(f"{self._base}: {listed}; name one after the address: {self._base}#MODEL")
        return names[0]

    def _request(self, path: str, asked: dict[str, Any] | None) -> Any:
        """The answer as JSON; None for a prompt that is too long. Raises `NcvcError` after `len(WAITS)` repetitions."""
        url = f"{self._base}{path}"
        for wait in (*WAITS, None):
            one = request(url, asked, self._key)  # `models` lets http and https alone through
            try:
                with self._open(one, timeout=TIMEOUT) as response:
                    return json.loads(response.read(LARGEST))
            except urllib.error.HTTPError as error:
                said = error.read(2000).decode("utf-8", "replace")
                if error.code == 400 and "context" in said.lower() and "length" in said.lower():
                    return None
                problem = f"status {error.code}: {' '.join(said.split())[:200]}"
                if error.code not in (408, 429) and error.code < 500:
                    wait = None
            except (ValueError, RecursionError):
                problem = "the answer is not JSON"
            except (OSError, HTTPException) as error:
                problem = str(getattr(error, "reason", error)) or type(error).__name__
            if wait is None:
                break
            time.sleep(wait)
        raise NcvcError(f"{url}: {problem}; what was answered is kept: start again when the server answers")
