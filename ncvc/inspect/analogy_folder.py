"""Writes what analogies gave: bars as PNG, a page, and the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ncvc.html.bars import bar
from ncvc.html.blocks import facts, row, section, table
from ncvc.html.labels import both
from ncvc.html.markup import Html
from ncvc.html.page import page
from ncvc.inspect.analogy import Analogy, LeftOut, Scores
from ncvc.inspect.picture import drawable, picture
from ncvc.inspect.vocabulary import notes

DRAWN = 6
"""Analogies of a file that the picture shows."""


def title(analogy: Analogy) -> str:
    """脳卒中 − 脳 + 心臓."""
    a, b, c = (word.text for word in analogy.words)
    return f"{a} − {b} + {c}"


def draw(solved: Sequence[Analogy], path: Path) -> None:
    """Draws the cosines of the nearest pieces as bars, a panel for each of the first analogies."""
    shown = [analogy for analogy in solved[:DRAWN] if analogy.nearest]
    columns = min(2, len(shown)) or 1
    rows = max(1, -(-len(shown) // columns))
    height = sum([0.5 + 0.22 * max((len(each.nearest) for each in shown), default=1)] * rows)
    with picture(path, 3.4 * columns, height) as figure:
        for place, analogy in enumerate(shown, 1):
            axes = figure.add_subplot(rows, columns, place)
            names = [drawable(near.piece) for near in analogy.nearest]
            colours = ["C1" if near.piece == analogy.expected else "C0" for near in analogy.nearest]
            places = range(len(names), 0, -1)
            axes.barh(list(places), [near.cosine for near in analogy.nearest], color=colours, height=0.7)
            axes.set_yticks(list(places), names)
            axes.set_xlim(min(0.0, *(near.cosine for near in analogy.nearest)), 1.0)
            expected = f" = {analogy.expected}" if analogy.expected else ""
            axes.set_title(drawable(f"{title(analogy)}{expected}"), fontsize=9)
            for at, near in zip(places, analogy.nearest, strict=True):
                axes.text(max(near.cosine, 0) + 0.01, at, f"{near.cosine:.2f}", va="center", fontsize=7)
        figure.supxlabel("cosine", fontsize=8)


def analogy_page(
    name: str, solved: Sequence[Analogy], left_out: Sequence[LeftOut], scores: Scores | None, said: Sequence[str]
) -> str:
    """The page: scores of a file, each analogy with its nearest pieces, and what was left out."""
    return page(
        ("Token analogy", "トークンのアナロジー"),
        *(_analogy(analogy) for analogy in solved),
        section(
            both("Lines left out", "計算できなかった行"),
            table(
                [both("words", "語"), both("line", "行"), both("reason", "理由")],
                [row(" ".join(left.words), f"{left.line:,}", left.reason) for left in left_out],
            ),
        ),
        subtitle=name,
        facts=_facts(scores, said),
    )


def _facts(scores: Scores | None, said: Sequence[str]) -> Html:
    boxes: list[tuple[str | Html, str | Html, str | Html]] = []
    if scores:
        counted = both(f"of {scores.counted:,}", f"{scores.counted:,}問中")
        boxes += [(both(f"top {n}", f"上位{n}"), f"{share:.1%}", counted) for n, share in scores.tops.items()]
        boxes += [(both("mean reciprocal rank", "平均逆順位"), f"{scores.mean_reciprocal_rank:.3f}", counted)]
    boxes += [(both("remark", "備考"), "", line) for line in said]
    return facts(boxes) if boxes else Html("")


def _analogy(analogy: Analogy) -> Html:
    rows = [row(near.piece, f"{near.cosine:.3f}", bar=bar(near.cosine, 1)) for near in analogy.nearest]
    note = " · ".join(notes(analogy.words))
    expected = Html("")
    if analogy.expected is not None:
        place = f"{analogy.rank:,}" if analogy.rank else "–"
        expected = facts([(both("expected", "正解"), analogy.expected, both(f"place {place}", f"{place}位"))])
    head = [both("piece", "ピース"), both("cosine", "コサイン"), ""]
    return section(title(analogy), expected, table(head, rows), note=note)


def numbers(solved: Sequence[Analogy], left_out: Sequence[LeftOut], scores: Scores | None) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "analogies": [asdict(analogy) for analogy in solved],
        "left_out": [asdict(left) for left in left_out],
        "scores": asdict(scores) if scores else None,
    }
