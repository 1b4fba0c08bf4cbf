"""Log-likelihoods of continuations, in batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

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
    """True if temperature 0 would give it."""

    @property
    def per_character(self) -> float:
        """`logprob` divided by the number of characters."""
        return self.logprob / self.characters


def score(lm: LanguageModel, pairs: Sequence[tuple[str | Sequence[int], str]], *, batch_size: int = 8) -> list[Score]:
    """The log-likelihood of each continuation after its context, in the order of the pairs; a context may be empty.

    A context is a text, or the ids of one from its very beginning.
    Contexts of about the same length share a batch, and are read once for all their continuations.
    Padding moves a score by rounding only: 1e-5 in float32.
    Raises `PromptError` before anything is computed for an empty continuation or a pair that is too long.
    """
    split = [split_ids(lm, context, continuation) for context, continuation in pairs]
    by_context: dict[tuple[int, ...], list[int]] = {}
    for number, (before, _) in enumerate(split):
        by_context.setdefault(before, []).append(number)
    found: dict[int, Score] = {}
    contexts = sorted(by_context, key=len)
    for start in range(0, len(contexts), batch_size):
        some = {before: by_context[before] for before in contexts[start : start + batch_size]}
        found |= _score_contexts(lm, some, split, batch_size)
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
def _score_contexts(
    lm: LanguageModel, by_context: dict[tuple[int, ...], list[int]], split: Sequence[Pair], batch_size: int
) -> dict[int, Score]:
    """Scores of all continuations of some contexts, by the numbers of their pairs.

    The contexts are read once, padded at the left; their cache serves every continuation, of which the last token is
    only predicted, never read.
    """
    contexts = list(by_context)
    longest = max(map(len, contexts))
    device = lm.model.device
    ids = torch.tensor([[*[0] * (longest - len(each)), *each] for each in contexts], device=device)
    mask = torch.tensor([[0] * (longest - len(each)) + [1] * len(each) for each in contexts], device=device)
    cache = DynamicCache(config=lm.model.config)
    first = lm.model(
        input_ids=ids,
        attention_mask=mask,
        position_ids=(mask.cumsum(1) - 1).clamp(min=0),
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=1,
    ).logits
    # Continuations that differ in their last token alone share a row.
    rows: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for place, before in enumerate(contexts):
        for number in by_context[before]:
            rows.setdefault((place, split[number][1][:-1]), []).append(number)
    found: dict[int, Score] = {}
    # Short ones first, so that those of about the same length share a batch.
    for some in batched(sorted(rows, key=lambda row: len(row[1])), batch_size):
        places = torch.tensor([place for place, _ in some], device=device)
        logits = _logits(lm, (ids, mask, cache), places, [read for _, read in some])
        for each, row in zip(some, logits, strict=True):
            whole = torch.cat([first[each[0]], row])
            for number in rows[each]:
                after = split[number][1]
                found[number] = _score(lm, whole[: len(after)], after)
    return found


def _logits(
    lm: LanguageModel,
    contexts: tuple[torch.Tensor, torch.Tensor, DynamicCache],
    places: torch.Tensor,
    read: Sequence[tuple[int, ...]],
) -> torch.Tensor:
    """Logits [rows, length, V] behind each token that is read after the contexts at `places`.

    `contexts`: ids, mask and cache. Padded at the end, which no earlier position can see.
    """
    ids, mask = contexts[0][places], contexts[1][places]
    length = max(map(len, read))
    if not length:
        return torch.empty(len(read), 0, lm.model.get_output_embeddings().weight.shape[0], device=mask.device)
    after = torch.tensor([[*each, *[0] * (length - len(each))] for each in read], device=mask.device)
    whole = torch.cat([mask, mask.new_ones(len(read), length)], 1)
    positions = (whole.cumsum(1) - 1).clamp(min=0)
    cache = None
    if all(type(layer) is DynamicLayer for layer in contexts[2].layers):
        cache = DynamicCache(config=lm.model.config)
        for number, layer in enumerate(contexts[2].layers):
            cache.update(layer.keys[places], layer.values[places], number)
        positions = positions[:, -length:]
    else:  # a model that forgets what is far away reads everything again
        after = torch.cat([ids, after], 1)
    logits: torch.Tensor = lm.model(
        input_ids=after,
        attention_mask=whole,
        position_ids=positions,
        past_key_values=cache,
        use_cache=cache is not None,
        logits_to_keep=length,
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
