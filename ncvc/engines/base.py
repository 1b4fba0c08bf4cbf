"""The interface of an engine, and the loop that continues rows with any of them."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from ncvc.hf.row import Row
from ncvc.hf.tokenizer import TextTokenizer


class Engine(Protocol):
    """A model in memory that continues rows together. One thread uses it."""

    name: str
    """`transformers` or `llama.cpp`."""
    tokenizer: TextTokenizer
    vocab_size: int
    max_tokens: int | None
    """Length of the longest text in tokens; None where the model has no limit."""
    slots: int
    """The number of rows that may be under way."""

    @property
    def rows(self) -> Sequence[Row]:
        """Rows under way; those that have finished have left."""

    @property
    def is_open(self) -> bool:
        """True if rows can join those under way."""

    def join(self, rows: Sequence[Row]) -> None:
        """Reads the prompts of at most as many rows as slots are free, and makes the first token of each."""

    def step(self) -> None:
        """Makes the next token of every row under way."""

    def reset(self) -> None:
        """Forgets all rows, after an error."""

    def embed(self, texts: Sequence[Sequence[int]]) -> list[list[float]]:
        """For each text's ids the mean of its tokens' last hidden states, scaled to length 1."""


def finish(engine: Engine, rows: Iterable[Row]) -> Iterator[Row]:
    """Continues rows to their ends, as many at once as the engine has slots; yields them in order."""
    source = iter(rows)
    order: deque[Row] = deque()
    while True:
        if engine.is_open and (joining := list(islice(source, engine.slots - len(engine.rows)))):
            order += joining
            engine.join(joining)
        while order and order[0].finish:
            yield order.popleft()
        if not order:
            return
        engine.step()
