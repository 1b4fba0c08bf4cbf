"""Chooses the next token of each row of a batch, so that the other rows cannot change the choice."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ncvc.hf.row import Row, Sampling

_LIKELIEST = 1024
"""So many tokens have the probability top_p nearly always."""


def choose(logits: Tensor, rows: Sequence[Row], close: float, alone: Callable[[Row], Tensor]) -> list[int]:
    """Chooses each row's next token from the logits [rows, V] in float32.

    `close`: difference of two logits, relative to the row's largest one, that a batch may change. For a choice that
    is as close, `alone` computes logits [V] from the row's whole text without batch, padding and cache.
    """
    noise = torch.stack([row.noise(logits.shape[1]) for row in rows]).to(logits.device)
    slack = close * logits.abs().amax(1, keepdim=True)
    tokens, sure = _race(logits, noise, [row.sampling for row in rows], slack)
    for place in (place for place, is_sure in enumerate(sure) if not is_sure):
        exact = alone(rows[place])[None]
        (tokens[place],), _ = _race(
            exact, noise[place : place + 1], [rows[place].sampling], torch.zeros_like(slack[:1])
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
