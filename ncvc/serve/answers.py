"""Rows → the JSON objects of OpenAI's API."""

import time
import uuid
from collections.abc import Sequence
from typing import Any

from ncvc.hf.row import Finish, Row, TokenLogprob
from ncvc.hf.tokenizer import TextTokenizer

FINISH: dict[Finish, str] = {"end_of_text": "stop", "stop": "stop", "length": "length", "cancelled": "stop"}
"""Why a row ended → OpenAI's word for it."""


class Head:
    """Members that an answer and all chunks of its stream share."""

    def __init__(self, prefix: str, kind: str, model: str) -> None:
        self.kind = kind
        self._members = {"id": f"{prefix}-{uuid.uuid4().hex}", "created": int(time.time()), "model": model}

    def object(self, choices: list[dict[str, Any]], *, chunk: bool = False, **rest: Any) -> dict[str, Any]:
        """An answer, or a chunk of one."""
        kind = f"{self.kind}.chunk" if chunk and self.kind == "chat.completion" else self.kind
        return {**self._members, "object": kind, "choices": choices, **rest}


def usage(rows: Sequence[Row]) -> dict[str, int]:
    """Counts of tokens; prompts with the tokens that begin a text."""
    read = sum(row.prompt_length for row in rows)
    made = sum(len(row.ids) for row in rows) - read
    return {"prompt_tokens": read, "completion_tokens": made, "total_tokens": read + made}


def chat_logprobs(tokenizer: TextTokenizer, ids: Sequence[int], logprobs: Sequence[TokenLogprob]) -> dict[str, Any]:
    """Log-probabilities in the form of chat completions."""

    def entry(token: int, logprob: float) -> dict[str, Any]:
        piece = tokenizer.piece(token)
        # A byte-level piece can be a part of a character, and its bytes are not known here.
        return {"token": piece, "logprob": logprob, "bytes": None if "\ufffd" in piece else [*piece.encode()]}

    return {
        "content": [
            {**entry(token, one.logprob), "top_logprobs": [entry(*top) for top in one.top]}
            for token, one in zip(ids, logprobs, strict=True)
        ],
        "refusal": None,
    }


def text_logprobs(
    tokenizer: TextTokenizer, ids: Sequence[int], logprobs: Sequence[TokenLogprob | None], start: int
) -> dict[str, Any]:
    """Log-probabilities in the form of completions; `start`: characters before the first token.

    None is for a token that nothing comes before. `token_id:…` stands for a piece that another one equals.
    """
    pieces = [tokenizer.piece(token) for token in ids]
    offsets = []
    for piece in pieces:
        offsets.append(start)
        start += len(piece)
    return {
        "tokens": pieces,
        "token_logprobs": [one and one.logprob for one in logprobs],
        "top_logprobs": [one and _by_name(tokenizer, one) for one in logprobs],
        "text_offset": offsets,
    }


def _by_name(tokenizer: TextTokenizer, one: TokenLogprob) -> dict[str, float]:
    found: dict[str, float] = {}
    for token, logprob in one.top:
        piece = tokenizer.piece(token)
        found[f"token_id:{token}" if piece in found else piece] = logprob
    return found
