"""Places of a cleaned text in the raw one.

Cleaning is local: it normalises, replaces and deletes characters, and inserts few. Both texts are therefore walked
together; where they differ, the smallest step is taken after which they agree again.
"""

import unicodedata
from collections.abc import Iterator
from itertools import groupby

AGREE = 3
"""Characters that have to agree behind a difference."""
MOST_INSERTED = 8
"""Longest difference in cleaned characters."""
MOST_REMOVED = 4096
"""Longest difference in raw characters; a URL may be long."""


def align(raw: str, clean: str) -> list[int | None]:
    """Finds, for each character of `clean`, the index in `raw` of the character that it stands for.

    The indexes never decrease; None where a character was inserted, or no place was found.
    """
    if len(raw) == len(clean) and all(a == b or (a.isspace() and b == "▁") for a, b in zip(raw, clean, strict=True)):
        return list(range(len(raw)))
    units = list(_units(raw))
    found: list[int | None] = []
    at = 0
    while len(found) < len(clean):
        here = len(found)
        if at < len(units) and units[at][0] == clean[here]:
            found.append(units[at][1])
            at += 1
            continue
        removed, inserted = _step(units, at, clean, here)
        places = [index for _, index in units[at : at + removed]]
        found += [places[min(number, removed - 1)] if places else None for number in range(inserted)]
        at += removed
    return found


def _units(raw: str) -> Iterator[tuple[str, int]]:
    """Yields the characters of the NFKC form with their places; white space as ▁.

    A character and the marks behind it are normalised together.
    """
    starts = [index for index, c in enumerate(raw) if index == 0 or not _is_mark(c)]
    for start, end in zip(starts, [*starts[1:], len(raw)], strict=True):
        for c in unicodedata.normalize("NFKC", raw[start:end]):
            yield "▁" if c.isspace() and c != "\n" else c, start


def _is_mark(c: str) -> bool:
    return c in "ﾞﾟ" or unicodedata.combining(c) > 0


def _step(units: list[tuple[str, int]], at: int, clean: str, here: int) -> tuple[int, int]:
    """Returns how many raw and how many cleaned characters differ; all that is left if they never agree again."""
    for step in range(1, MOST_REMOVED):
        for inserted in range(min(step, MOST_INSERTED) + 1):
            removed = step - inserted
            if _agree(units, at + removed, clean, here + inserted):
                return removed, inserted
        if at + step > len(units) + MOST_INSERTED:
            break
    return max(0, len(units) - at), len(clean) - here


def _agree(units: list[tuple[str, int]], at: int, clean: str, here: int) -> bool:
    if here >= len(clean):
        return here == len(clean) and at == len(units)
    wanted = clean[here : here + AGREE]
    return at < len(units) and all(a == unit[0] for a, unit in zip(wanted, units[at : at + AGREE], strict=False))


def spans(pieces: list[str], places: list[int | None]) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """Yields each piece with its raw characters: the place, and the cleaned text that it stands for, in order.

    A character without a place belongs to the one before it in its piece, or else to the one behind.
    """
    done = 0
    for piece in pieces:
        own = places[done : done + len(piece)]
        done += len(piece)
        known = next((place for place in own if place is not None), None)
        filled = []
        for place in own:
            known = known if place is None else place
            filled.append(known)
        rows = groupby(zip(filled, piece, strict=True), key=lambda row: row[0])
        yield piece, [(place, "".join(c for _, c in group)) for place, group in rows if place is not None]
