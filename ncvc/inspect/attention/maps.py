"""Maps that are shown: a layer's weights of one head, or their mean over all heads."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ncvc.errors import NcvcError

Heads = Literal["mean", "all"] | tuple[int, ...]
"""Mean over the heads, all of them, or some, counted from 1."""


@dataclass(frozen=True)
class Map:
    """Weights of one layer and head."""

    layer: int
    """Counted from 1."""
    head: int | None
    """Counted from 1; None for the mean over all."""
    weights: NDArray[np.float32]
    """Row asks column, shape [tokens, tokens]; 0 above the diagonal."""

    @property
    def name(self) -> tuple[str, str]:
        """Name in English and in Japanese."""
        head = ("mean of heads", "ヘッド平均") if self.head is None else (f"head {self.head}", f"ヘッド{self.head}")
        return f"layer {self.layer}, {head[0]}", f"第{self.layer}層、{head[1]}"


NUMBER = re.compile("0*[1-9][0-9]{0,8}")


def parse_numbers(text: str, option: str) -> tuple[int, ...]:
    """Reads numbers, from 1 on, with commas between them; raises `NcvcError`."""
    parts = [part.strip() for part in text.split(",")]
    if not all(NUMBER.fullmatch(part) for part in parts):
        raise NcvcError(f"{option} {text}: give numbers from 1 on, with commas between them, as in 1,12,24")
    return tuple(dict.fromkeys(map(int, parts)))


def parse_heads(text: str) -> Heads:
    """Reads `mean`, `all`, or numbers; raises `NcvcError`."""
    match text:
        case "mean" | "all":
            return text
    return parse_numbers(text, "--heads")


def require_in(numbers: Sequence[int], count: int, what: str) -> None:
    """Raises `NcvcError` for a layer or a head that the model has not."""
    if beyond := next((number for number in numbers if number > count), None):
        raise NcvcError(f"{what} {beyond}: the model has {count}; give numbers from 1 to {count}")


def choose(weights: Sequence[NDArray[np.float32]], layers: Sequence[int], heads: Heads) -> list[list[Map]]:
    """Takes the maps of some layers, a list a layer; the numbers must have been checked."""
    found = []
    for layer in layers:
        own = weights[layer - 1]
        if heads == "mean":
            found.append([Map(layer, None, own.mean(0))])
        else:
            numbers = range(1, len(own) + 1) if heads == "all" else heads
            found.append([Map(layer, head, own[head - 1]) for head in numbers])
    return found
