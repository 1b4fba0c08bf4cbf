"""Continues prompts in batches with a key-value cache.

A row's text depends on its prompt, its sampling and the model alone, not on the other rows: each row has a random
number generator of its own, and close choices are made by the row alone. Padding and batch size change the order in
which floating-point sums are taken, and so the logits by a little. Where that could change the choice (the best two
candidates are closer than `CLOSE` times the largest logit, or the choice is that close to the boundary of top_p),
the row's whole text goes through the model once more, without batch, padding or cache, and these logits decide.
At temperature 0 the text therefore equals that of plain forward passes as long as a batch moves no logit by more
than half of `CLOSE`, relative to the largest one. When sampling, one case is left: two about equally likely tokens
that change places right at the boundary of top_p.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from transformers import DynamicCache

from ncvc.errors import ModelFolderError
from ncvc.hf.load import LanguageModel
from ncvc.hf.tokenizer import TextStream, prompt_ids

CLOSE = {torch.float32: 2e-5, torch.bfloat16: 3e-2}
"""Difference of logits, relative to the largest one: 15 and 3.4 times what a batch changed in the demo's model."""

_LIKELIEST = 1024
"""So many tokens have the probability top_p nearly always."""

OnText = Callable[[int, str], bool | None]
"""Takes the number of a request and its next piece of text; returning False ends that text."""


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Choice of the next token, and the end of a text."""

    max_new_tokens: int = 128
    """At most so many tokens after the prompt."""
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
    """What follows the prompt, without `<|end_of_text|>` and stop strings."""
    ids: list[int]
    """The tokens made, `<|end_of_text|>` included."""
    finish: Literal["end_of_text", "stop", "length", "cancelled"]
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


def generate(
    lm: LanguageModel,
    requests: Sequence[tuple[str | Sequence[int], Sampling]],
    *,
    batch_size: int = 8,
    on_text: OnText = lambda _number, _text: None,
) -> list[Continuation]:
    """Continues each prompt; results come in the order of the requests.

    A prompt is a text, or the ids of one from its very beginning, such as those of a conversation.
    Prompts of about the same length share a batch. `on_text` is called as soon as text is there.
    Raises `PromptError` before anything is computed for a prompt that leaves no room for an answer.
    """
    rows = [_Row(lm, number, prompt, sampling, on_text) for number, (prompt, sampling) in enumerate(requests)]
    by_length = sorted(rows, key=lambda row: len(row.ids))
    for start in range(0, len(rows), batch_size):
        _run(lm, by_length[start : start + batch_size])
    return [row.continuation() for row in rows]


class _Row:
    """One request under way."""

    def __init__(
        self, lm: LanguageModel, number: int, prompt: str | Sequence[int], sampling: Sampling, on_text: OnText
    ) -> None:
        self.ids = prompt_ids(lm.tokenizer, prompt, lm.max_tokens)
        self.sampling = sampling
        self._prompt_length = len(self.ids)
        room = sampling.max_new_tokens if lm.max_tokens is None else lm.max_tokens - len(self.ids)
        self._limit = len(self.ids) + min(sampling.max_new_tokens, room)
        self._tokenizer = lm.tokenizer
        self._stream = TextStream(lm.tokenizer, self.ids)
        self._generator = torch.Generator().manual_seed(sampling.seed)
        self._logprobs: list[TokenLogprob] = []
        self._text = ""
        self._shown = 0
        self._show: Callable[[str], bool | None] = lambda text: on_text(number, text)
        self.finish: Literal["end_of_text", "stop", "length", "cancelled"] | None = None

    def noise(self, size: int) -> Tensor:
        """Negative Gumbel noise [size] of the next token; none at temperature 0.

        argmax(log p - log q) with q ~ Exp(1) is a sample of p: as `torch.multinomial` does it, on the CPU, so that
        each device draws the same.
        """
        if self.sampling.temperature == 0:
            return torch.zeros(size)
        return torch.empty(size).exponential_(generator=self._generator).log()

    def add(self, token: int, logits: Tensor) -> None:
        """Takes the next token, chosen from `logits` [V]."""
        self.ids.append(token)
        if self.sampling.logprobs is not None:
            logprobs = logits.log_softmax(0)
            top = logprobs.topk(self.sampling.logprobs)
            pairs = tuple(zip(top.indices.tolist(), top.values.tolist(), strict=True))
            self._logprobs.append(TokenLogprob(logprob=logprobs[token].item(), top=pairs))
        if token in self._tokenizer.end_ids:
            self.finish = "end_of_text"
        else:
            self._text += self._stream.add(token)
            if len(self.ids) == self._limit:
                self.finish = "length"
        if self.finish:
            self._text += self._stream.flush()
        self._stop()
        self._hand_out()

    def _stop(self) -> None:
        """Cuts the text before the first stop string."""
        found = [at for stop in self.sampling.stop if (at := self._text.find(stop)) >= 0]
        if found:
            self._text, self.finish = self._text[: min(found)], "stop"

    def _hand_out(self) -> None:
        """Hands out text that no stop string can begin in any more."""
        held = 0 if self.finish else max(map(len, self.sampling.stop), default=1) - 1
        ready = self._text[self._shown : len(self._text) - held]
        self._shown += len(ready)
        if ready and self._show(ready) is False:
            self.finish = "cancelled"

    def continuation(self) -> Continuation:
        """The result; the row must have finished."""
        assert self.finish is not None
        prompt, made = self.ids[: self._prompt_length], self.ids[self._prompt_length :]
        return Continuation(
            prompt=self._tokenizer.decode(prompt),
            text=self._text,
            ids=made,
            finish=self.finish,
            logprobs=self._logprobs,
        )


@torch.inference_mode()
def _run(lm: LanguageModel, rows: list[_Row]) -> None:
    """Makes tokens for all rows at once; a row that has finished leaves the batch."""
    device = lm.model.device
    longest = max(len(row.ids) for row in rows)
    # Padding is masked: its id does not matter.
    ids = torch.tensor([[0] * (longest - len(row.ids)) + row.ids for row in rows], device=device)
    mask = torch.tensor([[0] * (longest - len(row.ids)) + [1] * len(row.ids) for row in rows], device=device)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    cache = DynamicCache(config=lm.model.config)
    while True:
        logits = lm.model(
            input_ids=ids,
            # Without padding there is nothing to mask, and kernels without a mask are faster.
            attention_mask=None if all(len(row.ids) == mask.shape[1] for row in rows) else mask,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        tokens = _choose(lm, logits.float(), rows)
        for row, token, row_logits in zip(rows, tokens, logits, strict=True):
            row.add(token, row_logits.float())
        going = [place for place, row in enumerate(rows) if row.finish is None]
        if not going:
            return
        if len(going) < len(rows):
            rows = [rows[place] for place in going]
            kept = torch.tensor(going, device=device)
            cache.batch_select_indices(kept)
            mask = mask[kept]
        ids = torch.tensor([row.ids[-1:] for row in rows], device=device)
        mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
        positions = mask.sum(1, keepdim=True) - 1


def _choose(lm: LanguageModel, logits: Tensor, rows: list[_Row]) -> list[int]:
    """Chooses each row's next token from the logits [rows, V]; close choices from logits of the row alone."""
    noise = torch.stack([row.noise(logits.shape[1]) for row in rows]).to(logits.device)
    close = CLOSE[lm.model.dtype] * logits.abs().amax(1, keepdim=True)
    tokens, sure = _race(logits, noise, [row.sampling for row in rows], close)
    for place in (place for place, is_sure in enumerate(sure) if not is_sure):
        alone = torch.tensor([rows[place].ids], device=logits.device)
        exact = lm.model(input_ids=alone, use_cache=False, logits_to_keep=1).logits[:, -1].float()
        if exact.isnan().any():
            raise ModelFolderError(f"{lm.folder}: its logits are not numbers; the weights or the sizes are damaged")
        (tokens[place],), _ = _race(
            exact, noise[place : place + 1], [rows[place].sampling], torch.zeros_like(close[:1])
        )
    return tokens


