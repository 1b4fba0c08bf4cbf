"""Shows samples token by token: those whose loss counts in another colour than the others."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ncvc.hf.tokenizer import ExactTokenizer
from ncvc.tune.base import Base
from ncvc.tune.samples import Sample


def token_names(base: Base) -> Callable[[int], str]:
    """A function that gives the text of a token: the piece, or what a stock tokenizer decodes it to."""
    if isinstance(base.tokenizer, ExactTokenizer):
        own = base.tokenizer
        return lambda token: own.id_to_piece(token) or base.new_tokens[token - own.vocab_size]
    stock: Any = base.stock
    return lambda token: str(stock.decode([token])) or str(stock.convert_ids_to_tokens(token))


def mask_rows(base: Base, samples: Sequence[Sample], count: int) -> Iterator[tuple[Sample, list[tuple[str, bool]]]]:
    """The first `count` samples, each with its tokens and whether they count.

    The loss of a token is that of its prediction from those before it, so that a first token never counts.
    """
    name = token_names(base)
    for sample in samples[:count]:
        tokens = [(name(token), counted) for token, counted in zip(sample.ids, sample.counts, strict=True)]
        yield sample, tokens
