"""Texts in a terminal: what cleaning changed, and below each morpheme its pieces and their ids."""

import re
import unicodedata
from collections.abc import Iterator, Sequence

from ncvc.inspect.tokens.fertility import Fertility
from ncvc.inspect.tokens.view import Change, Morpheme, RuleStep, TextView
from ncvc.printable import printable
from ncvc.units import number

PLAIN = "\033[0m"
REMOVED, ADDED, FAINT = "\033[31;9m", "\033[32m", "\033[2m"
MORPHEMES = ("\033[48;5;24m\033[97m", "\033[48;5;30m\033[97m")
"""Two backgrounds by turns, so that neighbours differ."""
PIECES = ("\033[48;5;94m\033[97m", "\033[48;5;130m\033[97m")
ESCAPE = re.compile(r"\033\[[0-9;]*m")


def text_lines(view: TextView, width: int, *, colours: bool) -> Iterator[str]:
    """Yields the lines of a text, at most `width` columns where its morphemes allow.

    Without `colours`, which are ANSI escapes, changes stand as [-before-]{+after+}.
    """
    yield f"raw      {printable(view.text)}"
    for step in view.steps:
        yield f"{step.rule:12} {number(step.edits):>3}  {_changed(step, colours)}"
    yield f"cleaned  {printable(view.cleaned)}"
    for line in _grid(view.morphemes, width):
        yield line if colours else ESCAPE.sub("", line)
    yield f"{number(len(view.morphemes))} morphemes, {number(view.pieces)} pieces"


def fertility_lines(rows: Sequence[Fertility]) -> Iterator[str]:
    """Yields a table of tokenizers."""
    name = max([len("tokenizer"), *(columns(row.name) for row in rows)])
    yield f"{'tokenizer':{name}}  vocabulary     pieces  per character  per morpheme  characters per piece  unknown"
    for row in rows:
        yield (
            f"{printable(row.name)}{' ' * (name - columns(row.name))}  {number(row.vocab_size):>10}"
            f"  {number(row.pieces):>9}  {row.per_character:13.3f}  {row.per_morpheme:12.3f}"
            f"  {row.characters_per_piece:20.3f}  {row.unknown_share:7.2%}"
        )


def columns(text: str) -> int:
    """Counts the columns of a text in a terminal, without its escapes; wide and full-width characters take two."""
    plain = ESCAPE.sub("", text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in plain)


def _changed(step: RuleStep, colours: bool) -> str:
    """A text before a rule, with what it removes struck out and what it writes behind that."""
    removed, added, end = (REMOVED, ADDED, (PLAIN, PLAIN)) if colours else ("[-", "{+", ("-]", "+}"))
    parts = []
    for segment in step.segments:
        if isinstance(segment, Change):
            before = f"{removed}{_seen(segment.before)}{end[0]}" if segment.before else ""
            after = f"{added}{_seen(segment.after)}{end[1]}" if segment.after else ""
            parts.append(before + after)
        else:
            parts.append(printable(segment))
    return "".join(parts)


def _seen(text: str) -> str:
    return printable(text).replace(" ", "␣")


def _grid(morphemes: Sequence[Morpheme], width: int) -> Iterator[str]:
    """Rows of cells, each as wide as the widest of a morpheme, its pieces, and their ids."""
    rows: tuple[list[str], list[str], list[str]] = ([], [], [])
    used = piece = 0
    for place, morpheme in enumerate(morphemes):
        surface = f"{MORPHEMES[place % 2]}{_sign(morpheme.surface)}{PLAIN}"
        pieces = []
        for each in morpheme.pieces:
            pieces.append(f"{PIECES[piece % 2]}{_sign(each)}{PLAIN}")
            piece += 1
        cells = (surface, "|".join(pieces), f"{FAINT}{' '.join(map(str, morpheme.ids))}{PLAIN}")
        wide = max(map(columns, cells)) + 1
        if used and used + wide > width:
            yield from map("".join, rows)
            rows, used = ([], [], []), 0
        for row, cell in zip(rows, cells, strict=True):
            row.append(cell + " " * (wide - columns(cell)))
        used += wide
    if used:
        yield from map("".join, rows)


def _sign(text: str) -> str:
    return printable(text.replace("\n", "⏎"))