def _race(logits: Tensor, noise: Tensor, samplings: list[Sampling], close: Tensor) -> tuple[list[int], list[bool]]:
    """The token of each row of logits [rows, V], and whether it stays the same if logits move by `close` / 2.

    `close` [rows, 1] is 0 for the last word.
    """

    def column(values: list[float]) -> Tensor:
        return torch.tensor(values, device=logits.device)[:, None]

    temperature = column([sampling.temperature or 1 for sampling in samplings])
    top_p = column([sampling.top_p if sampling.temperature else 1 for sampling in samplings])
    scaled, slack = logits / temperature, close / temperature
    scores = scaled - noise
    before = torch.zeros_like(scores)
    if (top_p < 1).any():
        limit = (top_p + slack).where(top_p < 1, torch.inf)
        before = _mass_before(scaled.softmax(1), limit)
        scores = scores.masked_fill(before >= limit, -torch.inf)
    best = scores.topk(2, dim=1)
    tokens = scores.argmax(1, keepdim=True)
    apart = best.values[:, :1] - best.values[:, 1:] > slack
    inside = (before.gather(1, tokens) < top_p - slack) | (top_p >= 1)
    return tokens[:, 0].tolist(), (apart & inside)[:, 0].tolist()


def _mass_before(probabilities: Tensor, limit: Tensor) -> Tensor:
    """Probability of all tokens that are likelier [rows, V], 0 for the likeliest; 1 where it is beyond `limit`.

    A sort of the whole vocabulary takes several times as long as the model's own step, and is seldom needed.
    """
    top = probabilities.topk(min(_LIKELIEST, probabilities.shape[1]), dim=1)
    values, order = top.values, top.indices
    if ((values.sum(1, keepdim=True) < limit) & limit.isfinite()).any():
        values, order = probabilities.sort(dim=1, descending=True)
    return torch.ones_like(probabilities).scatter(1, order, values.cumsum(1) - values)
