"""One text that is being continued: its tokens, its text so far, and its end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ncvc.hf.tokenizer import TextStream, TextTokenizer

Finish = Literal["end_of_text", "stop", "length", "cancelled"]

_CHUNK = 256
"""Positions whose log-probabilities are computed at once: a vocabulary's worth of float32 each."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Choice of the next token, and the end of a text."""

    max_new_tokens: int = 128
    """At most so many tokens after the prompt; 0 makes none, for the log-probabilities of the prompt."""
    temperature: float = 0.8
    """Divides the logits; 0 takes the likeliest token always."""
    top_p: float = 0.95
    """Samples from the smallest set of tokens that has this probability."""
    seed: int = 0
    """The same seed, prompt and model give the same text."""
    stop: tuple[str, ...] = ()
    """Strings before which the text ends."""
    logprobs: int | None = None
    """Keeps the log-probability of each token, and of so many of the likeliest at its place."""
    prompt_logprobs: int | None = None
    """Keeps the same of the prompt's tokens."""


@dataclass(frozen=True, kw_only=True)
class TokenLogprob:
    """Natural logarithms of the model's probabilities, before temperature and top_p."""

    logprob: float
    """Of the token that was chosen."""
    top: tuple[tuple[int, float], ...]
    """Ids and log-probabilities of the likeliest tokens, the likeliest first."""


@dataclass(frozen=True, kw_only=True)
class Continuation:
    """The text that follows a prompt."""

    prompt: str
    """The prompt as the model saw it: cleaned."""
    text: str
    """Text behind the prompt, without `<|end_of_text|>` and stop strings."""
    ids: list[int]
    """The tokens made, `<|end_of_text|>` included."""
    finish: Finish
    """Why it ended; `length` is `max_new_tokens` or the model's longest text."""
    logprobs: list[TokenLogprob]
    """One for each of `ids` if the sampling asked for them."""

    @property
    def tokens(self) -> int:
        """The number of tokens made."""
        return len(self.ids)

    @property
    def ended(self) -> bool:
        """True if the model ended the text itself."""
        return self.finish == "end_of_text"


class Row:
    """A row of a batch."""

    def __init__(
        self,
        tokenizer: TextTokenizer,
        ids: Sequence[int],
        sampling: Sampling,
        *,
        max_tokens: int | None = None,
        on_text: Callable[[str], bool | None] | None = None,
    ) -> None:
        """`ids`: the prompt from its beginning. `max_tokens`: length of the model's longest text.

        `on_text` takes text as soon as no stop string can begin in it; returning False ends the row.
        """
        self.ids = list(ids)
        self.sampling = sampling
        self.prompt_length = len(self.ids)
        """The number of the prompt's tokens, which come first in `ids`."""
        room = sampling.max_new_tokens if max_tokens is None else max_tokens - len(self.ids)
        self.limit = len(self.ids) + min(sampling.max_new_tokens, room)
        """Length of `ids` at which the row ends."""
        self.prompt_logprobs: list[TokenLogprob] = []
        """One for each token of the prompt but the first, if the sampling asked for them."""
        self.logprobs: list[TokenLogprob] = []
        """One for each token that was made, if the sampling asked for them."""
        self.text = ""
        self.finish: Finish | None = None
        self._tokenizer = tokenizer
        self._stream = TextStream(tokenizer, self.ids)
        self._generator = torch.Generator().manual_seed(sampling.seed)
        self.shown = 0
        """Characters of `text` in which no stop string can begin any more."""
        self._on_text = on_text
        self._end_at_limit()

    def noise(self, size: int) -> Tensor:
        """Negative Gumbel noise [size] of the next token; none at temperature 0.

        argmax(log p - log q) with q ~ Exp(1) is a sample of p: as `torch.multinomial` does it, on the CPU, so that
        each device draws the same.
        """
        if self.sampling.temperature == 0:
            return torch.zeros(size)
        return torch.empty(size).exponential_(generator=self._generator).log()

    def read_prompt(self, logits: Tensor) -> None:
        """Takes the logits [prompt - 1, V] that predict the prompt's second token and all after it."""
        count = self.sampling.prompt_logprobs
        assert count is not None
        for start in range(0, len(logits), _CHUNK):
            rows = logits[start : start + _CHUNK].float().log_softmax(1)
            tokens = self.ids[start + 1 : start + 1 + len(rows)]
            self.prompt_logprobs += map(_logprob, rows, tokens, [count] * len(rows))

    def add(self, token: int, logits: Tensor) -> None:
        """Takes the next token, chosen from `logits` [V]."""
        self.ids.append(token)
        if self.sampling.logprobs is not None:
            self.logprobs.append(_logprob(logits.log_softmax(0), token, self.sampling.logprobs))
        if token in self._tokenizer.end_ids:
            self.finish = "end_of_text"
        else:
            self.text += self._stream.add(token)
            self._end_at_limit()
        if self.finish:
            self.text += self._stream.flush()
        self._stop()
        self._hand_out()

    def cancel(self) -> None:
        """Ends the row: nobody waits for it any more."""
        self.finish = self.finish or "cancelled"

    def continuation(self) -> Continuation:
        """The result; the row must have finished."""
        assert self.finish is not None
        prompt, made = self.ids[: self.prompt_length], self.ids[self.prompt_length :]
        return Continuation(
            prompt=self._tokenizer.decode(prompt),
            text=self.text,
            ids=made,
            finish=self.finish,
            logprobs=self.logprobs,
        )

    def _end_at_limit(self) -> None:
        if len(self.ids) >= self.limit:
            self.finish = "length"

    def _stop(self) -> None:
        """Cuts the text before the first stop string."""
        found = [at for stop in self.sampling.stop if (at := self.text.find(stop)) >= 0]
        if found:
            self.text, self.finish = self.text[: min(found)], "stop"

    def _hand_out(self) -> None:
        """Hands out text that no stop string can begin in any more."""
        held = 0 if self.finish else max(map(len, self.sampling.stop), default=1) - 1
        ready = self.text[self.shown : len(self.text) - held]
        self.shown += len(ready)
        if ready and self._on_text and self._on_text(ready) is False:
            self.finish = "cancelled"


def _logprob(logprobs: Tensor, token: int, count: int) -> TokenLogprob:
    top = logprobs.topk(min(count, len(logprobs)))
    pairs = tuple(zip(top.indices.tolist(), top.values.tolist(), strict=True))
    return TokenLogprob(logprob=logprobs[token].item(), top=pairs)
