"""Log-likelihoods of continuations, in batches."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ncvc.errors import PromptError
from ncvc.hf.load import LanguageModel

Pair = tuple[tuple[int, ...], tuple[int, ...]]
"""Ids of a context, from its beginning, and of what follows it."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """Log-probability of a continuation, in nats."""

    logprob: float
    """Natural logarithm of its probability after the context: the sum over its tokens."""
    tokens: int
    """The number of its tokens."""
    characters: int
    """The number of its characters, as the model sees it: cleaned."""
    greedy: bool
    """Whether it is what temperature 0 would give."""

    @property
    def per_character(self) -> float:
        """`logprob` divided by the number of characters."""
        return self.logprob / self.characters


def score(lm: LanguageModel, pairs: Sequence[tuple[str | Sequence[int], str]], *, batch_size: int = 8) -> list[Score]:
    """The log-likelihood of each continuation after its context, in the order of the pairs; a context may be empty.

    A context is a text, or the ids of one from its very beginning.
    Pairs of about the same length share a batch, and pairs that differ in their last token alone share a row.
    Padding moves a score by rounding only: 1e-5 in float32.
    Raises `PromptError` before anything is computed for an empty continuation or a pair that is too long.
    """
    split = [split_ids(lm, context, continuation) for context, continuation in pairs]
    # The last token is only predicted, never read.
    inputs: dict[tuple[int, ...], list[int]] = {}
    for number, (before, after) in enumerate(split):
        inputs.setdefault((*before, *after)[:-1], []).append(number)
    found: dict[int, Score] = {}
    by_length = sorted(inputs, key=len)
    for start in range(0, len(by_length), batch_size):
        texts = by_length[start : start + batch_size]
        first = min(len(split[number][0]) for ids in texts for number in inputs[ids]) - 1
        logits = _logits(lm, texts, first)
        for row, ids in zip(logits, texts, strict=True):
            for number in inputs[ids]:
                before, after = split[number]
                found[number] = _score(lm, row[len(before) - 1 - first :][: len(after)], after)
    return [found[number] for number in range(len(pairs))]


def split_ids(lm: LanguageModel, context: str | Sequence[int], continuation: str) -> Pair:
    """Ids of a context and of its continuation.

    They are the ids of the whole text where those begin with the ids of the context. Where a piece would reach over
    the boundary, both are encoded apart, so that continuations of one context are all compared after the same ids.
    A context of ids is never encoded again.
    Raises `PromptError` where there is nothing to score, or too much.
    """
    if isinstance(context, str):
        before, whole = lm.tokenizer.encode(context), lm.tokenizer.encode(context + continuation)
        after = whole[len(before) :] if whole[: len(before)] == before else lm.tokenizer.encode(continuation)
        begun = lm.tokenizer.begin(before)
    else:
        begun, after = list(context), lm.tokenizer.encode(continuation)
    if not after:
        raise PromptError(f"the continuation {continuation!r} is nothing once it is cleaned")
    length = len(begun) + len(after)
    if lm.max_tokens is not None and length > lm.max_tokens:
        raise PromptError(
            f"context and continuation have {length} tokens; the model holds {lm.max_tokens}: shorten the context"
        )
    return tuple(begun), tuple(after)


@torch.inference_mode()
def _logits(lm: LanguageModel, texts: Sequence[tuple[int, ...]], first: int) -> torch.Tensor:
    """Logits [texts, length - first, V] from the position `first` on.

    Padded at the end, which no earlier position can see.
    """
    device = lm.model.device
    longest = max(map(len, texts))
    ids = torch.tensor([[*text, *[0] * (longest - len(text))] for text in texts], device=device)
    logits: torch.Tensor = lm.model(
        input_ids=ids, use_cache=False, logits_to_keep=torch.arange(first, longest, device=device)
    ).logits
    return logits


def _score(lm: LanguageModel, logits: torch.Tensor, after: tuple[int, ...]) -> Score:
    logprobs = logits.float().log_softmax(1)
    targets = torch.tensor(after, device=logits.device)
    return Score(
        logprob=logprobs.gather(1, targets[:, None]).sum().item(),
        tokens=len(after),
        characters=max(1, len(lm.tokenizer.decode(after))),
        greedy=torch.equal(logprobs.argmax(1), targets),
    )
