"""Pictures of tokens: a text in boxes, and the fertility of tokenizers as bars."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ncvc.inspect.picture import drawable, picture
from ncvc.inspect.tokens.fertility import Fertility
from ncvc.inspect.tokens.terminal import columns
from ncvc.inspect.tokens.view import Morpheme, TextView
from ncvc.units import number

WIDTH = 6.5
"""Inches: the text of a page of A4."""
SIZE, SMALL = 8.0, 4.5
"""Points of texts and of ids."""
COLUMN = SIZE / 2 / 72
"""Inches of half a full-width character."""
ROW = 0.62
"""Inches of a row of boxes."""
MORPHEMES = ("#cfe5e7", "#e6f2f2")
PIECES = ("#f6dcb8", "#dcdcf2", "#d9ead0", "#f3d5dc")

type Placed = tuple[float, Morpheme, float]
"""Left edge of a morpheme's cell in inches, the morpheme, the cell's width."""


def draw_text(view: TextView, path: Path, most: int = 12) -> None:
    """Draws the first rows of a text, at most `most`: morphemes above their pieces, and the ids of these."""
    rows = list(_rows(view.morphemes))
    shown = rows[:most]
    # A tall figure for a long text; one row at least, for a text that cleaning leaves nothing of.
    with picture(path, WIDTH, max(len(shown), 1) * ROW + 0.1) as figure:
        axes = figure.add_subplot()
        axes.set(xlim=(0, WIDTH), ylim=(max(len(shown), 1) * ROW, 0))
        axes.axis("off")
        morphemes = pieces = 0
        for place, row in enumerate(shown):
            for left, morpheme, width in row:
                top = place * ROW
                _box(axes, left, top, width, morpheme.surface, MORPHEMES[morphemes % 2])
                morphemes += 1
                widths = [_wide(piece, each) for piece, each in zip(morpheme.pieces, morpheme.ids, strict=True)]
                spare = (width - sum(widths)) / len(widths)
                for piece, each, wide in zip(morpheme.pieces, morpheme.ids, widths, strict=True):
                    _box(axes, left, top + 0.2, wide + spare, piece, PIECES[pieces % len(PIECES)])
                    middle = left + (wide + spare) / 2
                    axes.text(middle, top + 0.43, str(each), fontsize=SMALL, color="0.45", ha="center", va="center")
                    left += wide + spare
                    pieces += 1


def draw_fertility(rows: Sequence[Fertility], path: Path) -> None:
    """Draws pieces per character as bars, with the share of unknown pieces behind them."""
    with picture(path, WIDTH, 0.7 + 0.32 * len(rows)) as figure:
        axes = figure.add_subplot()
        places = range(len(rows))
        bars = axes.barh(places, [row.per_character for row in rows], color="#0b7a82", height=0.6)
        axes.bar_label(
            bars,
            [
                f" {row.per_character:.3f}  ({row.per_morpheme:.2f} / morpheme, {row.unknown_share:.2%} unknown)"
                for row in rows
            ],
            fontsize=7,
        )
        axes.set_yticks(places, [drawable(f"{row.name} ({number(row.vocab_size)})") for row in rows])
        axes.invert_yaxis()
        axes.set_xlim(0, 1.9 * max(row.per_character for row in rows))
        axes.set_xlabel("pieces per character")


def _rows(morphemes: Sequence[Morpheme]) -> Iterator[list[Placed]]:
    """Breaks the cells into rows of the figure's width."""
    row: list[Placed] = []
    left = 0.0
    for morpheme in morphemes:
        below = sum(_wide(piece, each) for piece, each in zip(morpheme.pieces, morpheme.ids, strict=True))
        width = max(_wide(morpheme.surface), below)
        if row and left + width > WIDTH:
            yield row
            row, left = [], 0.0
        row.append((left, morpheme, width))
        left += width + 0.03
    if row:
        yield row


def _wide(text: str, piece: int | None = None) -> float:
    """Inches of a box for a text, and for the id below it."""
    below = 0.0 if piece is None else len(str(piece)) * SMALL * 0.6 / 72
    wide = columns(_sign(text)) - len(_sign(text))  # Latin letters are wider than half of a kanji
    return max((2 * wide + 1.25 * (columns(_sign(text)) - 2 * wide)) * COLUMN, below) + 0.05


def _box(axes: Any, left: float, top: float, width: float, text: str, colour: str) -> None:
    axes.add_patch(_rectangle(left, top, width, colour))
    axes.text(left + width / 2, top + 0.09, _sign(text), fontsize=SIZE, ha="center", va="center")


def _rectangle(left: float, top: float, width: float, colour: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((left, top), width, 0.18, facecolor=colour, edgecolor="white", linewidth=0.8)


def _sign(text: str) -> str:
    return drawable(text.replace("\n", "⏎"))
