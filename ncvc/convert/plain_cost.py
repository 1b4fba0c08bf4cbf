"""Cost of the plain `tokenizer.json` on raw text, beside the exact tokenizer, for the model card.

Measured on 200 lines of the demo's synthetic notes, as `raw_lines.txt` holds them: raw, with the noise of real ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

import ncvc._native as native
from ncvc.errors import TokenizerError

LINES = Path(__file__).parent / "raw_lines.txt"
SCORED = 4
"""Lines with other ids that go through the model, whose logits are in memory together."""
LONGEST = 64
"""Tokens of the longest of them, as in the comparison with Megatron."""
Logits = Callable[[Tensor], Tensor]
"""Token ids [lines, length] → logits [lines, length, V]."""


@dataclass(frozen=True, kw_only=True)
class PlainCost:
    """Share of lines with the exact ids, and what the others cost."""

    lines: int
    equal: int
    """Lines with the exact ids."""
    tokens: int
    unknown: int
    """Unknown pieces among the plain tokens."""
    scored: int
    """Lines with other ids, and no unknown piece, by which the gap was measured."""
    gap: float
    """Nats a character by which a line without unknown pieces is less probable with its plain ids than with the exact
    ones, on average; negative where it is more probable."""


def plain_cost(folder: Path, tokenizer: Path, first: int, longest: int, logits: Logits) -> PlainCost | None:
    """Measures the folder's `tokenizer.json` beside a tokenizer folder; None where that has no dictionary to load.

    `first` is the id that begins a text, `longest` the model's longest text in tokens. Raises
    `TokenizerError` for a folder that lacks a file.
    """
    if not (tokenizer / "dictionary").is_file():
        return None
    plain = Tokenizer.from_file(str(folder / "tokenizer.json"))
    try:
        exact = native.Tokenizer.load(tokenizer)
    except OSError as error:
        raise TokenizerError(
            f"{tokenizer}: cannot be loaded: {error.strerror or error}; give the whole folder"
        ) from None
    lines = LINES.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    theirs = [row.ids for row in plain.encode_batch(lines, add_special_tokens=False)]
    pairs = list(zip(theirs, map(list, exact.encode_batch(lines)), strict=True))
    known = [(pair, line) for pair, line in zip(pairs, lines, strict=True) if exact.unk_id not in pair[0]]
    other = [pair for pair, _ in known if pair[0] != pair[1]]
    fitting = [pair for pair in other if all(0 < len(ids) < min(longest, LONGEST) for ids in pair)]
    scored = fitting[:SCORED]
    texts = [ids for pair in scored for ids in pair]
    nats = _nats(texts, first, logits) if texts else []
    more = sum(nats[0::2]) - sum(nats[1::2])
    characters = sum(len(exact.decode(pair[1])) for pair, _ in known)
    return PlainCost(
        lines=len(lines),
        equal=sum(one == other for one, other in pairs),
        tokens=sum(map(len, theirs)),
        unknown=sum(ids.count(exact.unk_id) for ids in theirs),
        scored=len(scored),
        gap=more / max(1, len(scored)) * len(other) / max(1, characters),
    )


def _nats(texts: list[list[int]], first: int, logits: Logits) -> list[float]:
    """Returns -log p of each text behind the id `first`."""
    length = max(map(len, texts))
    ids = torch.tensor([[first, *text, *[0] * (length - len(text))] for text in texts])
    # Behind a text nothing is read, and its last token is only predicted.
    found = logits(ids[:, :-1]).float().log_softmax(2)
    chosen = found.gather(2, ids[:, 1:, None])[:, :, 0]
    return [-float(row[: len(text)].sum()) for row, text in zip(chosen, texts, strict=True)]
